"""The prover that the demo, the node and exits use: the native one; groth16py where that cannot run, or fails.

Takes a circuit's artifacts, gives proofs. Never gives a proof that has not been verified, whichever prover made it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from zklink.protocol.errors import ProofRejected, ProverPanicked, ProvingKeyInvalid
from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.cores import SpreadsOverCores
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.port import Prover
from zklink.prover.progress import SILENT, Progress
from zklink.prover.proof import Proof
from zklink.prover.witness_calculator import CircuitInputs, Witness


def open_prover(artifacts: CircuitArtifacts, progress: Progress = SILENT) -> Prover:
    """The fastest prover that this machine can run. The first one on a machine compiles code, for some seconds."""
    try:
        from zklink.prover.native.backend import NativeProver  # LLVM may be missing

        with progress.step(f"Opening the prover of {artifacts.name}"):
            return SecuredProver(NativeProver(artifacts), lambda: Groth16pyProver(artifacts))
    except (ImportError, OSError, RuntimeError, ProvingKeyInvalid):
        return Groth16pyProver(artifacts)


class SecuredProver:
    """A prover, and a second one that proves a witness again if the first one failed."""

    def __init__(self, first: Prover, make_second: Callable[[], Prover]) -> None:
        """The second prover is made when it is needed, and kept."""
        self._first = first
        self._make_second = make_second
        self._second: Prover | None = None
        self._lock = Lock()

    @property
    def artifacts(self) -> CircuitArtifacts:
        return self._first.artifacts

    def compute_witness(self, inputs: CircuitInputs) -> Witness:
        return self._first.compute_witness(inputs)

    def use_cores(self, count: int) -> None:
        """Tell the first prover, if it can make use of them."""
        if isinstance(self._first, SpreadsOverCores):
            self._first.use_cores(count)

    def prove_witness(self, witness: Witness) -> Proof:
        """A witness that proves nothing is rejected by both. Raises ProofRejected, ProverPanicked."""
        try:
            return self._first.prove_witness(witness)
        except (ProofRejected, ProverPanicked):
            return self._open_second().prove_witness(witness)

    def prove(self, inputs: CircuitInputs) -> Proof:
        return self.prove_witness(self.compute_witness(inputs))

    def _open_second(self) -> Prover:
        with self._lock:
            if self._second is None:
                self._second = self._make_second()
            return self._second
