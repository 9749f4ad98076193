"""The files that proofs are made from: what is cut off, damaged or of another circuit is refused by name, at once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import groth16py
import pytest

from tests.support.foreign_circuit import chain_source, run_ceremony
from zklink.protocol.errors import (
    CalculatorInvalid,
    ConstraintSystemInvalid,
    FilesMixed,
    FileUnreadable,
    ProofRejected,
    ProverPanicked,
    ProvingKeyInvalid,
    VerificationKeyInvalid,
    ZkLinkError,
)
from zklink.protocol.presets import MINIMAL
from zklink.prover.build import CompiledCircuit
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_artifacts, ensure_circuit, load_artifacts
from zklink.prover.default_prover import open_prover
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.key_header import read_key_header
from zklink.prover.native.backend import NativeProver
from zklink.prover.port import Prover
from zklink.prover.r1cs import read_r1cs, read_r1cs_header
from zklink.prover.source import Statement
from zklink.prover.witness_calculator import Witness, WitnessCalculator

INPUTS = {"seed": 3, "factor": 5, "secret": 7}
Open = Callable[[CircuitArtifacts], Prover]


class PanicException(BaseException):
    """Named as the class of a wheel written in Rust."""


@lru_cache(maxsize=1)
def artifacts() -> CircuitArtifacts:
    return ensure_artifacts(chain_source(20))


@pytest.fixture
def copied(tmp_path: Path) -> CircuitArtifacts:
    """The files of a circuit, to be damaged."""
    own = artifacts()
    circuit = CompiledCircuit(own.name, own.circuit.key, tmp_path)
    for path in (own.r1cs, own.wasm, own.circuit.symbols, own.zkey, own.vk_path):
        shutil.copy(path, tmp_path)
    return replace(own, circuit=circuit, zkey=tmp_path / own.zkey.name, vk_path=tmp_path / own.vk_path.name)


@pytest.fixture(params=[Groth16pyProver, NativeProver, open_prover], ids=["groth16py", "native", "default"])
def backend(request: pytest.FixtureRequest) -> Open:
    chosen: Open = request.param
    return chosen


def cut(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])


@pytest.mark.parametrize("kind", ["development", "ceremony"])
def test_headers__either_kind_of_key__agree_with_the_circuit(kind: str) -> None:
    own = artifacts() if kind == "development" else run_ceremony().artifacts
    key, sizes, system = read_key_header(own.zkey), read_r1cs_header(own.r1cs), read_r1cs(own.r1cs)
    assert (sizes.wires, sizes.publics, sizes.constraints) == (
        system.wire_count,
        system.public_count,
        system.constraint_count,
    )
    assert (key.wires, key.publics, key.domain) == (sizes.wires, sizes.publics, sizes.domain)
    assert key.ic == own.vk.ic


@pytest.mark.parametrize(
    ("circuit", "key"),
    [(Statement.EXIT, Statement.SWAP), (Statement.SWAP, Statement.EXIT), (Statement.ACCOUNT, Statement.EXIT)],
)
def test_load_artifacts__keys_of_another_statement__refused(circuit: Statement, key: Statement) -> None:
    own, other = (ensure_circuit(MINIMAL, statement=statement) for statement in (circuit, key))
    with pytest.raises(FilesMixed) as error:
        load_artifacts(own.circuit, other.zkey, other.vk_path)
    assert (error.value.path, error.value.other) == (str(other.zkey), str(own.r1cs))
    with pytest.raises(FilesMixed, match="it is another key's"):
        load_artifacts(own.circuit, other.zkey, own.vk_path)


def test_load_artifacts__same_sizes_but_other_constraints__refused(copied: CircuitArtifacts) -> None:
    about = json.loads((artifacts().zkey.with_name("circuit.zkey.json")).read_text())
    copied.zkey.with_name("circuit.zkey.json").write_text(json.dumps({**about, "circuit_hash": "00" * 32}))
    with pytest.raises(FilesMixed, match="other constraints"):
        load_artifacts(copied.circuit, copied.zkey, copied.vk_path)


@pytest.mark.parametrize("length", [0, 3, 11, 12, 30, 100, 700, 1_000, 6_000, -200, -1])
def test_open__proving_key_cut_off__names_the_file(copied: CircuitArtifacts, backend: Open, length: int) -> None:
    cut(copied.zkey, length)
    with pytest.raises(ProvingKeyInvalid) as error:
        backend(copied)
    assert error.value.path == str(copied.zkey) and "zklink setup" in str(error.value)


@pytest.mark.parametrize("length", [0, 7, 12, 40, 500, -1])
def test_open__constraints_cut_off__names_the_file(copied: CircuitArtifacts, backend: Open, length: int) -> None:
    cut(copied.r1cs, length)
    with pytest.raises(ConstraintSystemInvalid) as error:
        backend(copied)
    assert error.value.path == str(copied.r1cs)


@pytest.mark.parametrize("length", [0, 3, 8, 200, 5_000, -1])
def test_open__calculator_cut_off__names_the_file(copied: CircuitArtifacts, backend: Open, length: int) -> None:
    cut(copied.wasm, length)
    with pytest.raises(CalculatorInvalid) as error:
        backend(copied)
    assert error.value.path == str(copied.wasm) and "zklink setup" in str(error.value)


@pytest.mark.parametrize("name", ["circuit.zkey", "circuit.r1cs", "circuit.wasm"])
def test_open__file_missing__names_it(copied: CircuitArtifacts, backend: Open, name: str) -> None:
    copied.circuit.directory.joinpath(name).unlink()
    with pytest.raises(ZkLinkError, match=name):
        backend(copied)


def test_open__calculator_of_another_circuit__names_both(copied: CircuitArtifacts, backend: Open) -> None:
    shutil.copy(ensure_artifacts(chain_source(21)).wasm, copied.wasm)
    with pytest.raises(FilesMixed) as error:
        backend(copied)
    assert (error.value.path, error.value.other) == (str(copied.wasm), str(copied.r1cs))


def test_open__a_module_that_is_no_calculator__refused(copied: CircuitArtifacts) -> None:
    copied.wasm.write_bytes(b"\0asm\1\0\0\0")
    with pytest.raises(CalculatorInvalid, match="no witness calculator"):
        WitnessCalculator(copied.circuit)


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff\xfe", b"[1]"])
def test_load_artifacts__verification_key_damaged__names_the_file(copied: CircuitArtifacts, text: bytes) -> None:
    copied.vk_path.write_bytes(text)
    with pytest.raises((VerificationKeyInvalid, FileUnreadable), match=r"verification_key\.json"):
        load_artifacts(copied.circuit, copied.zkey, copied.vk_path)


@pytest.mark.parametrize("length", [-64, -32, 32])
def test_prove_witness__witness_of_another_length__rejected_not_a_panic(length: int) -> None:
    prover = Groth16pyProver(artifacts())
    data = prover.compute_witness(INPUTS).data
    with pytest.raises(ProofRejected):
        prover.prove_witness(Witness(data[:length] if length < 0 else data + bytes(length)))


def test_prove__wheel_panics__typed_and_names_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(*_: Any) -> bytes:
        raise PanicException("index out of bounds")

    prover = Groth16pyProver(artifacts())
    monkeypatch.setattr(groth16py, "prove_wtns", panic)
    with pytest.raises(ProverPanicked, match="index out of bounds") as error:
        prover.prove(INPUTS)
    assert error.value.path == str(artifacts().zkey)


def test_prove__native_code_panics__typed(monkeypatch: pytest.MonkeyPatch) -> None:
    def panic(*_: Any) -> None:
        raise PanicException("attempt to divide by zero")

    prover = NativeProver(artifacts())
    monkeypatch.setattr(prover, "_prove", panic)
    with pytest.raises(ProverPanicked, match="attempt to divide by zero"):
        prover.prove(INPUTS)


def test_prove__interrupted__passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> bytes:
        raise KeyboardInterrupt

    prover = Groth16pyProver(artifacts())
    monkeypatch.setattr(groth16py, "prove_wtns", interrupt)
    with pytest.raises(KeyboardInterrupt):
        prover.prove(INPUTS)
