"""A Groth16 proof in its three forms (points, EVM words, snarkjs' JSON), and its verification off the chain."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import groth16py

from zklink.primitives.field import Q, is_scalar
from zklink.protocol.errors import ProofMalformed
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.panics import panics_as
from zklink.prover.verification_key import CURVE, PROTOCOL, VerificationKey

COORDINATES = 8
_COORDINATE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Proof:
    """Affine points; coordinates are below q. Only the verifier checks that they are on the curve."""

    a: PointG1
    b: PointG2
    c: PointG1

    def __post_init__(self) -> None:
        if not all(0 <= coordinate < Q for coordinate in self.evm()):
            raise ProofMalformed("a coordinate is not below q")

    def evm(self) -> list[int]:
        """a.x, a.y, b.x1, b.x0, b.y1, b.y0, c.x, c.y: the precompile's limb order."""
        (x0, x1), (y0, y1) = self.b
        return [*self.a, x1, x0, y1, y0, *self.c]

    @classmethod
    def from_evm(cls, words: Sequence[int]) -> Proof:
        """Inverse of `evm`. Raises ProofMalformed."""
        if len(words) != COORDINATES:
            raise ProofMalformed(f"{len(words)} coordinates, not {COORDINATES}")
        ax, ay, x1, x0, y1, y0, cx, cy = words
        return cls((ax, ay), ((x0, x1), (y0, y1)), (cx, cy))

    @classmethod
    def from_snarkjs(cls, text: str) -> Proof:
        """Reads snarkjs' `proof.json`. Raises ProofMalformed."""
        try:
            data = cast(dict[str, Any], json.loads(text))
            (ax, ay, az), (b_x, b_y, b_z), (cx, cy, cz) = data["pi_a"], data["pi_b"], data["pi_c"]
            if [int(az), int(cz), *map(int, b_z)] != [1, 1, 1, 0]:
                raise ProofMalformed("a point is not affine")
            b = ((int(b_x[0]), int(b_x[1])), (int(b_y[0]), int(b_y[1])))
            return cls((int(ax), int(ay)), b, (int(cx), int(cy)))
        except (KeyError, TypeError, ValueError) as error:
            raise ProofMalformed(f"not a proof of snarkjs ({error!r})") from error

    def to_snarkjs(self) -> str:
        """snarkjs' `proof.json`."""
        return json.dumps(
            {
                "pi_a": [str(self.a[0]), str(self.a[1]), "1"],
                "pi_b": [[str(value) for value in pair] for pair in self.b] + [["1", "0"]],
                "pi_c": [str(self.c[0]), str(self.c[1]), "1"],
                "protocol": PROTOCOL,
                "curve": CURVE,
            }
        )


@lru_cache(maxsize=16)
def _prepared(key: VerificationKey) -> groth16py.Verifier:
    return groth16py.Verifier(groth16py.VerifyingKey.from_snarkjs(key.to_json()))


def verify(key: VerificationKey, proof: Proof, publics: Sequence[int]) -> bool:
    """Whether the proof holds for these public inputs; inputs that are not canonical never do."""
    if len(publics) != key.input_count or not all(is_scalar(value) for value in publics):
        return False
    blob = b"".join(word.to_bytes(_COORDINATE_BYTES, "big") for word in proof.evm())
    try:
        with panics_as(ProofMalformed):
            return bool(_prepared(key).verify(blob, list(publics)))
    except (ProofMalformed, groth16py.EncodingError, groth16py.VerificationError):
        # a point off the curve or outside its subgroup
        return False
