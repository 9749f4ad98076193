"""Compiling: what goes into a circuit's hash, and what the compiler's refusal looks like."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.foreign_circuit import FIXTURES, chain_source
from zklink.primitives.field import Q, R
from zklink.protocol.errors import CircuitCompileFailed, CircuitSourceInvalid, ConstraintSystemInvalid
from zklink.protocol.presets import COMPACT, MAIN, MINIMAL
from zklink.prover.build import ensure_compiled
from zklink.prover.r1cs import read_r1cs
from zklink.prover.source import CircuitSource, Statement, circuit_source
from zklink.prover.tools import ensure_tools


@pytest.fixture
def copied(tmp_path: Path) -> CircuitSource:
    shutil.copytree(FIXTURES, tmp_path / "circuit")
    return replace(chain_source(3), name="copied", directory=tmp_path / "circuit")


def compute_hash(source: CircuitSource) -> str:
    return source.compute_hash(ensure_tools().circomlib, "compiler")


def test_ensure_compiled__chain__has_one_constraint_per_link() -> None:
    circuit = ensure_compiled(chain_source(20))
    system = read_r1cs(circuit.r1cs)
    assert circuit.constraints == system.constraint_count == 21
    assert system.public_count == 3
    assert circuit.symbols.read_text().count("main.link") == 21


def test_ensure_compiled__twice__same_place() -> None:
    assert ensure_compiled(chain_source(20)) == ensure_compiled(chain_source(20))


def test_compute_hash__anything_changed__differs(copied: CircuitSource) -> None:
    hashes = {
        compute_hash(copied),
        compute_hash(replace(copied, arguments=(4,))),
        compute_hash(replace(copied, publics=("seed",))),
        copied.compute_hash(ensure_tools().circomlib, "another compiler"),
    }
    entry = copied.directory / copied.entry
    entry.write_text(entry.read_text() + "\n// one more line\n")
    hashes.add(compute_hash(copied))
    assert len(hashes) == 5


def test_compute_hash__included_file_changed__differs(copied: CircuitSource) -> None:
    entry = copied.directory / copied.entry
    included = copied.directory / "part.circom"
    included.write_text("pragma circom 2.2.0;\n")
    entry.write_text(entry.read_text() + '\ninclude "part.circom";\n')
    before = compute_hash(copied)
    included.write_text("pragma circom 2.2.1;\n")
    assert compute_hash(copied) != before


def test_compute_hash__file_that_is_not_included__does_not_matter(copied: CircuitSource) -> None:
    before = compute_hash(copied)
    (copied.directory / "other.circom").write_text("pragma circom 2.2.0;\n")
    assert compute_hash(copied) == before


@pytest.mark.parametrize("statement", Statement)
def test_circuit_source__presets__differ_in_arguments_only(statement: Statement) -> None:
    minimal, main = circuit_source(statement, MINIMAL), circuit_source(statement, MAIN)
    assert replace(minimal, name=main.name, arguments=main.arguments) == main
    files = minimal.collect_files(ensure_tools().circomlib)
    assert f"circuits/{minimal.entry}" in files and "circomlib/poseidon.circom" in files


def test_circuit_source__presets_with_the_same_trees__share_the_exit_only() -> None:
    shared = {
        statement for statement in Statement if circuit_source(statement, COMPACT) == circuit_source(statement, MAIN)
    }
    assert shared == {Statement.EXIT}


def test_ensure_compiled__missing_include__refused(copied: CircuitSource) -> None:
    entry = copied.directory / copied.entry
    entry.write_text('include "nowhere.circom";\n' + entry.read_text())
    with pytest.raises(CircuitSourceInvalid, match=r"nowhere\.circom, which is missing"):
        ensure_compiled(copied)


def test_ensure_compiled__syntax_error__refused_with_the_compilers_words(copied: CircuitSource) -> None:
    entry = copied.directory / copied.entry
    entry.write_text(entry.read_text().replace("<==", "<=-="))
    with pytest.raises(CircuitCompileFailed, match="error"):
        ensure_compiled(copied)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: b"nope" + data[4:], "not a file of the form r1cs"),
        (lambda data: data[:-1], "truncated"),
        (lambda data: data.replace(R.to_bytes(32, "little"), Q.to_bytes(32, "little")), "not over the scalar field"),
    ],
    ids=["magic", "truncated", "field"],
)
def test_read_r1cs__damaged_file__refused(change: object, reason: str, tmp_path: Path) -> None:
    assert callable(change)
    damaged = tmp_path / "circuit.r1cs"
    damaged.write_bytes(change(ensure_compiled(chain_source(20)).r1cs.read_bytes()))
    with pytest.raises(ConstraintSystemInvalid, match=reason):
        read_r1cs(damaged)
