"""The prover beside the native one: arkworks in the groth16py wheel, one thread per proof, the interpreter is free."""

from __future__ import annotations

import tempfile
from pathlib import Path

import groth16py

from zklink.protocol.errors import ProofRejected, ProverPanicked, ProvingKeyInvalid
from zklink.prover.circuit_artifacts import CircuitArtifacts, check_artifacts
from zklink.prover.panics import panics_as
from zklink.prover.proof import COORDINATES, Proof, verify
from zklink.prover.witness_calculator import CircuitInputs, Witness, WitnessCalculator

NAME = "groth16py"


class Groth16pyProver:
    """Holds the proving key in memory."""

    def __init__(self, artifacts: CircuitArtifacts) -> None:
        """Raises what `check_artifacts` raises, CalculatorInvalid, ProvingKeyInvalid, ProverPanicked."""
        check_artifacts(artifacts)
        self._artifacts = artifacts
        self._calculator = WitnessCalculator(artifacts.circuit)
        try:
            with panics_as(self._give_up):
                self._key, _ = groth16py.import_zkey(str(artifacts.zkey))
        except (groth16py.SetupError, groth16py.EncodingError, OSError) as error:
            raise ProvingKeyInvalid(str(artifacts.zkey), str(error)) from error

    @property
    def artifacts(self) -> CircuitArtifacts:
        return self._artifacts

    def compute_witness(self, inputs: CircuitInputs) -> Witness:
        return self._calculator.compute(inputs)

    def prove_witness(self, witness: Witness) -> Proof:
        if len(witness) != self._calculator.wires:  # the wheel would panic
            raise ProofRejected(self._artifacts.name, NAME)
        with tempfile.TemporaryDirectory(prefix="zklink-") as directory:
            path = Path(directory) / "witness.wtns"
            witness.write_wtns(path)
            try:
                with panics_as(self._give_up):
                    blob = groth16py.prove_wtns(self._key, str(path))
            except (groth16py.WitnessError, groth16py.EncodingError) as error:
                raise ProofRejected(self._artifacts.name, NAME) from error
        size = len(blob) // COORDINATES
        proof = Proof.from_evm([int.from_bytes(blob[i : i + size], "big") for i in range(0, len(blob), size)])
        if not verify(self._artifacts.vk, proof, witness.publics(self._artifacts.vk.input_count)):
            raise ProofRejected(self._artifacts.name, NAME)
        return proof

    def _give_up(self, detail: str) -> ProverPanicked:
        return ProverPanicked(self._artifacts.name, NAME, str(self._artifacts.zkey), detail)

    def prove(self, inputs: CircuitInputs) -> Proof:
        return self.prove_witness(self.compute_witness(inputs))
