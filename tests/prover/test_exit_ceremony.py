"""A whole ceremony by commands, on the exit circuit of `minimal`: three contributors, one who is cut off, a broken
file, a cheat. Its powers of tau are nobody's secret, and byte for byte what snarkjs prepares.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import zklink.cli.ceremony as command
from tests.support.known_powers import ensure_known_ptau, write_ptau
from zklink.protocol.errors import CeremonyBroken, ToolFailed
from zklink.protocol.presets import MINIMAL
from zklink.prover.build import ensure_compiled
from zklink.prover.ceremony import snarkjs_steps, steps
from zklink.prover.ceremony.transcript import Step, read_transcript
from zklink.prover.circuit_artifacts import load_artifacts
from zklink.prover.published_r1cs import read_published
from zklink.prover.source import Statement, circuit_source
from zklink.prover.tools import ensure_tools, run_snarkjs
from zklink.prover.verifier_codegen import generate_verifier

pytestmark = pytest.mark.slow
POWER = 14
"""2^14 constraints: the circuit has 12,347, and a few public inputs."""

CIRCUIT = "exit_2_3"
ANNOUNCED, VALUE = f"drand:{'8990' * 16}:4000000", "0123456789abcdef" * 4


@pytest.mark.parametrize("power", [1, 3])
def test_known_powers__prepared__byte_for_byte_as_snarkjs_does(power: int, tmp_path: Path) -> None:
    write_ptau(tmp_path / "new.ptau", power, is_prepared=False)
    write_ptau(tmp_path / "ours.ptau", power, is_prepared=True)
    run_snarkjs(ensure_tools(), ["powersoftau", "prepare", "phase2", "new.ptau", "theirs.ptau"], cwd=tmp_path)
    assert (tmp_path / "ours.ptau").read_bytes() == (tmp_path / "theirs.ptau").read_bytes()


def run(*arguments: str) -> str:
    found = CliRunner().invoke(command.ceremony, list(arguments))
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.output


def cut(arguments: list[str], **options: object) -> str:
    """snarkjs, killed in the middle of a file."""
    Path(arguments[4]).write_bytes(b"zkey, half of it")
    raise ToolFailed("cli.cjs", "killed")


def substitute(folder: Path, name: str) -> None:
    """Put another contribution in the place of `name`'s, the second one, and its line into the transcript."""
    found = read_transcript(folder)
    replace(found, steps=found.steps[:2]).write(folder)
    shutil.move(folder / "0002", folder / "kept")
    forged = steps.contribute(ensure_tools(), folder, name, str)
    replace(found, steps=(*found.steps[:2], Step(name, forged.keys), *found.steps[3:])).write(folder)


def test_ceremony__exit_circuit_of_minimal__from_init_to_a_deployable_verifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out, (ptau, blake2b) = tmp_path / "c", tmp_path / "keys", ensure_known_ptau(POWER)
    begin = ("--preset", "minimal", "--only", "exit", "--ptau", str(ptau), "--blake2b", blake2b)
    run("init", str(folder), *begin, "--beacon", ANNOUNCED)
    assert read_transcript(folder).circuits == {CIRCUIT: read_published()[CIRCUIT]}

    run("contribute", str(folder), "--name", "Ada")
    with monkeypatch.context() as patch, pytest.raises(ToolFailed):
        patch.setattr(snarkjs_steps, "run_node", cut)
        run("contribute", str(folder), "--name", "Bob")
    assert [step.name for step in read_transcript(folder).steps] == [steps.FIRST, "Ada"]
    hers = run("contribute", str(folder), "--name", "Bob").split("contribution ")[1].split()[0]
    run("contribute", str(folder), "--name", "Cleo")

    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    (broken / "0002" / f"{CIRCUIT}.zkey").write_bytes((folder / "0002" / f"{CIRCUIT}.zkey").read_bytes()[:-1])
    with pytest.raises(CeremonyBroken, match="it is not the file that Bob has made"):
        run("verify", str(broken), "--ptau", str(ptau))

    cheat = tmp_path / "cheat"
    shutil.copytree(folder, cheat)
    substitute(cheat, "Bob")
    with pytest.raises(CeremonyBroken, match="the contribution of Bob is not in it"):
        run("verify", str(cheat), "--ptau", str(ptau))

    run("beacon", str(folder), "--randomness", VALUE)
    with pytest.raises(CeremonyBroken, match="and the announced source drand:"):
        run("finish", str(folder), "--ptau", str(ptau), "--out", str(out), "--value", "ab" * 32)
    assert "development: False" in run("finish", str(folder), "--ptau", str(ptau), "--out", str(out), "--value", VALUE)
    assert hers in {step.keys[CIRCUIT].contribution for step in read_transcript(out).steps}

    circuit = ensure_compiled(circuit_source(Statement.EXIT, MINIMAL))
    made = load_artifacts(circuit, out / f"{CIRCUIT}.zkey", out / f"{CIRCUIT}.vkey.json")
    assert not made.is_development
    assert "DEVELOPMENT: constant(bool) = False" in generate_verifier(made.vk)
