"""Reads the verification key back from the source of a generated verifier: the own key of the contract, for where a
program and not a contract verifies.

Takes Vyper of `verifier_codegen`; gives the key, checked against the hash that the contract says. Raises
VerificationKeyInvalid. Never reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from zklink.primitives.field import Q
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.verification_key import VerificationKey

_CONSTANT: Final = re.compile(r"^([A-Z][A-Z0-9_]*): constant\((?:uint256|bytes32|bool)\) = (\w+)$", re.MULTILINE)


def read_verifier(source: str) -> VerificationKey:
    """The key of a generated verifier."""
    known = dict(_CONSTANT.findall(source))
    try:
        key = VerificationKey(
            alpha=_read_g1(known, "ALPHA"),
            beta=_read_g2(known, "BETA"),
            gamma=_read_g2(known, "GAMMA"),
            delta=_read_g2(known, "DELTA"),
            ic=tuple(_read_g1(known, f"IC_{i}") for i in range(int(known["INPUTS"]) + 1)),
            is_development=known["DEVELOPMENT"] == "True",
        )
        said = bytes.fromhex(known["VK_HASH"].removeprefix("0x"))
    except (KeyError, ValueError) as error:
        raise VerificationKeyInvalid(f"not the source of a generated verifier ({error!r})") from error
    key.check()
    if key.hash() != said:
        raise VerificationKeyInvalid("a verifier's constants are not the key whose hash it says")
    return key


def _read_g1(known: Mapping[str, str], name: str) -> PointG1:
    return int(known[f"{name}_X"]), int(known[f"{name}_Y"])


def _read_g2(known: Mapping[str, str], name: str) -> PointG2:
    """The point of the key: the contract keeps its negation."""
    x1, x0, y1, y0 = (int(known[f"{name}_{limb}"]) for limb in ("X1", "X0", "Y1", "Y0"))
    return (x0, x1), (-y0 % Q, -y1 % Q)
