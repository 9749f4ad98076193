"""The signature and the packed fee: the circuit takes what the package takes, and nothing else."""

import pytest

from tests.support.circuits import open_gadget
from tests.support.upholds import upholds
from zklink.primitives import babyjubjub, eddsa
from zklink.primitives.babyjubjub import BASE8, IDENTITY, SUBORDER, Point
from zklink.primitives.eddsa import PrivateKey, Signature
from zklink.primitives.field import R
from zklink.primitives.poseidon import poseidon
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.packing import unpack_fee
from zklink.protocol.signing import compute_public_key_hash
from zklink.witness.signals import qualify

KEY = PrivateKey.from_seed(b"\x01" * 32)
MESSAGE = R - 5
SIGNATURE = KEY.sign(MESSAGE)
HALF = Point(0, R - 1)
"""The point of order 2."""


def torsion() -> Point:
    """A point of order 8: any point of the curve outside the subgroups, times the order of the large one."""
    y = 2
    while True:
        point = babyjubjub.unpack_point(y.to_bytes(32, "little"))
        if point is not None:
            small = babyjubjub.multiply(point, SUBORDER)
            if babyjubjub.multiply(small, 4) not in (IDENTITY, small):
                return small
        y += 1


def compute_key_hash(
    key: Point = KEY.public_key, signature: Signature = SIGNATURE, message: int = MESSAGE, enabled: int = 1
) -> int | None:
    """What the circuit gives, None if there is no witness; each row is checked."""
    circuit = open_gadget("lib/signature.circom", "CheckSignature")
    (r_x, r_y), s = signature
    named = qualify("signature", {"key_x": key.x, "key_y": key.y, "r_x": r_x, "r_y": r_y, "s": s})
    try:
        values = circuit.compute({"enabled": enabled, "message": message, **named})
    except WitnessUnsatisfied:
        return None
    assert circuit.checker.find_violations(values) == []
    return circuit.name(values)["main.key_hash"]


@upholds("CIR-8")
@pytest.mark.parametrize("seed", range(3))
def test_signature__that_holds__gives_the_keys_hash(seed: int) -> None:
    key = PrivateKey.from_seed(bytes([seed]) * 32)
    message = (0, 1, R - 1)[seed]
    assert compute_key_hash(key.public_key, key.sign(message), message) == compute_public_key_hash(key.public_key)


def test_signature__by_a_key_with_a_small_component__holds_as_in_the_package() -> None:
    """Eight times the key is what counts; the hash names this very key."""
    key = babyjubjub.add(KEY.public_key, HALF)
    nonce = 77
    r8 = babyjubjub.multiply(BASE8, nonce)
    challenge = poseidon([*r8, *key, MESSAGE])
    signature = Signature(r8, (nonce + challenge * KEY._scalar) % SUBORDER)
    assert eddsa.verify(key, MESSAGE, signature)
    assert compute_key_hash(key, signature) == compute_public_key_hash(key)


BAD: dict[str, tuple[Point, Signature, int]] = {
    "another message": (KEY.public_key, SIGNATURE, MESSAGE - 1),
    "another key": (PrivateKey.from_seed(b"\x02" * 32).public_key, SIGNATURE, MESSAGE),
    "another S": (KEY.public_key, Signature(SIGNATURE.r8, (SIGNATURE.s + 1) % SUBORDER), MESSAGE),
    "another R": (KEY.public_key, Signature(BASE8, SIGNATURE.s), MESSAGE),
    "R with a small component": (KEY.public_key, Signature(babyjubjub.add(SIGNATURE.r8, HALF), SIGNATURE.s), MESSAGE),
}
MALFORMED: dict[str, tuple[Point, Signature]] = {
    "S not reduced": (KEY.public_key, Signature(SIGNATURE.r8, SIGNATURE.s + SUBORDER)),
    "S = suborder": (KEY.public_key, Signature(SIGNATURE.r8, SUBORDER)),
    "key of order 1": (IDENTITY, SIGNATURE),
    "key of order 2": (HALF, SIGNATURE),
    "key of order 8": (torsion(), SIGNATURE),
    "R of order 1": (KEY.public_key, Signature(IDENTITY, SIGNATURE.s)),
    "R of order 8": (KEY.public_key, Signature(torsion(), SIGNATURE.s)),
    "key off the curve": (Point(KEY.public_key.x, KEY.public_key.y + 1), SIGNATURE),
    "R off the curve": (KEY.public_key, Signature(Point(SIGNATURE.r8.x + 1, SIGNATURE.r8.y), SIGNATURE.s)),
}


@upholds("CIR-3", "CIR-6")
@pytest.mark.parametrize("case", BAD)
def test_signature__that_does_not_hold__is_refused_where_it_is_asked_for(case: str) -> None:
    key, signature, message = BAD[case]
    assert not eddsa.verify(key, message, signature)
    assert compute_key_hash(key, signature, message) is None
    assert compute_key_hash(key, signature, message, enabled=0) == compute_public_key_hash(key)


@upholds("CIR-1", "CIR-6")
@pytest.mark.parametrize("case", MALFORMED)
def test_signature__of_a_form_that_is_never_right__is_refused_everywhere(case: str) -> None:
    key, signature = MALFORMED[case]
    assert not eddsa.verify(key, MESSAGE, signature)
    assert compute_key_hash(key, signature) is None
    assert compute_key_hash(key, signature, enabled=0) is None


def test_signature__of_a_key_of_order_1__would_hold_for_anybody() -> None:
    """Why small orders are refused: the equation alone is true for S = nonce, whoever signs."""
    r8 = babyjubjub.multiply(BASE8, 5)
    assert babyjubjub.is_balanced(5, r8, IDENTITY, 12345)
    assert compute_key_hash(IDENTITY, Signature(r8, 5)) is None


@upholds("CIR-4")
@pytest.mark.parametrize(
    ("mantissa", "exponent"), [(0, 0), (1, 0), (2047, 0), (1, 1), (205, 7), (2047, 30), (519, 31), (0, 31), (10, 3)]
)
def test_packed_fee__that_fits__is_that_of_the_package(mantissa: int, exponent: int) -> None:
    circuit = open_gadget("lib/fee.circom", "PackedFee")
    values = circuit.compute({"mantissa": mantissa, "exponent": exponent})
    assert circuit.checker.find_violations(values) == []
    named = circuit.name(values)
    packed = exponent << 11 | mantissa
    assert (named["main.packed"], named["main.value"]) == (packed, mantissa * 10**exponent)
    if mantissa % 10 or (mantissa, exponent) == (0, 0):
        assert named["main.value"] == unpack_fee(packed)


@upholds("CIR-4")
@pytest.mark.parametrize(
    ("mantissa", "exponent"), [(520, 31), (2047, 31), (2048, 0), (0, 32), (R - 1, 0), (1, R - 1), (R - 505, 31)]
)
def test_packed_fee__that_does_not_fit__has_no_witness(mantissa: int, exponent: int) -> None:
    with pytest.raises(WitnessUnsatisfied):
        open_gadget("lib/fee.circom", "PackedFee").compute({"mantissa": mantissa, "exponent": exponent})
