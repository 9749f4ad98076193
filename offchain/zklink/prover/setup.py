"""Development keys: Groth16 set-up from a fixed, published seed, as a standard snarkjs `.zkey`.

Takes a compiled circuit, gives key files. Never for value: everybody knows the seed, and with it anyone can prove
anything. The key is the same on every machine, and its metadata, its verification key and the contract made from it are
marked as for development. Production keys come from a ceremony (ADR 0007) and are used through the same files.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zklink.primitives.field import Q, R
from zklink.prover.build import CompiledCircuit
from zklink.prover.cache import cache_directory, compute_content_hash, ensure_entry
from zklink.prover.curve import Generators, PointG1, encode_g1, encode_g2, encode_multiples, invert_all
from zklink.prover.progress import SILENT, Progress, Step
from zklink.prover.r1cs import SCALAR_BYTES, ConstraintSystem, SparseMatrix, read_r1cs
from zklink.prover.verification_key import VerificationKey

DEVELOPMENT_SEED = b"zklink.development.key.1"
_FOLDER = "keys"
_SECRETS = ("tau", "alpha", "beta", "gamma", "delta")
_TWO_ADICITY = 28
_ROOT = pow(5, (R - 1) >> _TWO_ADICITY, R)
_MONTGOMERY_SQUARED = pow(2, 512, R)
_COEFFICIENT = np.dtype([("matrix", "<u4"), ("row", "<u4"), ("wire", "<u4"), ("value", f"V{SCALAR_BYTES}")])


@dataclass(frozen=True, slots=True)
class _Secrets:
    tau: int
    alpha: int
    beta: int
    gamma: int
    delta: int


@dataclass(frozen=True, slots=True)
class Keys:
    """A circuit's key files in the cache."""

    directory: Path

    @property
    def zkey(self) -> Path:
        """The proving key, as snarkjs reads it."""
        return self.directory / "circuit.zkey"

    @property
    def verification_key(self) -> Path:
        """The verification key, as snarkjs' JSON."""
        return self.directory / "verification_key.json"

    @property
    def metadata(self) -> Path:
        """The origin of the keys, as JSON: their circuit and set-up."""
        return self.directory / "circuit.zkey.json"


def derive_secrets(circuit_hash: bytes) -> _Secrets:
    """Hash to field, one domain per secret: SHA-512(seed / name / circuit hash) mod r."""

    def derive(name: str) -> int:
        digest = hashlib.sha512(DEVELOPMENT_SEED + b"/" + name.encode() + b"/" + circuit_hash).digest()
        return int.from_bytes(digest, "big") % R

    secrets = _Secrets(*(derive(name) for name in _SECRETS))
    assert secrets.gamma != secrets.delta and secrets.gamma and secrets.delta
    return secrets


def compute_lagrange(size: int, tau: int) -> list[int]:
    """The Lagrange polynomials of the `size` roots of unity at tau: L_i = w^i (tau^n - 1) / (n (tau - w^i))."""
    root = pow(_ROOT, (1 << _TWO_ADICITY) // size, R)
    scale = (pow(tau, size, R) - 1) * pow(size, -1, R) % R
    assert scale, "tau is a root of unity"
    powers = [1]
    for _ in range(size - 1):
        powers.append(powers[-1] * root % R)
    inverses = invert_all((tau - power) % R for power in powers)
    return [power * inverse % R * scale % R for power, inverse in zip(powers, inverses, strict=True)]


def _evaluate_columns(system: ConstraintSystem, matrix: SparseMatrix, lagrange: list[int]) -> list[int]:
    out = [0] * system.wire_count
    values = system.values
    entries = zip(matrix.rows.tolist(), matrix.wires.tolist(), matrix.value_ids.tolist(), strict=True)
    for row, wire, value_id in entries:
        out[wire] += lagrange[row] * values[value_id]
    return [value % R for value in out]


def _encode_coefficients(system: ConstraintSystem) -> bytes:
    """Matrices A and B, with one row per public input that ties its wire; values carry two Montgomery factors."""
    table = b"".join((value * _MONTGOMERY_SQUARED % R).to_bytes(SCALAR_BYTES, "little") for value in system.values)
    values = np.frombuffer(table, f"V{SCALAR_BYTES}")
    parts = []
    for index, matrix in enumerate((system.a, system.b)):
        part = np.zeros(len(matrix.rows), _COEFFICIENT)
        part["matrix"], part["row"], part["wire"] = index, matrix.rows, matrix.wires
        part["value"] = values[matrix.value_ids]
        parts.append(part)
    ties = np.zeros(system.public_count + 1, _COEFFICIENT)
    ties["wire"] = np.arange(system.public_count + 1)
    ties["row"] = system.constraint_count + ties["wire"]
    ties["value"] = np.frombuffer(_MONTGOMERY_SQUARED.to_bytes(SCALAR_BYTES, "little"), f"V{SCALAR_BYTES}")[0]
    entries = np.concatenate([*parts, ties])
    return struct.pack("<I", len(entries)) + bytes(entries.tobytes())


def _write_zkey(path: Path, sections: dict[int, bytes]) -> None:
    with path.open("wb") as handle:
        handle.write(b"zkey" + struct.pack("<II", 1, len(sections)))
        for kind, body in sorted(sections.items()):
            handle.write(struct.pack("<IQ", kind, len(body)))
            handle.write(body)


def write_keys(system: ConstraintSystem, secrets: _Secrets, path: Path, step: Step) -> VerificationKey:
    """Writes the `.zkey` (layout: snarkjs src/zkey_utils.js) and gives the verification key."""
    publics = system.public_count + 1
    size = 1 << (system.constraint_count + publics - 1).bit_length()
    lagrange = compute_lagrange(size, secrets.tau)
    a, b, c = (_evaluate_columns(system, matrix, lagrange) for matrix in (system.a, system.b, system.c))
    for wire in range(publics):
        a[wire] = (a[wire] + lagrange[system.constraint_count + wire]) % R
    sums = [(secrets.beta * x + secrets.alpha * y + z) % R for x, y, z in zip(a, b, c, strict=True)]
    by_gamma, by_delta = pow(secrets.gamma, -1, R), pow(secrets.delta, -1, R)

    points = Generators(jobs=system.wire_count)
    ic: tuple[PointG1, ...] = tuple(points.g1(value * by_gamma % R) for value in sums[:publics])
    alpha, beta_1, delta_1 = (points.g1(x) for x in (secrets.alpha, secrets.beta, secrets.delta))
    beta, gamma, delta = (points.g2(x) for x in (secrets.beta, secrets.gamma, secrets.delta))

    def many(scalars: list[int]) -> bytes:
        return encode_multiples(points.g1, encode_g1, scalars, step.advance)

    header = struct.pack("<I", SCALAR_BYTES) + Q.to_bytes(32, "little") + struct.pack("<I", SCALAR_BYTES)
    header += R.to_bytes(32, "little") + struct.pack("<III", system.wire_count, system.public_count, size)
    header += encode_g1(alpha) + encode_g1(beta_1) + encode_g2(beta) + encode_g2(gamma)
    header += encode_g1(delta_1) + encode_g2(delta)
    odd = compute_lagrange(2 * size, secrets.tau)[1::2]
    sections = {
        1: struct.pack("<I", 1),
        2: header,
        3: b"".join(encode_g1(point) for point in ic),
        4: _encode_coefficients(system),
        5: many(a),
        6: many(b),
        7: encode_multiples(points.g2, encode_g2, b, step.advance),
        8: many([value * by_delta % R for value in sums[publics:]]),
        9: many([value * by_delta % R for value in odd]),
        10: bytes(64) + struct.pack("<I", 0),
    }
    _write_zkey(path, sections)
    return VerificationKey(alpha, beta, gamma, delta, ic, is_development=True)


def hash_circuit(circuit: CompiledCircuit) -> bytes:
    """The hash of the constraints, which names the circuit of a development key."""
    return hashlib.sha256(circuit.r1cs.read_bytes()).digest()


def read_circuit_hash(zkey: Path) -> bytes | None:
    """The hash of the constraints that a proving key was made from, as the metadata beside it says; None if there are
    none that can be read.
    """
    try:
        return bytes.fromhex(json.loads(zkey.with_name(f"{zkey.name}.json").read_text())["circuit_hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_keys(circuit: CompiledCircuit) -> Keys | None:
    """The development keys if they are in the cache."""
    key = compute_content_hash(DEVELOPMENT_SEED, hash_circuit(circuit))
    directory = cache_directory() / _FOLDER / circuit.name / key
    return Keys(directory) if directory.is_dir() else None


def ensure_keys(circuit: CompiledCircuit, progress: Progress = SILENT) -> Keys:
    """The development keys of a compiled circuit, from the cache if they are there."""
    circuit_hash = hash_circuit(circuit)
    key = compute_content_hash(DEVELOPMENT_SEED, circuit_hash)

    def make(directory: Path) -> None:
        system = read_r1cs(circuit.r1cs)
        size = 1 << (system.constraint_count + system.public_count).bit_length()
        total = 4 * system.wire_count - system.public_count - 1 + size
        keys = Keys(directory)
        with progress.step(f"Development key of {circuit.name}", total) as step:
            vk = write_keys(system, derive_secrets(circuit_hash), keys.zkey, step)
        vk.check()
        keys.verification_key.write_text(vk.to_json())
        about = {
            "development": True,
            "seed": DEVELOPMENT_SEED.decode(),
            "circuit": circuit.name,
            "circuit_hash": circuit_hash.hex(),
            "constraints": system.constraint_count,
            "wires": system.wire_count,
            "publics": system.public_count,
            "vk_hash": vk.hash().hex(),
        }
        keys.metadata.write_text(json.dumps(about, indent=1) + "\n")

    return Keys(ensure_entry(f"{_FOLDER}/{circuit.name}", key, make))


def is_development_key(vk_hash: bytes) -> bool:
    """Whether this machine made the key, for development; the contract's `is_development()` answers on every
    machine.
    """
    for path in (cache_directory() / _FOLDER).glob("*/*/circuit.zkey.json"):
        about = json.loads(path.read_text())
        if about["vk_hash"] == vk_hash.hex():
            return about["development"] is True
    return False
