"""The prover's port: inputs in, verified proof out. Any implementation serves the pipeline."""

from __future__ import annotations

from typing import Protocol

from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.proof import Proof
from zklink.prover.witness_calculator import CircuitInputs, Witness


class Prover(Protocol):
    """Proves one circuit. Every proof has been verified locally before it is returned."""

    @property
    def artifacts(self) -> CircuitArtifacts:
        """The circuit and the keys that it proves with."""
        ...

    def compute_witness(self, inputs: CircuitInputs) -> Witness:
        """The witness of these inputs. Raises WitnessInputInvalid, WitnessUnsatisfied."""
        ...

    def prove_witness(self, witness: Witness) -> Proof:
        """A verified proof of a witness. Raises ProofRejected, ProverPanicked, ToolFailed."""
        ...

    def prove(self, inputs: CircuitInputs) -> Proof:
        """A verified proof of these inputs: both steps, with the errors of both."""
        ...
