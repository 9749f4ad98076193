"""Proves in a process of its own, which can be killed, and whose death ends nothing but its job.

Takes a task; gives a proof or the reason why there is none. The process opens a circuit when it first needs it, and
keeps it. It ends by itself when its parent is gone.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from zklink.protocol.errors import ToolFailed
from zklink.protocol.ids import Lane
from zklink.protocol.presets import get_preset
from zklink.prover.circuit_artifacts import open_circuit
from zklink.prover.cores import SpreadsOverCores
from zklink.prover.default_prover import open_prover
from zklink.prover.port import Prover
from zklink.prover.source import Statement
from zklink.service.proving.core_share import CoreShare
from zklink.service.proving.desk import Made, Task

STATEMENTS: Final = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}

OpenProver = Callable[[str, Lane], Prover]
"""Opens the prover of a preset's lane; a function of a module, for it is called in the other process."""


def open_native(preset: str, lane: Lane, keys: Path | None = None) -> Prover:
    """The fastest prover of this machine, with the proving keys of a folder or those of development."""
    return open_prover(open_circuit(get_preset(preset), STATEMENTS[lane], keys))


def choose_opener(keys: Path | None) -> OpenProver:
    """`open_native` with these keys."""
    return partial(open_native, keys=keys)


class ProcessEngine:
    """One process that proves one task at a time. `begin`, then `wait` until it gives something."""

    def __init__(self, opener: OpenProver = open_native, share: CoreShare | None = None) -> None:
        """With the share of the machine's cores that its workers have in common; alone by default."""
        self._opener, self._share = opener, share or CoreShare()
        self._process: Any = None
        self._pipe: Connection | None = None

    @property
    def pid(self) -> int | None:
        """The process; None if none runs."""
        return None if self._process is None else self._process.pid

    def begin(self, task: Task) -> None:
        """Start to prove. Raises ToolFailed if the process cannot be reached; the next call has a new one."""
        cores = self._share.begin(self, task.waiting)
        try:
            self._reach().send((task.preset, task.lane, task.inputs, cores))
        except (OSError, ValueError) as error:
            self.kill()
            raise ToolFailed("the process of the prover", type(error).__name__) from error

    def wait(self, seconds: float) -> Made | None:
        """The proof, or None if it takes longer. Raises ToolFailed if there will be none."""
        pipe = self._reach()
        try:
            if not pipe.poll(seconds):
                return None
            found = pipe.recv()
        except (EOFError, OSError) as error:
            self.kill()
            raise ToolFailed("the process of the prover", "it has died") from error
        self._share.end(self)
        if isinstance(found, str):
            raise ToolFailed("the prover", found)
        made: Made = found
        return made

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._share.end(self)
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None

    def _reach(self) -> Connection:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")
            self._pipe, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(theirs, self._opener, os.getpid()), daemon=True)
            self._process.start()
            theirs.close()
        return self._pipe


def _serve(pipe: Connection, opener: OpenProver, parent: int) -> None:
    """The life of the process."""
    provers: dict[tuple[str, Lane], Prover] = {}
    while True:
        while not pipe.poll(1.0):
            if os.getppid() != parent:
                return
        try:
            preset, lane, inputs, cores = pipe.recv()
        except EOFError:
            return
        try:
            prover = provers.get((preset, lane)) or opener(preset, lane)
            provers[preset, lane] = prover
            pipe.send(prove(prover, inputs, cores))
        except Exception as error:
            pipe.send(f"{type(error).__name__}: {error}")


def prove(prover: Prover, inputs: Any, cores: int) -> Made:
    """A proof of these inputs on so many cores, with the time that it took."""
    if isinstance(prover, SpreadsOverCores):
        prover.use_cores(cores)
    start = time.perf_counter()
    witness = prover.compute_witness(inputs)
    middle = time.perf_counter()
    proof = prover.prove_witness(witness)
    return Made(tuple(proof.evm()), middle - start, time.perf_counter() - middle)
