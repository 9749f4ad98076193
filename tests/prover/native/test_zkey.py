"""Reading keys: what a key of our own set-up holds comes out again, and files that are no such key are refused."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

import pytest

from tests.prover.native import plain
from tests.support.foreign_circuit import chain_source, run_ceremony
from zklink.primitives.field import Q, R
from zklink.primitives.native.layout import Layout
from zklink.protocol.errors import ProvingKeyInvalid
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_artifacts
from zklink.prover.native.kernels import load_kernels
from zklink.prover.native.zkey import read_key
from zklink.prover.r1cs import read_r1cs

KERNELS = load_kernels(Layout.SCALAR)


@lru_cache(maxsize=1)
def artifacts() -> CircuitArtifacts:
    return ensure_artifacts(chain_source(20))


@pytest.mark.parametrize("kind", ["development", "ceremony"])
def test_read_key__either_kind__as_the_verification_key_and_the_circuit(kind: str) -> None:
    own = artifacts() if kind == "development" else run_ceremony().artifacts
    key, system = read_key(own.zkey, KERNELS), read_r1cs(own.r1cs)
    assert (key.alpha, key.beta, key.delta) == (own.vk.alpha, own.vk.beta, own.vk.delta)
    assert (key.wires, key.publics) == (system.wire_count, own.vk.input_count)
    assert key.domain == 32 and key.h.count == key.domain
    assert key.a.count <= key.wires and key.c.count <= key.wires - key.publics - 1
    for bases in (key.a, key.b_1, key.b, key.c, key.h):
        data, size = bases.points.data.tobytes(), 64 * bases.degree
        for number in range(bases.count):
            point = plain.decode_point(data[size * number : size * (number + 1)], bases.degree, 256)
            assert point is not None
            assert bases.degree == 2 or point[1][0] ** 2 % Q == (point[0][0] ** 3 + 3) % Q


def test_read_key__matrices__those_of_the_circuit_and_the_tied_inputs() -> None:
    key, system = read_key(artifacts().zkey, KERNELS), read_r1cs(artifacts().r1cs)
    for matrix, original in zip(key.matrices, (system.a, system.b), strict=True):
        starts, wires = matrix.starts.view("<u4").tolist(), matrix.wires.view("<u4").tolist()
        data = matrix.values.data.tobytes()
        values = [int.from_bytes(data[32 * i : 32 * i + 32], "little") * pow(2, -512, R) % R for i in range(len(wires))]
        found = [(row, wires[i], values[i]) for row in range(key.domain) for i in range(starts[row], starts[row + 1])]
        triples = zip(original.rows.tolist(), original.wires.tolist(), original.value_ids.tolist(), strict=True)
        expected = [(row, wire, system.values[value]) for row, wire, value in triples]
        if original is system.a:
            expected += [(system.constraint_count + wire, wire, 1) for wire in range(key.publics + 1)]
        assert sorted(found) == sorted(expected)


def damage(data: bytes, kind: str) -> bytes:
    place = 12 + 12 + 4 + 12  # the file's header, section 1, the head of section 2
    if kind == "longer":
        return data + b"\0"
    if kind == "shorter":
        return data[:-1]
    if kind == "no domain":
        return data[: place + 80] + struct.pack("<I", 33) + data[place + 84 :]
    if kind == "more publics than wires":
        return data[: place + 76] + struct.pack("<I", 1 << 20) + data[place + 80 :]
    if kind == "other curve":
        return data[: place + 4] + bytes([data[place + 4] ^ 1]) + data[place + 5 :]
    if kind == "other system":
        return data[: 12 + 12] + struct.pack("<I", 2) + data[12 + 12 + 4 :]
    if kind == "more wires":
        return data[: place + 72] + struct.pack("<I", 1000) + data[place + 76 :]
    return {"other file": b"wtns" + data[4:], "empty": b"", "header": data[:12]}[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "longer", "shorter", "no domain", "more publics than wires", "other curve", "other system", "more wires",
        "other file", "empty", "header",
    ],
)  # fmt: skip
def test_read_key__damaged__refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "circuit.zkey"
    path.write_bytes(damage(artifacts().zkey.read_bytes(), kind))
    with pytest.raises(ProvingKeyInvalid):
        read_key(path, KERNELS)
