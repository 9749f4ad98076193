"""The cross-check: the same key and witness proven by snarkjs, an independent implementation, in its own process."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from zklink.protocol.errors import ProofRejected, ToolFailed
from zklink.prover.circuit_artifacts import CircuitArtifacts, check_artifacts
from zklink.prover.progress import SILENT, Progress
from zklink.prover.proof import Proof, verify
from zklink.prover.tools import Tools, ensure_tools, run_snarkjs
from zklink.prover.witness_calculator import CircuitInputs, Witness, WitnessCalculator

NAME = "snarkjs"


class SnarkjsProver:
    """Same port as the default prover; slower, and it starts node for each proof."""

    def __init__(self, artifacts: CircuitArtifacts, progress: Progress = SILENT) -> None:
        check_artifacts(artifacts)
        self._artifacts = artifacts
        self._calculator = WitnessCalculator(artifacts.circuit)
        self._tools = ensure_tools(progress)

    @property
    def artifacts(self) -> CircuitArtifacts:
        return self._artifacts

    def compute_witness(self, inputs: CircuitInputs) -> Witness:
        return self._calculator.compute(inputs)

    def prove_witness(self, witness: Witness) -> Proof:
        with tempfile.TemporaryDirectory(prefix="zklink-") as name:
            directory = Path(name)
            witness.write_wtns(directory / "witness.wtns")
            files = ["witness.wtns", "proof.json", "public.json"]
            run_snarkjs(self._tools, ["groth16", "prove", str(self._artifacts.zkey), *files], cwd=directory)
            proof = Proof.from_snarkjs((directory / "proof.json").read_text())
        if not verify(self._artifacts.vk, proof, witness.publics(self._artifacts.vk.input_count)):
            raise ProofRejected(self._artifacts.name, NAME)
        return proof

    def prove(self, inputs: CircuitInputs) -> Proof:
        return self.prove_witness(self.compute_witness(inputs))


def verify_with_snarkjs(tools: Tools, vk_path: Path, proof: Proof, publics: list[int]) -> bool:
    """snarkjs' own verdict on a proof."""
    with tempfile.TemporaryDirectory(prefix="zklink-") as name:
        directory = Path(name)
        (directory / "proof.json").write_text(proof.to_snarkjs())
        (directory / "public.json").write_text(json.dumps([str(value) for value in publics]))
        try:
            said = run_snarkjs(tools, ["groth16", "verify", str(vk_path), "public.json", "proof.json"], cwd=directory)
        except ToolFailed as error:
            if "Invalid proof" in error.output:
                return False
            raise
    return "OK" in said
