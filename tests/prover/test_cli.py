"""The command line: thin, but what it writes and how it fails is a promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.foreign_circuit import run_ceremony
from zklink.cli.generate import VERIFIERS
from zklink.cli.main import main
from zklink.protocol.presets import COMPACT, MINIMAL
from zklink.protocol.render_constants import render_all
from zklink.prover.cache import project_root
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.source import Statement
from zklink.prover.verifier_codegen import generate_verifier
from zklink.state.genesis_state import Genesis


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    return result.exit_code, result.output


def test_verifier__foreign_key__writes_the_contract(tmp_path: Path) -> None:
    target = tmp_path / "ChainVerifier.vy"
    code, _ = run("verifier", str(run_ceremony().artifacts.vk_path), "-o", str(target))
    assert code == 0
    assert target.read_text() == generate_verifier(run_ceremony().artifacts.vk, "ChainVerifier")


def test_verifier__no_output_file__prints_the_contract() -> None:
    code, said = run("verifier", str(run_ceremony().artifacts.vk_path))
    assert code == 0 and said == generate_verifier(run_ceremony().artifacts.vk)


def test_verifier__unsafe_key__fails_with_one_line() -> None:
    code, said = run("verifier", str(run_ceremony().unfinished_vk))
    assert code == 1
    assert "gamma equals delta" in said and "Traceback" not in said


def test_generate__check__committed_files_are_up_to_date() -> None:
    code, said = run("generate", "--check")
    assert code == 0, said


def test_generate__committed_verifiers__are_those_of_the_development_keys() -> None:
    # The larger account blocks take minutes to compile and key; whoever makes their keys makes their verifiers.
    small = [(MINIMAL, statement) for statement in Statement]
    for preset, statement in [*small, (COMPACT, Statement.SWAP), (COMPACT, Statement.EXIT)]:
        name = f"{statement.capitalize()}Verifier{preset.name.capitalize()}"
        committed = (project_root() / VERIFIERS / f"{name}.vy").read_text()
        assert committed == generate_verifier(ensure_circuit(preset, statement=statement).vk, name)
        assert "DEVELOPMENT: constant(bool) = True" in committed


def test_generate__check_with_a_stale_file__names_it_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project_root()
    for path in render_all():
        copy = tmp_path / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((root / path).read_text() + "\n")
    monkeypatch.setattr("zklink.cli.generate.project_root", lambda: tmp_path)
    code, said = run("generate", "--check")
    assert code == 1
    assert all(path in said for path in render_all()) and f"{VERIFIERS}/SwapVerifierMinimal.vy" in said
    assert not (tmp_path / VERIFIERS).exists()


def test_setup__everything_built__says_so() -> None:
    code, said = run("setup", "minimal")
    assert code == 0
    assert all("0x" + ensure_circuit(MINIMAL, statement=statement).vk_hash.hex() in said for statement in Statement)


def test_circuits_build__everything_built__names_the_file() -> None:
    code, said = run("circuits", "build", "minimal")
    assert code == 0 and "circuit.r1cs" in said


def test_genesis_check__good_file__prints_what_bridges_need(tmp_path: Path) -> None:
    genesis = Genesis("minimal", bytes(12) + b"\x0f" * 20)
    file = tmp_path / "genesis.json"
    file.write_text(genesis.to_json())
    code, said = run("genesis", "check", str(file))
    assert code == 0 and f"0x{genesis.root:064x}" in said and genesis.operator.hex() in said


def test_genesis_check__broken_file__fails_with_one_line(tmp_path: Path) -> None:
    file = tmp_path / "genesis.json"
    file.write_text("{}")
    code, said = run("genesis", "check", str(file))
    assert code == 1 and "GenesisInvalid" in said and "Traceback" not in said


def test_demo__outside_the_project__is_a_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    tape = tmp_path / "tape.csv"
    tape.write_text("seconds,source\n")
    code, said = run("demo", "--tape", str(tape))
    assert code == 1 and "tape, line 1: the columns are" in said


def test_demo__tape_of_accounts__refused_with_what_would_be_right(tmp_path: Path) -> None:
    tape = tmp_path / "tape.csv"
    tape.write_text("")
    for story in ("accounts", "solana"):
        code, said = run("demo", "--story", story, "--tape", str(tape))
        assert code == 2 and "--tape, --stay and --port go with --story swaps" in said
