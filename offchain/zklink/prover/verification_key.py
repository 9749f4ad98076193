"""Groth16 verification keys in snarkjs' JSON, and their hash.

Takes `verification_key.json` of snarkjs or of our own setup; gives the key and its hash. Never gives a key that is
malformed or unsafe. The extra member `development` marks a key whose secrets are published.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.curve import PointG1, PointG2, is_on_g1, is_on_g2

PROTOCOL = "groth16"
CURVE = "bn128"


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """`ic` has one point more than there are public inputs."""

    alpha: PointG1
    beta: PointG2
    gamma: PointG2
    delta: PointG2
    ic: tuple[PointG1, ...]
    is_development: bool = False

    @property
    def input_count(self) -> int:
        """The number of public inputs."""
        return len(self.ic) - 1

    def words(self) -> Iterator[int]:
        """All coordinates in the order and limb order of the precompiles (docs/protocol.md, section 9)."""
        yield from self.alpha
        for (x0, x1), (y0, y1) in (self.beta, self.gamma, self.delta):
            yield from (x1, x0, y1, y0)
        for point in self.ic:
            yield from point

    def hash(self) -> bytes:
        """`vk_hash`, which is part of the deployment hash."""
        return keccak_words(*self.words())

    def check(self) -> None:
        """Raises VerificationKeyInvalid unless every point is usable and gamma differs from delta."""
        for name, g1_point in (("alpha", self.alpha), *((f"IC {i}", point) for i, point in enumerate(self.ic))):
            if not is_on_g1(g1_point):
                raise VerificationKeyInvalid(f"{name} is not a point of G1")
        for name, g2_point in (("beta", self.beta), ("gamma", self.gamma), ("delta", self.delta)):
            if not is_on_g2(g2_point):
                raise VerificationKeyInvalid(f"{name} is not a point of G2")
        if self.gamma == self.delta:  # the second phase was never run: anyone can forge
            raise VerificationKeyInvalid("gamma equals delta: the key lacks its second phase")
        if self.input_count < 1:
            raise VerificationKeyInvalid("the circuit has no public input")

    def to_json(self) -> str:
        """snarkjs' `verification_key.json`, without the redundant pairing value."""
        key: dict[str, object] = {
            "protocol": PROTOCOL,
            "curve": CURVE,
            "nPublic": self.input_count,
            "vk_alpha_1": _dump_g1(self.alpha),
            "vk_beta_2": _dump_g2(self.beta),
            "vk_gamma_2": _dump_g2(self.gamma),
            "vk_delta_2": _dump_g2(self.delta),
            "IC": [_dump_g1(point) for point in self.ic],
        }
        if self.is_development:
            key["development"] = True
        return json.dumps(key, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> VerificationKey:
        """Reads and checks a key. Raises VerificationKeyInvalid."""
        try:
            data = json.loads(text)
            if data["protocol"] != PROTOCOL or data["curve"] != CURVE:
                raise VerificationKeyInvalid(f"{data['protocol']} on {data['curve']}, not {PROTOCOL} on {CURVE}")
            key = cls(
                alpha=_load_g1(data["vk_alpha_1"]),
                beta=_load_g2(data["vk_beta_2"]),
                gamma=_load_g2(data["vk_gamma_2"]),
                delta=_load_g2(data["vk_delta_2"]),
                ic=tuple(_load_g1(point) for point in data["IC"]),
                is_development=data.get("development", False) is True,
            )
            declared = int(data["nPublic"])
        except KeyError as error:
            raise VerificationKeyInvalid(f"not a {PROTOCOL} verification key: it has no {error.args[0]}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise VerificationKeyInvalid(f"not a {PROTOCOL} verification key ({error!r})") from error
        if declared != key.input_count:
            raise VerificationKeyInvalid(f"{declared} public inputs declared, IC is for {key.input_count}")
        key.check()
        return key


def _dump_g1(point: PointG1) -> list[str]:
    return [str(point[0]), str(point[1]), "1"]


def _dump_g2(point: PointG2) -> list[list[str]]:
    return [[str(value) for value in pair] for pair in point] + [["1", "0"]]


def _load_g1(data: object) -> PointG1:
    x, y, z = cast(list[str], data)
    if int(z) != 1:
        raise ValueError("a point is not affine")
    return int(x), int(y)


def _load_g2(data: object) -> PointG2:
    (x0, x1), (y0, y1), (z0, z1) = cast(list[list[str]], data)
    if (int(z0), int(z1)) != (1, 0):
        raise ValueError("a point is not affine")
    return (int(x0), int(x1)), (int(y0), int(y1))
