"""What the steps of a block may cost, measured on a deployed system with real proofs.

The account lane's blocks are believed: no limit is of their proofs, whose verifier is generated from the same text
as the swap lane's, and they are the slowest to prove.
"""

from dataclasses import replace

from zklink.bench.bridge_gas import LIMITS, measure_gas
from zklink.devnet.world import World
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.deploy import load_verifiers
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.proof import Proof
from zklink.prover.source import Statement
from zklink.prover.witness_calculator import CircuitInputs


class Believed(Groth16pyProver):
    """Makes the witness of a block, and a proof for a verifier that believes it."""

    def prove(self, inputs: CircuitInputs) -> Proof:
        """Raises WitnessUnsatisfied."""
        self.compute_witness(inputs)
        return Proof.from_evm((0,) * 8)


def test_measure_gas__every_figure_with_a_limit__stays_below_it(world: World) -> None:
    provers = {
        each: Groth16pyProver(ensure_circuit(MINIMAL, statement=each)) for each in (Statement.SWAP, Statement.EXIT)
    }
    provers[Statement.ACCOUNT] = Believed(ensure_circuit(MINIMAL, statement=Statement.ACCOUNT))
    verifiers = replace(load_verifiers(MINIMAL), account=load_contract("AcceptAllVerifier"))

    figures = measure_gas(world, MINIMAL, provers, verifiers)

    assert {name: figures[name] for name, limit in LIMITS.items() if figures[name] >= limit} == {}
