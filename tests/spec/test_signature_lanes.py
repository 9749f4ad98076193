"""Many signatures together: the verdicts of `verify` on each, whatever points and numbers come.

The law: a batch says of each signature what it is alone, so one that fails spoils no other; points of small order,
points with a component of small order and points off the curve included.
"""

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from tests.spec.affine import TORSION, add_affine
from zklink.primitives import babyjubjub, eddsa, machine_lanes, signature_program
from zklink.primitives.babyjubjub import BASE8, IDENTITY, SUBORDER, Point, negate
from zklink.primitives.eddsa import PrivateKey, PublicKey, Signature, verify, verify_many
from zklink.primitives.field import R
from zklink.primitives.poseidon import poseidon
from zklink.primitives.signature_program import PLACES, ROOT, SignatureProgram, compute_entry

Signed = tuple[PublicKey, int, Signature]

KEYS: Final = [PrivateKey.from_seed(bytes([number]) * 32) for number in range(1, 9)]
NUMBERS: Final = (
    0,
    1,
    2,
    15,
    16,
    SUBORDER - 1,
    SUBORDER,
    SUBORDER + 1,
    R - 1,
    R,
    R + 1,
    (1 << 251) - 1,
    (1 << 256) - 1,
    -1,
)
CASES: Final = 3_000


def forge(key: Point, r8: Point, scalar: int, nonce: int, message: int) -> Signature:
    """The signature whose equation holds up to what R8 differs from nonce BASE8, for 8 key = scalar BASE8."""
    return Signature(r8, (nonce + poseidon([*r8, *key, message]) * scalar) % SUBORDER)


def make_cases(seed: int) -> Iterator[tuple[str, Signed]]:
    """Signatures of every kind without end, each kind as often as the others."""
    chance = random.Random(seed)
    while True:
        key, message = chance.choice(KEYS), chance.choice([0, 1, R - 1, chance.randrange(R)])
        public, good = key.public_key, key.sign(message)
        nonce, torsion = chance.randrange(1, SUBORDER), chance.choice(TORSION)
        r8 = babyjubjub.multiply(BASE8, nonce)
        turned, moved = Point(*add_affine(public, torsion)), Point(*add_affine(r8, torsion))
        number = chance.choice(NUMBERS)
        yield "good", (public, message, good)
        yield "other message", (public, (message + 1) % R, good)
        yield "other key", (chance.choice(KEYS).public_key, message, good)
        yield "S", (public, message, Signature(good.r8, number))
        yield "S and order", (public, message, Signature(good.r8, good.s + SUBORDER))
        yield "message", (public, number, good)
        yield "turned key", (turned, message, forge(turned, r8, key._scalar, nonce, message))
        yield "moved R8", (public, message, forge(public, moved, key._scalar, nonce, message))
        yield "both", (turned, message, forge(turned, moved, key._scalar, nonce, message))
        yield "negative R8", (public, message, forge(public, negate(r8), key._scalar, nonce, message))
        mirrored = Point(r8.x, R - r8.y)
        yield "mirrored R8", (public, message, forge(public, mirrored, key._scalar, nonce, message))
        yield "key of small order", (torsion, message, forge(torsion, r8, 0, nonce, message))
        yield "R8 of small order", (public, message, forge(public, torsion, key._scalar, 0, message))
        yield "key off the curve", (Point(public.x, (public.y + 1) % R), message, good)
        yield "R8 off the curve", (public, message, Signature(Point((good.r8.x + 1) % R, good.r8.y), good.s))
        yield "key's coordinate", (Point(public.x, number), message, good)
        yield "R8's coordinate", (public, message, Signature(Point(number, good.r8.y), good.s))
        yield "key beyond the field", (Point(public.x + R, public.y), message, good)
        yield "nothing", (IDENTITY, message, Signature(IDENTITY, 0))


@cache
def cases() -> tuple[tuple[str, Signed, bool], ...]:
    """Each with the verdict of `verify`."""
    made = make_cases(1)
    return tuple((kind, item, verify(*item)) for kind, item in (next(made) for _ in range(CASES)))


@pytest.fixture(params=["chosen", "one at a time", *(["lanes"] if machine_lanes.load() is not None else [])])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "one at a time":
        monkeypatch.setattr(eddsa, "_choose", lambda count: None)
    elif request.param == "lanes":
        program = eddsa._in_lanes()
        assert program is not None
        monkeypatch.setattr(eddsa, "_choose", lambda count: program)


@pytest.mark.usefixtures("_way")
def test_verify_many__thousands_of_every_kind__as_one_at_a_time() -> None:
    verdicts = verify_many([item for _, item, _ in cases()])
    assert [kind for (kind, _, right), own in zip(cases(), verdicts, strict=True) if own is not right] == []


@pytest.mark.usefixtures("_way")
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 15, 16, 17, 33])
def test_verify_many__any_number__each_in_its_place(count: int) -> None:
    own = cases()[:count]
    assert verify_many([item for _, item, _ in own]) == [right for _, _, right in own]


def test_cases__their_kinds__are_what_they_are_called() -> None:
    """What the single check says, so that the batch is held against more than refusals."""
    said = Counter((kind, right) for kind, _, right in cases())
    kinds = {kind for kind, _ in said}
    always = {"good", "turned key"}
    sometimes = {"moved R8", "both", "other key", "message"}  # with a torsion, a key or a message that changes nothing
    assert {kind for kind in kinds if not said[kind, False]} == always
    assert {kind for kind in kinds if said[kind, True] and said[kind, False]} >= {"moved R8", "both"}
    assert {kind for kind in kinds if said[kind, True]} <= always | sometimes


def test_check__one_of_its_zeros_is_forgotten__a_case_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the first are shown by signatures; the first by a challenge of 0, which lets any key fit."""
    program = eddsa._in_lanes()
    assert (program is None) == (machine_lanes.load() is None)
    if program is None:
        return
    monkeypatch.setattr(eddsa, "_choose", lambda count: program)
    right, zeros = [right for _, _, right in cases()], list(signature_program.IS_ZERO)
    r8, off = babyjubjub.multiply(BASE8, 5), Point(5, 7)
    assert program.check([(off, r8, 0, 5), (KEYS[0].public_key, r8, 0, 5)]) == [False, True]
    for forgotten in range(len(zeros)):
        monkeypatch.setattr(signature_program, "IS_ZERO", [*zeros[:forgotten], None, *zeros[forgotten + 1 :]])
        shown = program.check([(off, r8, 0, 5)]) == [True] if forgotten == 0 else None
        assert shown or verify_many([item for _, item, _ in cases()]) != right, forgotten


def test_program__its_constants__belong_to_the_curve() -> None:
    assert 16**PLACES > R and ROOT * ROOT % R == -babyjubjub.A % R
    d = babyjubjub.D * pow(-babyjubjub.A, -1, R) % R
    for digit in range(16):
        less, more, double_dt, double_z = compute_entry(digit)
        half = pow(2, -1, R)
        x, y = (more - less) * half % R, (more + less) * half % R
        assert (-x * x + y * y - 1 - d * x * x * y * y) % R == 0 and double_z == 2
        assert double_dt == 2 * d * x * y % R
        point = babyjubjub.multiply(BASE8, digit)
        assert (point.x * ROOT % R, point.y) == (x, y)


def test_choose__few_signatures__the_lanes_are_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def compile_lanes() -> SignatureProgram | None:
        made.append(1)
        return None

    monkeypatch.setattr(eddsa, "_in_lanes", compile_lanes)
    monkeypatch.setattr(machine_lanes, "is_loaded", lambda: False)
    monkeypatch.setattr(eddsa._tally, "signatures", 0)
    assert eddsa._choose(1) is None and eddsa._choose(eddsa.LANES_AFTER - 1) is None
    assert made == []
    eddsa._choose(1)
    eddsa._choose(2)
    assert made == [1]
