"""The project's own prover, in machine code on all cores; see `sums` for where its time goes.

Takes a `.zkey` and a witness, gives a proof that has been verified. What it computes is checked by nothing else on the
way: a wrong sum is a proof that does not verify, and that never leaves.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import LifoQueue

from zksnake._algebra import ec_bn254

from zklink.primitives.field import R
from zklink.primitives.native.layout import Layout, best_layout
from zklink.protocol.errors import ProofRejected, ProverPanicked
from zklink.prover.circuit_artifacts import CircuitArtifacts, check_artifacts
from zklink.prover.cores import count_cores
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.native.kernels import Kernels, load_kernels
from zklink.prover.native.memory import Buffer
from zklink.prover.native.quotient import Domain, Quotient
from zklink.prover.native.sums import (
    Bases,
    Digits,
    Shape,
    Workspace,
    choose_width,
    compute_digits,
    decode_g1,
    decode_g2,
    fold_windows,
)
from zklink.prover.native.zkey import ProvingKey, read_key
from zklink.prover.panics import panics_as
from zklink.prover.proof import Proof, verify
from zklink.prover.witness_calculator import CircuitInputs, Witness, WitnessCalculator

NAME = "native"


class NativeProver:
    """Holds the proving key in memory. Proofs may run side by side; they share the threads and their workspaces."""

    def __init__(self, artifacts: CircuitArtifacts, layout: Layout | None = None, threads: int | None = None) -> None:
        """By default the fastest layout of this processor and as many threads as it has cores. Raises what
        `check_artifacts` raises, CalculatorInvalid, ProvingKeyInvalid.
        """
        check_artifacts(artifacts)
        self._artifacts = artifacts
        self._calculator = WitnessCalculator(artifacts.circuit)
        self._kernels = load_kernels(best_layout() if layout is None else layout)
        self._key = read_key(artifacts.zkey, self._kernels)
        self._domain = Domain(self._kernels, self._key.domain)
        self._most = count_cores() if threads is None else threads
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self.use_cores(self._most)
        self._workspaces = _Workspaces(self._kernels, self._key, self._most)

    @property
    def artifacts(self) -> CircuitArtifacts:
        return self._artifacts

    def compute_witness(self, inputs: CircuitInputs) -> Witness:
        return self._calculator.compute(inputs)

    def use_cores(self, count: int) -> None:
        """Make the next proofs on so many threads, from 1 on; at most as many as it was opened with."""
        count = min(count, self._most)
        if count not in self._pools:
            self._pools[count] = ThreadPoolExecutor(count, thread_name_prefix="zklink-prover")
        self._pool = self._pools[count]

    def prove_witness(self, witness: Witness) -> Proof:
        if len(witness) != self._key.wires:
            raise ProofRejected(self._artifacts.name, NAME)
        with panics_as(lambda detail: ProverPanicked(self._artifacts.name, NAME, str(self._artifacts.zkey), detail)):
            proof = self._prove(Buffer.copy(witness.data))
        if not verify(self._artifacts.vk, proof, witness.publics(self._artifacts.vk.input_count)):
            raise ProofRejected(self._artifacts.name, NAME)
        return proof

    def prove(self, inputs: CircuitInputs) -> Proof:
        return self.prove_witness(self.compute_witness(inputs))

    def _prove(self, witness: Buffer) -> Proof:
        key, pool = self._key, self._pool
        width = self._workspaces.width
        quotient = Quotient(self._domain, key.matrices, witness, pool)
        digits = compute_digits(self._kernels, witness, width)
        b, a, b_1, c = (self._start(pool, bases, digits) for bases in (key.b, key.a, key.b_1, key.c))
        h = self._start(pool, key.h, compute_digits(self._kernels, quotient.compute_scalars(), width))
        return _assemble(key, decode_g1(a()), decode_g1(b_1()), decode_g2(b()), (decode_g1(c()), decode_g1(h())))

    def _start(self, pool: ThreadPoolExecutor, bases: Bases, digits: Digits) -> Callable[[], bytes]:
        """Start a sum; what is returned waits for it."""
        jobs = [pool.submit(self._workspaces.sum_window, bases, digits, i) for i in range(digits.windows)]

        def finish(jobs: list[Future[bytes]] = jobs) -> bytes:
            windows = [job.result() for job in jobs]
            return fold_windows(self._kernels, self._workspaces.shapes[bases.degree], windows)

        return finish


class _Workspaces:
    """One for each thread and group, shared by all proofs of a key."""

    def __init__(self, kernels: Kernels, key: ProvingKey, threads: int) -> None:
        self.width = choose_width(sum(bases.count for bases in key.sums) // len(key.sums))
        self.shapes = {degree: Shape(key.largest, self.width, degree) for degree in (1, 2)}
        self._free: dict[int, LifoQueue[Workspace]] = {}
        for degree, shape in self.shapes.items():
            self._free[degree] = LifoQueue()
            for _ in range(threads):
                self._free[degree].put(Workspace(kernels, shape))

    def sum_window(self, bases: Bases, digits: Digits, window: int) -> bytes:
        with self._borrow(bases.degree) as workspace:
            return workspace.sum_window(bases, digits, window)

    @contextmanager
    def _borrow(self, degree: int) -> Iterator[Workspace]:
        workspace = self._free[degree].get()
        try:
            yield workspace
        finally:
            self._free[degree].put(workspace)


def _assemble(key: ProvingKey, a: PointG1, b_1: PointG1, b: PointG2, c: tuple[PointG1, PointG1]) -> Proof:
    """The proof from its sums, blinded (Groth, "On the size of pairing-based non-interactive arguments", 2016)."""
    r, s = secrets.randbelow(R), secrets.randbelow(R)
    delta = _g1(key.delta_1)
    first = _g1(a) + _g1(key.alpha) + delta * r
    second = _g2(b) + _g2(key.beta) + _g2(key.delta) * s
    second_1 = _g1(b_1) + _g1(key.beta_1) + delta * s
    third = _g1(c[0]) + _g1(c[1]) + first * s + second_1 * r + delta * ((R - r * s) % R)
    (x0, x1), (y0, y1) = second.x, second.y
    return Proof((int(first.x), int(first.y)), ((int(x0), int(x1)), (int(y0), int(y1))), (int(third.x), int(third.y)))


def _g1(point: PointG1) -> ec_bn254.PointG1:
    return ec_bn254.PointG1(*point) if any(point) else ec_bn254.PointG1.identity()


def _g2(point: PointG2) -> ec_bn254.PointG2:
    (x0, x1), (y0, y1) = point
    return ec_bn254.PointG2(x0, x1, y0, y1) if any((x0, x1, y0, y1)) else ec_bn254.PointG2.identity()
