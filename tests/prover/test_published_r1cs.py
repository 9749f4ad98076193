"""The published hashes of constraints: what the pinned compiler gives for the sources here, and nothing else passes."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import zklink.cli.r1cs as command
from zklink.protocol.errors import ConstraintsUnpublished
from zklink.protocol.presets import MINIMAL, PRESETS
from zklink.prover.build import CompiledCircuit, compile_circuit, ensure_compiled
from zklink.prover.published_r1cs import check_published, hash_constraints, list_circuits, read_published
from zklink.prover.source import Statement, circuit_source
from zklink.prover.tools import ensure_tools

EXIT = circuit_source(Statement.EXIT, MINIMAL)


def test_published__names__the_circuits_of_all_presets() -> None:
    assert list(read_published()) == [source.name for source in list_circuits()] == sorted(read_published())
    assert len(list_circuits([MINIMAL.name])) == len(Statement) and len(list_circuits()) == 3 * len(PRESETS) - 1


@pytest.mark.parametrize("statement", list(Statement))
def test_published__minimal__what_the_compiler_gives(statement: Statement) -> None:
    circuit = ensure_compiled(circuit_source(statement, MINIMAL))
    assert hash_constraints(circuit) == read_published()[circuit.name]
    check_published([circuit])


def test_check_published__another_byte__refused(tmp_path: Path) -> None:
    circuit = ensure_compiled(EXIT)
    (tmp_path / "circuit.r1cs").write_bytes(circuit.r1cs.read_bytes() + b"\0")
    damaged = replace(circuit, directory=tmp_path)
    with pytest.raises(ConstraintsUnpublished, match=r"circuit exit_2_3 compiles to an \.r1cs with SHA-256"):
        check_published([damaged])
    check_published([replace(damaged, name="nobodys")])


def test_command__minimal__says_each_hash() -> None:
    found = CliRunner().invoke(command.r1cs, [MINIMAL.name])
    assert found.exit_code == 0, found.output
    for source in list_circuits([MINIMAL.name]):
        assert f"{read_published()[source.name]}  {source.name}.r1cs" in found.output


def test_command__write__publishes_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "PATH", tmp_path / "r1cs.json")
    monkeypatch.setattr(command, "list_circuits", lambda presets: [EXIT] if not presets else [])
    assert CliRunner().invoke(command.r1cs, ["--write"]).exit_code == 0
    assert read_published()["exit_2_3"] in (tmp_path / "r1cs.json").read_text()


@pytest.mark.slow
def test_compile__twice_and_elsewhere__bit_by_bit_the_same(tmp_path: Path) -> None:
    compile_circuit(EXIT, ensure_tools(), tmp_path)
    assert hash_constraints(CompiledCircuit(EXIT.name, "", tmp_path)) == read_published()[EXIT.name]


@pytest.mark.slow
def test_published__every_preset__what_the_compiler_gives() -> None:
    """Some minutes where nothing is compiled yet."""
    check_published([ensure_compiled(source) for source in list_circuits()])
