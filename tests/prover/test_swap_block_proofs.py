"""Real proofs of real swap blocks, by every hand they pass through: prover, local check, snarkjs, the contract."""

from __future__ import annotations

from functools import lru_cache

import pytest

from tests.support.upholds import upholds
from tests.support.verifiers import Statement, VyperVerifier
from zklink.bench.workload import build_block
from zklink.primitives.field import R
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.presets import COMPACT, MINIMAL, Preset
from zklink.prover.cache import project_root
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.snarkjs_backend import verify_with_snarkjs
from zklink.prover.tools import ensure_tools
from zklink.transition.swap_block import SwapBlock
from zklink.witness.swap_block import compute_inputs

GAS_OF_ONE = 221_000
"""Four inputs: the precompiles alone cost 205,600."""
GAS_OF_ANOTHER = 56_000


@lru_cache(maxsize=2)
def prover(preset: Preset) -> Groth16pyProver:
    return Groth16pyProver(ensure_circuit(preset))


@lru_cache(maxsize=2)
def block(preset: Preset) -> SwapBlock:
    return build_block(preset)


@lru_cache(maxsize=2)
def statements(preset: Preset, count: int) -> tuple[Statement, ...]:
    witness = prover(preset).compute_witness(compute_inputs(block(preset)))
    publics = witness.publics(4)
    return tuple(Statement(tuple(prover(preset).prove_witness(witness).evm()), publics) for _ in range(count))


@lru_cache(maxsize=1)
def verifier() -> VyperVerifier:
    return VyperVerifier((project_root() / "contracts/verifiers/SwapVerifierMinimal.vy").read_text(), 4)


def test_prove__full_block__publics_are_those_of_the_protocol() -> None:
    inputs = block(MINIMAL).inputs
    assert statements(MINIMAL, 2)[0].inputs == (inputs.commitment, inputs.z, inputs.lambda_, inputs.y)


def test_prove__full_block__accepted_by_snarkjs() -> None:
    witness = prover(MINIMAL).compute_witness(compute_inputs(block(MINIMAL)))
    proof = prover(MINIMAL).prove_witness(witness)
    vk_path = prover(MINIMAL).artifacts.vk_path
    assert verify_with_snarkjs(ensure_tools(), vk_path, proof, list(witness.publics(4)))
    assert not verify_with_snarkjs(ensure_tools(), vk_path, proof, [*witness.publics(3), 0])


def test_check_proofs__full_blocks__accepted_by_the_committed_verifier() -> None:
    assert verifier().verdict(statements(MINIMAL, 2)[:1]) is None
    assert verifier().verdict(statements(MINIMAL, 2)) is None


@upholds("VER-1", "VER-4")
@pytest.mark.parametrize("index", range(4))
def test_check_proofs__public_input_changed_or_aliased__refused(index: int) -> None:
    good = statements(MINIMAL, 2)[0]
    assert verifier().verdict([good.with_input(index, (good.inputs[index] + 1) % R)]) == "verifier: invalid proof"
    assert verifier().verdict([good.with_input(index, good.inputs[index] + R)]) == "verifier: input >= r"


@upholds("VER-6")
def test_check_proofs__proof_of_another_preset__refused() -> None:
    assert verifier().verdict(statements(COMPACT, 1)) == "verifier: invalid proof"


def test_check_proofs__block_proofs__gas_within_the_budget() -> None:
    one, two = (verifier().measure_gas(statements(MINIMAL, 2)[:count]) for count in (1, 2))
    sixteen = verifier().measure_gas([statements(MINIMAL, 2)[i % 2] for i in range(16)])
    assert one < GAS_OF_ONE
    assert two - one < 70_000  # scaling alpha and IC_0 comes with the second proof
    assert (sixteen - two) / 14 < GAS_OF_ANOTHER


@pytest.mark.parametrize("signal", ["commitment", "z", "lambda", "y", "new_root", "old_root", "number", "domain"])
def test_compute_witness__one_header_signal_changed__unsatisfied(signal: str) -> None:
    inputs = compute_inputs(block(MINIMAL))
    value = inputs[signal]
    assert isinstance(value, int)
    with pytest.raises(WitnessUnsatisfied):
        prover(MINIMAL).compute_witness({**inputs, signal: value ^ 1})
