"""Files of powers of tau whose secrets everybody knows, for rehearsals: written in seconds, where snarkjs' preparation
for phase 2 takes many minutes. Section by section what snarkjs would write (layout: its src/powersoftau_*.js).
"""

import hashlib
import struct
from pathlib import Path

from zklink.primitives.field import Q, R
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.curve import Generators, encode_g1, encode_g2, encode_multiples
from zklink.prover.setup import compute_lagrange

TAU, ALPHA, BETA = (
    int.from_bytes(hashlib.sha512(f"a rehearsal's {name}".encode()).digest(), "big") % R
    for name in ("tau", "alpha", "beta")
)
PREPARED = {2: 12, 3: 13, 4: 14, 5: 15}
"""The sections that the preparation for phase 2 adds, by those that they come from."""


def ensure_known_ptau(power: int) -> tuple[Path, str]:
    """A prepared file for 2^power constraints, and its BLAKE2b-512 hash in hex."""

    def make(directory: Path) -> None:
        write_ptau(directory / "final.ptau", power, is_prepared=True)

    path = ensure_entry("ptau", compute_content_hash("known", str(power), Path(__file__).read_bytes()), make)
    return path / "final.ptau", hashlib.blake2b((path / "final.ptau").read_bytes()).hexdigest()


def write_ptau(path: Path, power: int, *, is_prepared: bool) -> None:
    """Write such a file, as it is before the preparation for phase 2 or after it."""
    size, points, powers = 1 << power, Generators(jobs=1 << (power + 2)), [1]
    while len(powers) < 2 * size - 1:
        powers.append(powers[-1] * TAU % R)

    def g1(scalars: list[int]) -> bytes:
        return encode_multiples(points.g1, encode_g1, scalars, lambda count: None)

    def g2(scalars: list[int]) -> bytes:
        return encode_multiples(points.g2, encode_g2, scalars, lambda count: None)

    sections = {
        1: struct.pack("<I", 32) + Q.to_bytes(32, "little") + struct.pack("<II", power, power),
        2: g1(powers),
        3: g2(powers[:size]),
        4: g1([ALPHA * value % R for value in powers[:size]]),
        5: g1([BETA * value % R for value in powers[:size]]),
        6: g2([BETA]),
        7: struct.pack("<I", 0),
    }
    if is_prepared:
        lagrange = [value for level in range(power + 1) for value in evaluate(1 << level)]
        sections[12] = g1(lagrange) + g1(evaluate_short(2 * size))
        sections[13] = g2(lagrange)
        sections[14] = g1([ALPHA * value % R for value in lagrange])
        sections[15] = g1([BETA * value % R for value in lagrange])
    with path.open("wb") as handle:
        handle.write(b"ptau" + struct.pack("<II", 1, len(sections)))
        for kind, body in sections.items():
            handle.write(struct.pack("<IQ", kind, len(body)) + body)


def evaluate(size: int) -> list[int]:
    """The Lagrange polynomials of `size` roots of unity at tau."""
    return compute_lagrange(size, TAU)


def evaluate_short(size: int) -> list[int]:
    """The same without their highest term: the file has one power too few for it."""
    root = pow(5, (R - 1) // size, R)
    last, shift = pow(TAU, size - 1, R) * pow(size, -1, R) % R, 1
    found = []
    for value in evaluate(size):
        found.append((value - last * shift) % R)
        shift = shift * root % R
    return found
