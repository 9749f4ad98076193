"""A prover whose proofs are the same bytes at every run: takes development keys, whose secrets everybody knows.

It computes the witness, so that an input which no circuit accepts has no proof; then it forges the proof from the
secrets that the published seed gives. Never for production keys: they have no known secrets.
"""

import hashlib

from zksnake._algebra import ec_bn254

from zklink.primitives.field import R
from zklink.protocol.errors import ProofRejected
from zklink.prover.circuit_artifacts import CircuitArtifacts, check_artifacts
from zklink.prover.curve import Generators
from zklink.prover.proof import Proof, verify
from zklink.prover.setup import derive_secrets, hash_circuit
from zklink.prover.witness_calculator import CircuitInputs, Witness, WitnessCalculator

NAME = "fixed proofs"


class FixedProver:
    """Implements the prover's port. A proof depends on the public inputs alone, and takes milliseconds."""

    def __init__(self, artifacts: CircuitArtifacts) -> None:
        check_artifacts(artifacts)
        self._artifacts = artifacts
        self._calculator = WitnessCalculator(artifacts.circuit)
        self._secrets = derive_secrets(hash_circuit(artifacts.circuit))
        self._generators = Generators()

    @property
    def artifacts(self) -> CircuitArtifacts:
        return self._artifacts

    def compute_witness(self, inputs: CircuitInputs) -> Witness:
        return self._calculator.compute(inputs)

    def prove_witness(self, witness: Witness) -> Proof:
        return self.forge(witness.publics(self._artifacts.vk.input_count))

    def prove(self, inputs: CircuitInputs) -> Proof:
        return self.prove_witness(self.compute_witness(inputs))

    def forge(self, publics: tuple[int, ...]) -> Proof:
        """With any a and b: c = (a b - alpha beta - gamma x) / delta, where x is the key's combination of the
        inputs.
        """
        secrets = self._secrets
        a, b = (_derive(name, publics) for name in ("a", "b"))
        by_delta = pow(secrets.delta, -1, R)
        point = _point(self._generators.g1((a * b - secrets.alpha * secrets.beta) * by_delta % R))
        for factor, base in zip((1, *publics), self._artifacts.vk.ic, strict=True):
            point += _point(base) * (-secrets.gamma * by_delta * factor % R)
        proof = Proof(self._generators.g1(a), self._generators.g2(b), (int(point.x), int(point.y)))
        if not verify(self._artifacts.vk, proof, publics):
            raise ProofRejected(self._artifacts.name, NAME)
        return proof


def _point(coordinates: tuple[int, int]) -> ec_bn254.PointG1:
    return ec_bn254.PointG1(*coordinates)


def _derive(name: str, publics: tuple[int, ...]) -> int:
    text = name.encode() + b"".join(value.to_bytes(32, "big") for value in publics)
    return int.from_bytes(hashlib.sha512(text).digest(), "big") % R
