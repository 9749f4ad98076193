"""gnark's Solidity export of a Groth16 key on BN254: a verifier contract whose constants are the key.

Takes the file's text; gives the key, unchecked. The layout is that of `ExportSolidity` since gnark 0.9: `ALPHA`, the
points of G2 negated (`BETA_NEG`, ..; `_0` is the real part), `CONSTANT`, and `PUB_i` for each public input. Raises
VerificationKeyInvalid for anything else: an unknown constant, one that is missing, or another count of inputs.
"""

from __future__ import annotations

import re
from typing import Final

from zklink.primitives.field import Q, R
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.verification_key import VerificationKey

MARK: Final = b"pragma solidity"
"""What every Solidity file has."""
COMMITTED: Final = "the circuit uses gnark's commitments, which a plain Groth16 verifier cannot check"

_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_CONSTANT: Final = re.compile(r"\buint256\s+constant\s+(\w+)\s*=\s*([^;]*);")
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,64}|[0-9]{1,78}")
_INPUTS: Final = re.compile(r"\bfunction\s+publicInputMSM\s*\(\s*uint256\s*\[\s*(\d{1,6})\s*\]\s+calldata\s+\w+\s*\)")
_FIELDS: Final = {"P": Q, "R": R}
_OF_THE_MATHS: Final = re.compile(r"PRECOMPILE_\w+|FRACTION_\w+|EXP_\w+")


def read_gnark_solidity(text: str) -> VerificationKey:
    """The key in the constants of gnark's contract."""
    code = _COMMENT.sub(" ", text)
    constants = _read_constants(code)
    if any(name.startswith("PEDERSEN_") for name in constants):
        raise VerificationKeyInvalid(COMMITTED)
    for name, modulus in _FIELDS.items():
        if constants.pop(name, None) != modulus:
            raise VerificationKeyInvalid(f"not gnark's Solidity export on BN254 since 0.9: {name} is not its modulus")
    stated = _INPUTS.findall(code)
    if len(stated) != 1:
        raise VerificationKeyInvalid("not gnark's Solidity export since 0.9: no single publicInputMSM(uint256[n])")
    key = VerificationKey(
        alpha=_take_g1(constants, "ALPHA"),
        beta=_take_g2(constants, "BETA_NEG"),
        gamma=_take_g2(constants, "GAMMA_NEG"),
        delta=_take_g2(constants, "DELTA_NEG"),
        ic=tuple(_take_g1(constants, name) for name in ("CONSTANT", *(f"PUB_{i}" for i in range(int(stated[0]))))),
    )
    if constants:
        raise VerificationKeyInvalid(f"gnark's Solidity export has no constant {min(constants)}, or not so many inputs")
    return key


def _read_constants(code: str) -> dict[str, int]:
    """Every `uint256 constant`, without those that are the same for every key."""
    constants: dict[str, int] = {}
    for name, value in _CONSTANT.findall(code):
        if name in constants:
            raise VerificationKeyInvalid(f"the Solidity file has the constant {name} twice")
        if _OF_THE_MATHS.fullmatch(name):
            continue
        if not _NUMBER.fullmatch(value.strip()):
            raise VerificationKeyInvalid(f"the Solidity constant {name} is no number: {value.strip()[:40]}")
        constants[name] = int(value, 16 if "x" in value else 10)
    return constants


def _take(constants: dict[str, int], name: str) -> int:
    try:
        return constants.pop(name)
    except KeyError:
        raise VerificationKeyInvalid(f"not gnark's Solidity export since 0.9: there is no constant {name}") from None


def _take_g1(constants: dict[str, int], name: str) -> PointG1:
    return _take(constants, f"{name}_X"), _take(constants, f"{name}_Y")


def _take_g2(constants: dict[str, int], name: str) -> PointG2:
    """The point of the key: the contract keeps its negation. Coordinates that are not below q stay, to be refused."""
    x0, x1, y0, y1 = (_take(constants, f"{name}_{limb}") for limb in ("X_0", "X_1", "Y_0", "Y_1"))
    return (x0, x1), (Q - y0 if y0 else 0, Q - y1 if y1 else 0)
