"""EdDSA-Poseidon against circomlibjs (keys, signatures, packing), and against its equation in affine points."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.spec.affine import TORSION, add_affine, multiply_affine
from tests.support.tries import tries
from zklink.primitives import babyjubjub, eddsa
from zklink.primitives.babyjubjub import BASE8, COFACTOR, SUBORDER, Point
from zklink.primitives.blake512 import blake512
from zklink.primitives.eddsa import PrivateKey, Signature, pack_signature, unpack_signature, verify
from zklink.primitives.field import R
from zklink.primitives.poseidon import poseidon_reference

VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "eddsa_poseidon.json").read_text())
"""Made with circomlibjs 0.1.7 and blake-hash 2.0.0 from npm."""

KEY: Final = PrivateKey.from_seed(bytes.fromhex("0001020304050607080900010203040506070809000102030405060708090001"))
MESSAGE: Final = int.from_bytes(bytes.fromhex("00010203040506070809"), "little")
SIGNATURE: Final = KEY.sign(MESSAGE)

scalars = st.integers(0, R - 1)
seeds = st.binary(min_size=32, max_size=32)
examples = tries(30)


@pytest.fixture(params=["machine", "plain"])
def _implementation(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "plain":
        monkeypatch.setattr(babyjubjub, "_native", lambda: None)


def _holds(public_key: Point, message: int, signature: Signature) -> bool:
    """The equation alone, without what `verify` refuses beforehand."""
    r8, s = signature
    challenge = poseidon_reference([c % R for c in (*r8, *public_key, message)])
    return multiply_affine(BASE8, s) == add_affine(r8, multiply_affine(public_key, COFACTOR * challenge))


def _forge(public_key: Point, r8: Point, scalar: int, nonce: int, message: int = MESSAGE) -> Signature:
    """The signature for chosen R8 = nonce BASE8 (+ torsion) and 8 key = scalar BASE8."""
    challenge = poseidon_reference([*r8, *public_key, message])
    return Signature(r8, (nonce + challenge * scalar) % SUBORDER)


@pytest.mark.parametrize("vector", VECTORS["blake512"], ids=lambda v: str(len(v["message"]) // 2))
def test_blake512__published_implementation__matches(vector: dict[str, str]) -> None:
    assert blake512(bytes.fromhex(vector["message"])).hex() == vector["digest"]


def test_sign__circomlibjs_own_test__matches() -> None:
    """The values of circomlibjs's test/eddsa.js, "Sign (using Poseidon) a single 10 bytes from 0 to 9"."""
    assert KEY.public_key == (
        13277427435165878497778222415993513565335242147425444199013288855685581939618,
        13622229784656158136036771217484571176836296686641868549125388198837476602820,
    )
    assert SIGNATURE == (
        (
            11384336176656855268977457483345535180380036354188103142384839473266348197733,
            15383486972088797283337779941324724402501462225528836549661220478783371668959,
        ),
        1672775540645840396591609181675628451599263765380031905495115170613215233181,
    )
    assert pack_signature(SIGNATURE).hex() == (
        "dfedb4315d3f2eb4de2d3c510d7a987dcab67089c8ace06308827bf5bcbe02a2"
        "9d043ece562a8f82bfc0adb640c0107a7d3a27c1c7c1a6179a0da73de5c1b203"
    )


@pytest.mark.usefixtures("_implementation")
@pytest.mark.parametrize("vector", VECTORS["signatures"], ids=lambda v: v["seed"][:8])
def test_sign__circomlibjs__gives_the_same(vector: dict[str, Any]) -> None:
    key, message = PrivateKey.from_seed(bytes.fromhex(vector["seed"])), int(vector["message"])
    assert list(map(str, key.public_key)) == vector["public_key"]
    assert babyjubjub.pack_point(key.public_key).hex() == vector["packed_public_key"]
    signature = key.sign(message)
    assert list(map(str, signature.r8)) == vector["r8"] and str(signature.s) == vector["s"]
    assert pack_signature(signature).hex() == vector["packed_signature"]
    assert unpack_signature(bytes.fromhex(vector["packed_signature"])) == signature
    assert verify(key.public_key, message, signature)


@given(seeds, scalars, st.integers(0, 4))
@examples
def test_verify__any_signature__is_the_equation(seed: bytes, message: int, change: int) -> None:
    key = PrivateKey.from_seed(seed)
    public_key, (r8, s) = key.public_key, key.sign(message)
    if change == 1:
        s = (s + 1) % SUBORDER
    elif change == 2:
        message = (message + 1) % R
    elif change == 3:
        r8 = babyjubjub.negate(r8)
    elif change == 4:
        public_key = babyjubjub.add(public_key, BASE8)
    expected = _holds(public_key, message, Signature(r8, s))
    assert verify(public_key, message, Signature(r8, s)) == expected == (change == 0)


@pytest.mark.usefixtures("_implementation")
class TestRefusals:
    """Signatures that fulfil the equation and are refused all the same, and numbers that make no sense."""

    def test_verify__s_not_below_the_suborder__is_refused(self) -> None:
        malleable = SIGNATURE._replace(s=SIGNATURE.s + SUBORDER)
        assert _holds(KEY.public_key, MESSAGE, malleable)
        assert not verify(KEY.public_key, MESSAGE, malleable)

    @pytest.mark.parametrize("public_key", TORSION)
    def test_verify__key_of_small_order__is_refused(self, public_key: Point) -> None:
        forged = _forge(public_key, multiply_affine(BASE8, 5), scalar=0, nonce=5)
        assert _holds(public_key, MESSAGE, forged)
        assert not verify(public_key, MESSAGE, forged)

    def test_verify__r8_of_small_order__is_refused(self) -> None:
        forged = _forge(KEY.public_key, TORSION[0], scalar=KEY._scalar, nonce=0)
        assert _holds(KEY.public_key, MESSAGE, forged)
        for torsion in TORSION:
            assert not verify(KEY.public_key, MESSAGE, forged._replace(r8=torsion))

    def test_verify__r8_with_a_component_of_small_order__does_not_hold(self) -> None:
        r8 = multiply_affine(BASE8, 5)
        assert verify(KEY.public_key, MESSAGE, _forge(KEY.public_key, r8, scalar=KEY._scalar, nonce=5))
        for torsion in TORSION[1:]:
            forged = _forge(KEY.public_key, add_affine(r8, torsion), scalar=KEY._scalar, nonce=5)
            assert not verify(KEY.public_key, MESSAGE, forged)

    def test_verify__key_with_a_component_of_small_order__holds_as_in_the_circuit(self) -> None:
        for torsion in TORSION:
            public_key = add_affine(KEY.public_key, torsion)
            forged = _forge(public_key, multiply_affine(BASE8, 5), scalar=KEY._scalar, nonce=5)
            assert verify(public_key, MESSAGE, forged)

    @pytest.mark.parametrize("shift", [R, -R])
    def test_verify__coordinates_not_canonical__is_refused(self, shift: int) -> None:
        (x, y), (rx, ry) = KEY.public_key, SIGNATURE.r8
        for public_key in (Point(x + shift, y), Point(x, y + shift)):
            assert not verify(public_key, MESSAGE, SIGNATURE)
        for r8 in (Point(rx + shift, ry), Point(rx, ry + shift)):
            assert not verify(KEY.public_key, MESSAGE, SIGNATURE._replace(r8=r8))
        assert not verify(KEY.public_key, MESSAGE + shift, SIGNATURE)

    def test_verify__points_off_the_curve__is_refused(self) -> None:
        assert not verify(Point(1, 2), MESSAGE, SIGNATURE)
        assert not verify(Point(0, 0), MESSAGE, SIGNATURE)
        assert not verify(KEY.public_key, MESSAGE, SIGNATURE._replace(r8=Point(1, 2)))
        assert not verify(KEY.public_key, MESSAGE, SIGNATURE._replace(s=-1))
        assert not verify(KEY.public_key, MESSAGE, SIGNATURE._replace(s=1 << 300))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_from_seed__wrong_length__is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="a seed has 32 bytes"):
        PrivateKey.from_seed(bytes(length))


@pytest.mark.parametrize("message", [-1, R])
def test_sign__not_a_field_element__is_refused(message: int) -> None:
    with pytest.raises(ValueError, match="canonical field elements"):
        KEY.sign(message)


def test_unpack_signature__no_packing__is_none() -> None:
    packed = pack_signature(SIGNATURE)
    for wrong in (b"", packed[:-1], packed + b"\0", (R + 1).to_bytes(32, "little") + packed[32:]):
        assert unpack_signature(wrong) is None


def test_private_key__shown__hides_its_secrets() -> None:
    assert str(KEY._scalar) not in repr(KEY) and KEY._nonce_key.hex() not in repr(KEY)


def test_verify__without_the_check_of_s__accepts_a_second_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant that the refusal of S >= SUBORDER is there for."""
    monkeypatch.setattr(eddsa, "SUBORDER", 2 * SUBORDER)
    monkeypatch.setattr(babyjubjub, "_native", lambda: None)
    assert verify(KEY.public_key, MESSAGE, SIGNATURE._replace(s=SIGNATURE.s + SUBORDER))
