"""Which prover is used: the native one, and groth16py where the native one cannot run or fails."""

from __future__ import annotations

from functools import lru_cache

import pytest

from tests.support.foreign_circuit import chain_source
from zklink.protocol.errors import ProofRejected, ProvingKeyInvalid
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_artifacts
from zklink.prover.default_prover import SecuredProver, open_prover
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.native import backend
from zklink.prover.native.backend import NativeProver
from zklink.prover.port import Prover
from zklink.prover.proof import Proof, verify
from zklink.prover.witness_calculator import CircuitInputs, Witness

INPUTS = {"seed": 3, "factor": 5, "secret": 7}


@lru_cache(maxsize=1)
def artifacts() -> CircuitArtifacts:
    return ensure_artifacts(chain_source(20))


class Failing:
    """A prover whose proofs are all rejected; it counts them."""

    def __init__(self) -> None:
        self.artifacts = artifacts()
        self.proofs = 0

    def compute_witness(self, inputs: CircuitInputs) -> Witness:
        return Groth16pyProver(self.artifacts).compute_witness(inputs)

    def prove_witness(self, witness: Witness) -> Proof:
        self.proofs += 1
        raise ProofRejected(self.artifacts.name, "failing")

    def prove(self, inputs: CircuitInputs) -> Proof:
        return self.prove_witness(self.compute_witness(inputs))


def unreachable() -> Prover:
    raise AssertionError("the second prover is not needed")


def test_open_prover__this_machine__proof_verifies() -> None:
    prover = open_prover(artifacts())
    assert isinstance(prover, SecuredProver)
    assert verify(artifacts().vk, prover.prove(INPUTS), prover.compute_witness(INPUTS).publics(3))


@pytest.mark.parametrize("error", [RuntimeError(), OSError(), ImportError(), ProvingKeyInvalid("key", "bad")])
def test_open_prover__native_one_cannot_run__groth16py(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(backend, "read_key", refuse)
    prover = open_prover(artifacts())
    assert isinstance(prover, Groth16pyProver)
    assert verify(artifacts().vk, prover.prove(INPUTS), prover.compute_witness(INPUTS).publics(3))


def test_prove__first_prover_succeeds__second_is_not_opened() -> None:
    prover = SecuredProver(NativeProver(artifacts()), unreachable)
    assert verify(artifacts().vk, prover.prove(INPUTS), prover.compute_witness(INPUTS).publics(3))


def test_prove__first_prover_fails__second_proves_and_is_kept() -> None:
    first, opened = Failing(), 0

    def make_second() -> Prover:
        nonlocal opened
        opened += 1
        return Groth16pyProver(artifacts())

    prover = SecuredProver(first, make_second)
    for _ in range(2):
        assert verify(artifacts().vk, prover.prove(INPUTS), prover.compute_witness(INPUTS).publics(3))
    assert (first.proofs, opened) == (2, 1)


def test_prove_witness__tampered__rejected_by_both() -> None:
    prover = open_prover(artifacts())
    data = prover.compute_witness(INPUTS).data
    with pytest.raises(ProofRejected, match="groth16py"):
        prover.prove_witness(Witness(data[:320] + (12345).to_bytes(32, "little") + data[352:]))
