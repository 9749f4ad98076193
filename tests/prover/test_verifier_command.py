"""`zklink verifier`: the contract, its interface, and a test that finds what is wrong with either."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.prover.test_foreign_keys import ARKWORKS
from tests.prover.test_gnark_solidity import EXPORT, write
from zklink.cli.main import main
from zklink.protocol.errors import ProofMalformed
from zklink.prover.proof import Proof
from zklink.prover.verifier_files import read_numbers, read_proof

WORDS = [int(EXPORT["proof"][at : at + 64], 16) for at in range(0, 512, 64)]


def run(folder: Path, *more: str) -> Result:
    """The command in a folder with a key of gnark, its proof, and the public inputs."""
    (folder / "Verifier.sol").write_bytes(write())
    (folder / "proof.hex").write_text(f"0x{EXPORT['proof']}\n")
    (folder / "public.json").write_text(json.dumps(EXPORT["inputs"]))
    words = [str(folder / word) if "." in word else word for word in more]
    return CliRunner().invoke(main, ["verifier", str(folder / "Verifier.sol"), *words])


def write_all(folder: Path) -> Path:
    test = ("--test", "tests/test_rollup.py", "--proof", "proof.hex", "--public", "public.json")
    result = run(folder, "-o", "contracts/Rollup.vy", *test)
    assert result.exit_code == 0, result.output
    return folder / "contracts" / "Rollup.vy"


def run_written_test(folder: Path) -> str:
    """What pytest says of the written test, in the folder as a project of its own."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    call = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line", "tests"]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False, timeout=300).stdout


@pytest.mark.slow  # a compiler and a chain, twice
def test_written__test_beside_its_contract__passes_and_finds_what_is_left_out(tmp_path: Path) -> None:
    contract = write_all(tmp_path)
    assert (tmp_path / "contracts" / "IRollup.vyi").read_text().count("uint256[2]") == 1
    assert "17 passed" in run_written_test(tmp_path)

    source = contract.read_text()
    canonical = '            assert value < R, "verifier: input >= r"\n'
    assert source.count(canonical) == 1
    contract.write_text(source.replace(canonical, ""))
    found = run_written_test(tmp_path)
    assert "2 failed, 15 passed" in found
    assert found.count("test_the_same_input_written_otherwise_is_refused") == 2


BUGS = {
    "another_point": ('    assert convert(output, uint256) == 1, "verifier: invalid proof"\n', ""),
    "another_coordinate": ('            assert coordinate < Q, "verifier: coordinate >= q"\n', "            pass\n"),
    "no_proof_and_lengths": ('    assert count != 0, "verifier: no proof"\n', ""),
    "the_key_is_the_one": ("    return VK_HASH\n", "    return keccak256(b'another')\n"),
    "a_contract_calls_it": ("def check_proofs(proofs: ", "def check_all(proofs: "),
}


@pytest.mark.slow  # a compiler and a chain for each
@pytest.mark.parametrize("name", BUGS)
def test_written__contract_with_a_bug__fails_where_the_bug_is(tmp_path: Path, name: str) -> None:
    contract = write_all(tmp_path)
    source = contract.read_text()
    old, new = BUGS[name]
    assert source.count(old) == 1
    contract.write_text(source.replace(old, new))
    found = run_written_test(tmp_path)
    assert f"test_{name}" in found, found


def test_command__without_output__prints_the_contract_alone(tmp_path: Path) -> None:
    (tmp_path / "vk.bin").write_bytes(ARKWORKS)
    result = CliRunner().invoke(main, ["verifier", str(tmp_path / "vk.bin")])
    assert result.exit_code == 0
    assert "def check_proofs(" in result.output
    assert [each.name for each in tmp_path.iterdir()] == ["vk.bin"]


@pytest.mark.parametrize(
    "given",
    [
        ("-o", "Rollup.vy", "--test", "test_it.py"),
        ("-o", "Rollup.vy", "--proof", "proof.hex", "--public", "public.json"),
        ("--test", "test_it.py", "--proof", "proof.hex", "--public", "public.json"),
    ],
)
def test_command__half_of_what_a_test_needs__says_what_and_writes_nothing(
    tmp_path: Path, given: tuple[str, ...]
) -> None:
    result = run(tmp_path, *given)
    assert result.exit_code == 2
    assert "a test needs --output, --test, --proof and --public together" in result.output
    assert not list(tmp_path.glob("*.vy*"))


def test_command__proof_of_other_inputs__is_refused_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps([1, 2]))
    test = ("--test", "test_it.py", "--proof", "proof.hex", "--public", "other.json")
    result = run(tmp_path, "-o", "Rollup.vy", *test)
    assert result.exit_code == 2
    assert "does not hold under this key for the 2 inputs of" in result.output
    assert not list(tmp_path.glob("*.vy*"))


def test_read_proof__any_of_its_forms__is_the_same_proof() -> None:
    proof = Proof.from_evm(WORDS)
    assert read_proof(EXPORT["proof"]) == proof
    assert read_proof(json.dumps([str(word) for word in WORDS])) == proof
    assert read_proof(json.dumps(WORDS)) == proof
    assert read_proof(proof.to_snarkjs()) == proof


@pytest.mark.parametrize("text", ["", "[1, 2]", "[true]", "[1.5]", '["x"]', "5", "{}", "0x00", "[", "ab" * 255])
def test_read_proof__anything_else__is_malformed(text: str) -> None:
    with pytest.raises(ProofMalformed):
        read_proof(text)


@pytest.mark.parametrize("text", ["[true]", "[1.5]", '["x"]', "5", "[", "[null]", "[[1]]"])
def test_read_numbers__anything_else__is_malformed(text: str) -> None:
    with pytest.raises(ProofMalformed):
        read_numbers(text)
