"""A native pairing precompile (0x08, EIP-197) for in-process chains.

py-evm computes pairings in pure Python: 0.9 s for one Groth16 check. `install` replaces the function behind the
precompile by zksnake's native one, in this process only. It refuses exactly the inputs that the original refuses:
coordinates not below the modulus, points off the curve, G2 points outside the subgroup. Tested against py_ecc and the
precompile's vectors.
"""

import importlib
from functools import lru_cache
from typing import Any, Final

from py_ecc.optimized_bn128 import b, b2, field_modulus

_PAIR_BYTES: Final = 192
_Q: Final = int(field_modulus)
_G1_B: Final = int(b)
_G2_B: Final = tuple(int(part) for part in b2.coeffs)
"""3 / (9 + u): the twist's coefficient."""

_Fq2 = tuple[int, int]


class InvalidPoint(ValueError):
    """A point that the precompile must refuse."""


def check_pairing(data: bytes) -> bool:
    """Whether the product of the pairings is one. `data` is the precompile's input, a multiple of 192 bytes.

    Raises InvalidPoint for the inputs that EIP-197 calls a failure.
    """
    curve = _curve()
    lefts, rights = [], []
    for start in range(0, len(data), _PAIR_BYTES):
        words = [int.from_bytes(data[start + at : start + at + 32], "big") for at in range(0, _PAIR_BYTES, 32)]
        left, right = _read_g1(words[0], words[1]), _read_g2(*words[2:])
        if left is not None and right is not None:
            lefts.append(left)
            rights.append(right)
    if not lefts:
        return True
    return bool(curve.multi_pairing(lefts, rights) == _one())


def install() -> None:
    """Put the native pairing behind py-evm's precompile."""
    from eth_utils import ValidationError

    module = importlib.import_module("eth.precompiles.ecpairing")

    def run(data: Any) -> bool:
        try:
            return check_pairing(bytes(data))
        except InvalidPoint as error:
            raise ValidationError(str(error)) from error

    vars(module)["_ecpairing"] = run


def _read_g1(x: int, y: int) -> Any:
    """A G1 point, or None for infinity."""
    _check_coordinates(x, y)
    if x == y == 0:
        return None
    if (y * y - x * x * x - _G1_B) % _Q:
        raise InvalidPoint("a G1 point is not on the curve")
    return _curve().PointG1(x, y)


def _read_g2(x_imaginary: int, x_real: int, y_imaginary: int, y_real: int) -> Any:
    """A G2 point in the precompile's order of limbs, or None for infinity."""
    _check_coordinates(x_imaginary, x_real, y_imaginary, y_real)
    if not any((x_imaginary, x_real, y_imaginary, y_real)):
        return None
    x, y = (x_real, x_imaginary), (y_real, y_imaginary)
    cube, square = _multiply(_multiply(x, x), x), _multiply(y, y)
    if any((square[i] - cube[i] - _G2_B[i]) % _Q for i in range(2)):
        raise InvalidPoint("a G2 point is not on the curve")
    try:
        return _curve().PointG2(x_real, x_imaginary, y_real, y_imaginary)
    except BaseException as error:
        # The native library panics, and its panic is not an Exception.
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise InvalidPoint("a G2 point is not in the subgroup") from error


def _check_coordinates(*coordinates: int) -> None:
    if any(coordinate >= _Q for coordinate in coordinates):
        raise InvalidPoint("a coordinate is not below the modulus")


def _multiply(left: _Fq2, right: _Fq2) -> _Fq2:
    return (
        (left[0] * right[0] - left[1] * right[1]) % _Q,
        (left[0] * right[1] + left[1] * right[0]) % _Q,
    )


@lru_cache(maxsize=1)
def _curve() -> Any:
    return importlib.import_module("zksnake._algebra").ec_bn254


@lru_cache(maxsize=1)
def _one() -> Any:
    g1, g2 = _curve().g1(), _curve().g2()
    return _curve().multi_pairing([g1, -g1], [g2, g2])
