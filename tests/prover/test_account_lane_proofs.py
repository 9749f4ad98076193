"""Real proofs of an account block and of an exit: prover, snarkjs, and the committed contracts of preset `minimal`."""

from functools import cache

import pytest

from tests.support.account_scene import ALICE, BOB, TIMESTAMP, X, apply, build_state, owner_of, signed
from tests.support.upholds import upholds
from tests.support.verifiers import Statement as Proven
from tests.support.verifiers import VyperVerifier
from zklink.operations.transfer import Transfer
from zklink.primitives.field import Q, R
from zklink.protocol.ids import Amount, ChainId, Nonce
from zklink.protocol.presets import MINIMAL
from zklink.prover.cache import project_root
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.snarkjs_backend import verify_with_snarkjs
from zklink.prover.source import Statement
from zklink.prover.tools import ensure_tools
from zklink.prover.witness_calculator import CircuitInputs
from zklink.transition.exit import compute_exit
from zklink.witness import account_block
from zklink.witness import exit as exit_witness

INPUTS = {Statement.ACCOUNT: 4, Statement.EXIT: 5}
LANE = tuple(INPUTS)


@cache
def compute_inputs(statement: Statement) -> CircuitInputs:
    state = build_state()
    if statement is Statement.EXIT:
        return exit_witness.compute_inputs(compute_exit(state, ALICE, X, ChainId(1)), None, domain=7)
    operation = Transfer(ALICE, Nonce(5), TIMESTAMP, X, Amount(500), Amount(70), owner_of(BOB))
    return account_block.compute_inputs(apply(state, signed(operation)))


@cache
def prove(statement: Statement) -> Proven:
    """A proof, which snarkjs takes as well."""
    prover = Groth16pyProver(ensure_circuit(MINIMAL, statement=statement))
    witness = prover.compute_witness(compute_inputs(statement))
    proof, publics = prover.prove_witness(witness), witness.publics(INPUTS[statement])
    assert verify_with_snarkjs(ensure_tools(), prover.artifacts.vk_path, proof, list(publics))
    return Proven(tuple(proof.evm()), publics)


@cache
def verifier(statement: Statement) -> VyperVerifier:
    path = project_root() / f"contracts/verifiers/{statement.capitalize()}VerifierMinimal.vy"
    return VyperVerifier(path.read_text(), INPUTS[statement])


@pytest.mark.parametrize("statement", LANE)
def test_prove__an_honest_statement__accepted_by_the_committed_verifier(statement: Statement) -> None:
    assert verifier(statement).verdict([prove(statement)]) is None


@upholds("VER-1", "VER-4")
@pytest.mark.parametrize("statement", LANE)
def test_check_proofs__any_public_input_changed__refused(statement: Statement) -> None:
    good = prove(statement)
    for index, value in enumerate(good.inputs):
        assert verifier(statement).verdict([good.with_input(index, (value + 1) % R)]) == "verifier: invalid proof"
        assert verifier(statement).verdict([good.with_input(index, value + R)]) == "verifier: input >= r"


@upholds("VER-1")
@pytest.mark.parametrize("statement", LANE)
def test_check_proofs__any_coordinate_changed__refused(statement: Statement) -> None:
    """Off its curve or not below q; and C of A's value, which is on its curve."""
    good = prove(statement)
    for index, value in enumerate(good.proof):
        assert verifier(statement).verdict([good.with_coordinate(index, (value + 1) % Q)]) is not None
        assert verifier(statement).verdict([good.with_coordinate(index, value + Q)]) == "verifier: coordinate >= q"
    assert verifier(statement).verdict([good.with_c((good.proof[0], good.proof[1]))]) == "verifier: invalid proof"


@upholds("VER-6")
def test_check_proofs__proof_of_the_other_lane__refused() -> None:
    """The swap verifier has as many inputs; a key is good for one circuit."""
    swap = VyperVerifier((project_root() / "contracts/verifiers/SwapVerifierMinimal.vy").read_text(), 4)
    assert swap.verdict([prove(Statement.ACCOUNT)]) == "verifier: invalid proof"
