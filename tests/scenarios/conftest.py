"""The pipeline of scenario tests: real contracts, the smallest circuit, real proofs."""

from collections.abc import Iterator

import pytest

from tests.scenarios.pipeline import Pipeline
from zklink.devnet.system import LocalSystem
from zklink.node.adapters import CircuitProver
from zklink.protocol.presets import MINIMAL
from zklink.prover.artifacts import ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver


@pytest.fixture(scope="session")
def circuit_prover() -> CircuitProver:
    """The default prover on the smallest preset; compiled and keyed at the first use on a machine."""
    return CircuitProver(Groth16pyProver(ensure_circuit(MINIMAL)))


@pytest.fixture
def pipeline(system: LocalSystem, circuit_prover: CircuitProver) -> Iterator[Pipeline]:
    """A node with a broker on the deployed system."""
    pipeline = Pipeline(system, circuit_prover)
    yield pipeline
    pipeline.node.close()
