"""Proofs of the project's own circuits by the native prover, in both layouts, through every verifier.

The law: what it returns is accepted here, by snarkjs and by the committed contract; side by side as well as alone.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from tests.prover.native.workbench import LAYOUTS
from tests.support.foreign_circuit import chain_source
from tests.support.verifiers import Statement as Proven
from tests.support.verifiers import VyperVerifier
from zklink.bench.workload import build_account_block, build_block, build_exit
from zklink.primitives.native.layout import Layout
from zklink.protocol.errors import ProofRejected
from zklink.protocol.presets import MINIMAL
from zklink.prover.cache import project_root
from zklink.prover.circuit_artifacts import ensure_artifacts, ensure_circuit
from zklink.prover.cores import SpreadsOverCores
from zklink.prover.native.backend import NativeProver
from zklink.prover.proof import verify
from zklink.prover.snarkjs_backend import verify_with_snarkjs
from zklink.prover.source import Statement
from zklink.prover.tools import ensure_tools
from zklink.prover.witness_calculator import Witness, WitnessCalculator
from zklink.witness import account_block, exit, swap_block

INPUTS = {Statement.SWAP: 4, Statement.ACCOUNT: 4, Statement.EXIT: 5}
DOMAIN = 7


@cache
def compute_witness(statement: Statement) -> Witness:
    calculator = WitnessCalculator(ensure_circuit(MINIMAL, statement=statement).circuit)
    if statement is Statement.SWAP:
        return calculator.compute(swap_block.compute_inputs(build_block(MINIMAL)))
    if statement is Statement.ACCOUNT:
        return calculator.compute(account_block.compute_inputs(build_account_block(MINIMAL)))
    return calculator.compute(exit.compute_inputs(build_exit(MINIMAL), None, DOMAIN))


@cache
def verifier(statement: Statement) -> VyperVerifier:
    path = project_root() / f"contracts/verifiers/{statement.capitalize()}VerifierMinimal.vy"
    return VyperVerifier(path.read_text(), INPUTS[statement])


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.value)
@pytest.mark.parametrize("statement", INPUTS)
def test_prove_witness__full_statement__accepted_everywhere(layout: Layout, statement: Statement) -> None:
    prover = NativeProver(ensure_circuit(MINIMAL, statement=statement), layout)
    witness = compute_witness(statement)
    proof, publics = prover.prove_witness(witness), witness.publics(INPUTS[statement])
    assert verify(prover.artifacts.vk, proof, publics)
    assert verifier(statement).verdict([Proven(tuple(proof.evm()), publics)]) is None
    assert verify_with_snarkjs(ensure_tools(), prover.artifacts.vk_path, proof, list(publics))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.value)
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_prove_witness__many_at_once__each_is_right(layout: Layout, threads: int) -> None:
    prover = NativeProver(ensure_artifacts(chain_source(20)), layout, threads)
    witnesses = [prover.compute_witness({"seed": seed, "factor": 5, "secret": 7}) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        proofs = list(pool.map(prover.prove_witness, witnesses))
    for proof, witness in zip(proofs, witnesses, strict=True):
        assert verify(prover.artifacts.vk, proof, witness.publics(3))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.value)
def test_prove_witness__witness_of_another_length__rejected(layout: Layout) -> None:
    prover = NativeProver(ensure_artifacts(chain_source(20)), layout)
    data = prover.compute_witness({"seed": 3, "factor": 5, "secret": 7}).data
    for other in (b"", data[:-32], data + bytes(32)):
        with pytest.raises(ProofRejected):
            prover.prove_witness(Witness(other))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.value)
@pytest.mark.parametrize("wire", [0, 1, 10])
def test_prove_witness__numbers_beyond_the_field__rejected(layout: Layout, wire: int) -> None:
    prover = NativeProver(ensure_artifacts(chain_source(20)), layout)
    data = prover.compute_witness({"seed": 3, "factor": 5, "secret": 7}).data
    with pytest.raises(ProofRejected):
        prover.prove_witness(Witness(data[: 32 * wire] + b"\xff" * 32 + data[32 * (wire + 1) :]))


def test_use_cores__one_then_more_than_there_are__proofs_of_both_hold() -> None:
    prover = NativeProver(ensure_artifacts(chain_source(20)), threads=2)
    witness = prover.compute_witness({"seed": 3, "factor": 5, "secret": 7})
    for count in (1, 9, 1):
        prover.use_cores(count)
        assert verify(prover.artifacts.vk, prover.prove_witness(witness), witness.publics(3))
    assert isinstance(prover, SpreadsOverCores)
