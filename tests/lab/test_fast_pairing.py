"""The native pairing says what the precompile's vectors and py_ecc say, also about input that must be refused."""

import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from eth_typing import HexStr
from eth_utils import ValidationError, to_checksum_address
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from py_ecc.optimized_bn128 import (
    G1,
    G2,
    add,
    curve_order,
    field_modulus,
    is_inf,
    is_on_curve,
    multiply,
    neg,
    normalize,
)
from py_ecc.optimized_bn128 import b2 as TWIST_B
from py_ecc.optimized_bn128.optimized_curve import FQ2
from web3.types import TxParams

from tests.support.tries import tries
from zklink.devnet.world import World
from zklink.lab.fast_pairing import InvalidPoint, check_pairing, install

VECTORS: Final = Path(__file__).resolve().parents[1] / "vectors"
ADDRESSES: Final = {"bn256Add": 6, "bn256ScalarMul": 7, "bn256Pairing": 8}
ONE: Final = (1).to_bytes(32, "big")
ZERO: Final = bytes(32)


def _vectors(name: str) -> list[Any]:
    cases = json.loads((VECTORS / f"{name}.json").read_text())
    assert cases
    return [
        pytest.param(bytes.fromhex(case["Input"]), bytes.fromhex(case["Expected"]), id=case["Name"]) for case in cases
    ]


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _g1(point: Any) -> bytes:
    if is_inf(point):
        return bytes(64)
    x, y = normalize(point)
    return _word(int(x)) + _word(int(y))


def _g2(point: Any) -> bytes:
    if is_inf(point):
        return bytes(128)
    x, y = normalize(point)
    return b"".join(_word(int(c)) for c in (x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0]))


def _off_subgroup() -> Any:
    """A point on the twist outside the subgroup of order r: found by trying x until x^3 + b is a square."""
    for x in range(1, 50):
        point = _point_at(FQ2([x, 0]))
        if point is not None and not is_inf(multiply(point, curve_order)):
            return point
    raise AssertionError("none found")


def _point_at(x: Any) -> Any:
    """A point of the twist with this x, by a square root in Fp2 (p = 3 mod 4); None if there is none."""
    square = x * x * x + TWIST_B
    a, b = (int(c) for c in square.coeffs)
    norm_root = pow(a * a + b * b, (field_modulus + 1) // 4, field_modulus)
    if norm_root * norm_root % field_modulus != (a * a + b * b) % field_modulus:
        return None
    half = pow(2, -1, field_modulus)
    for root in (norm_root, -norm_root):
        real_square = (a + root) * half % field_modulus
        real = pow(real_square, (field_modulus + 1) // 4, field_modulus)
        if real and real * real % field_modulus == real_square:
            imaginary = b * pow(2 * real, -1, field_modulus) % field_modulus
            point = (x, FQ2([real, imaginary]), FQ2.one())
            assert is_on_curve(point, TWIST_B)
            return point
    return None


@pytest.mark.parametrize(("data", "expected"), _vectors("bn256Pairing"))
def test_check_pairing__precompile_vector__agrees(data: bytes, expected: bytes) -> None:
    assert check_pairing(data) == bool(int.from_bytes(expected, "big"))


@pytest.mark.parametrize("name", ADDRESSES)
def test_chains__precompile_vectors__all_agree(world: World, name: str) -> None:
    w3 = next(iter(world)).w3
    for case in json.loads((VECTORS / f"{name}.json").read_text()):
        address = f"0x{ADDRESSES[name]:040x}"
        call: TxParams = {"to": to_checksum_address(address), "data": HexStr(f"0x{case['Input']}"), "gas": 5_000_000}
        answer = w3.eth.call(call)
        assert bytes(answer).hex() == case["Expected"], case["Name"]


@given(a=st.integers(0, curve_order - 1), b=st.integers(0, curve_order - 1), shift=st.sampled_from([0, 0, 1]))
@tries(40, suppress_health_check=[HealthCheck.too_slow])
def test_check_pairing__bilinear__true_exactly_when_the_exponents_cancel(a: int, b: int, shift: int) -> None:
    left = _g1(multiply(G1, a)) + _g2(multiply(G2, b))
    right = _g1(multiply(G1, (a * b + shift) % curve_order)) + _g2(neg(G2))
    assert check_pairing(left + right) == (shift == 0)


OFF_SUBGROUP: Final = _off_subgroup()
VALID: Final = _g1(G1) + _g2(G2)
CASES: Final = {
    "empty": b"",
    "both infinite": bytes(192),
    "g1 infinite": bytes(64) + _g2(G2),
    "g2 infinite": _g1(G1) + bytes(128),
    "one pair": VALID,
    "pair and inverse": VALID + _g1(neg(G1)) + _g2(G2),
    "pair and inverse on the other side": VALID + _g1(G1) + _g2(neg(G2)),
    "twice the pair": VALID + VALID,
    "infinite between": VALID + bytes(192) + _g1(neg(G1)) + _g2(G2),
    "other multiples": _g1(multiply(G1, 6)) + _g2(G2) + _g1(neg(multiply(G1, 2))) + _g2(multiply(G2, 3)),
    "g1 off the curve": ONE + ONE + _g2(G2),
    "g1 off the curve, g2 infinite": ONE + ONE + bytes(128),
    "g1 half infinite": ZERO + ONE + _g2(G2),
    "g1 x at the modulus": _word(field_modulus) + ZERO + _g2(G2),
    "g1 x above the modulus": _word(int(G1[0]) + field_modulus) + _g1(G1)[32:] + _g2(G2),
    "g1 y above the modulus": _g1(G1)[:32] + _word(int(normalize(G1)[1]) + field_modulus) + _g2(G2),
    "g2 off the curve": _g1(G1) + ONE * 4,
    "g2 half infinite": _g1(G1) + ZERO * 2 + ONE * 2,
    "g2 above the modulus": _g1(G1) + _word(int.from_bytes(_g2(G2)[:32], "big") + field_modulus) + _g2(G2)[32:],
    "g2 limbs swapped": _g1(G1) + _g2(G2)[32:64] + _g2(G2)[:32] + _g2(G2)[96:] + _g2(G2)[64:96],
    "g2 outside the subgroup": _g1(G1) + _g2(OFF_SUBGROUP),
    "g2 outside the subgroup, g1 infinite": bytes(64) + _g2(OFF_SUBGROUP),
    "g2 of a cofactor's order added": _g1(G1) + _g2(add(G2, multiply(OFF_SUBGROUP, curve_order))),
    "second pair bad": VALID + ONE + ONE + _g2(G2),
}


@cache
def _original(data: bytes) -> bool | None:
    """What py-evm's own precompile says, on py_ecc, whatever `install` replaced; None for a refusal."""
    module = importlib.import_module("eth.precompiles.ecpairing")
    try:
        exponent = module.EXPONENT
        for start in range(0, len(data), 192):
            exponent = module._process_point(data[start : start + 192], exponent)
    except ValidationError:
        return None
    return bool(module.bn128.final_exponentiate(exponent) == module.EXPONENT)


@pytest.mark.parametrize("name", CASES)
def test_check_pairing__against_py_ecc__same_verdict_and_same_refusals(name: str) -> None:
    expected = _original(CASES[name])
    try:
        found: bool | None = check_pairing(CASES[name])
    except InvalidPoint:
        found = None
    assert found == expected


def test_cases__verdicts__all_three_occur() -> None:
    assert {_original(CASES[name]) for name in CASES} == {True, False, None}


def test_install__refusal__is_py_evms_own_error() -> None:
    install()
    module = importlib.import_module("eth.precompiles.ecpairing")
    assert module._ecpairing(VALID + CASES["pair and inverse"][192:]) is True
    with pytest.raises(ValidationError, match="not on the curve"):
        module._ecpairing(CASES["g1 off the curve"])
