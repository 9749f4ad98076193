"""The figures under `snapshots/`: what is compared, how a change reads, and that sizes are those of chains.

Gas is compared in tests/contracts/test_gas.py, code sizes and constraints by `make check`.
"""

from pathlib import Path

import pytest

from zklink.bench.registry_gas import load_contracts
from zklink.bench.snapshots import (
    FOLDER,
    PARTS,
    describe_changes,
    measure_code_sizes,
    read_snapshot,
    write_snapshot,
)
from zklink.bench.workload import build_exit
from zklink.cli import snapshots as command
from zklink.devnet.system import LocalSystem
from zklink.lab.gates.figures import Change, find_changes
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.proof import verify
from zklink.prover.source import Statement
from zklink.witness import exit


def test_parts__each_one__is_committed_and_offered_by_the_command() -> None:
    assert tuple(PARTS) == command.PARTS
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(PARTS)
    assert all(read_snapshot(part) for part in PARTS)


def test_write_snapshot__then_read__gives_the_figures(tmp_path: Path) -> None:
    write_snapshot("gas", {"b": 2, "a": 1}, tmp_path)
    assert (tmp_path / "gas.json").read_text() == '{\n "a": 1,\n "b": 2\n}\n'
    assert read_snapshot("gas", tmp_path) == {"a": 1, "b": 2}
    assert read_snapshot("code_size", tmp_path) == {}


def test_find_changes__other_new_and_gone__are_all_told() -> None:
    changes = find_changes({"same": 1, "other": 200, "gone": 3}, {"same": 1, "other": 203, "new": 1_000})
    assert [str(change) for change in changes] == ["gone: gone, was 3", "new: new, 1,000", "other: 200 -> 203 (+1.50%)"]


def test_find_changes__one_gas_less__is_told() -> None:
    assert find_changes({"swap": 100_000}, {"swap": 99_999}) == [Change("swap", 100_000, 99_999)]


def test_describe_changes__some__name_the_file_and_the_command_that_accepts() -> None:
    assert describe_changes("gas", []) == ""
    said = describe_changes("gas", [Change("swap", 100, 110)])
    assert said.splitlines() == [
        "gas is not what snapshots/gas.json says:",
        "  swap: 100 -> 110 (+10.00%)",
        "to accept: make snapshots ARGS=gas",
    ]


def test_code_sizes__every_contract_of_a_deployment__are_those_on_the_chain(system: LocalSystem) -> None:
    sizes = measure_code_sizes()
    seen = set[str]()
    for chain in (system.deployment.primary, system.deployment.members[0]):
        for address, artifact in load_contracts(system, chain).values():
            deployed = system.world[chain].w3.eth.get_code(address)  # type: ignore[arg-type]
            assert len(deployed) == sizes[artifact.name], artifact.name
            seen.add(artifact.name)
    assert seen >= {"PrimaryHistory", "MemberHistory", "PrimaryEnd", "MemberEnd"}


@pytest.fixture(scope="module")
def prover() -> FixedProver:
    return FixedProver(ensure_circuit(MINIMAL, statement=Statement.EXIT))


def test_fixed_prover__same_inputs__gives_the_same_valid_proof(prover: FixedProver) -> None:
    inputs = exit.compute_inputs(build_exit(MINIMAL), None, 1)
    proof = prover.prove(inputs)
    publics = prover.compute_witness(inputs).publics(prover.artifacts.vk.input_count)
    assert proof == prover.prove(inputs)
    assert verify(prover.artifacts.vk, proof, publics)
    assert prover.forge((*publics[:-1], publics[-1] + 1)) != proof


def test_fixed_prover__inputs_that_no_witness_fits__gives_none(prover: FixedProver) -> None:
    inputs = dict(exit.compute_inputs(build_exit(MINIMAL), None, 1))
    inputs["amount_a"] = 1
    with pytest.raises(WitnessUnsatisfied):
        prover.prove(inputs)
