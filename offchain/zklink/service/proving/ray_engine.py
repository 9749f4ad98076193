"""Proves on a Ray cluster: one actor that keeps its circuits open, wherever the cluster has a core for it.

Takes a task; gives a proof or the reason why there is none. An actor or a machine that dies costs its job. Nobody on
the cluster is trusted: the pool verifies what comes. The cluster's machines need `zklink[node,ray]` of this version.
"""

import socket
from typing import Any, Final

from zklink.protocol.errors import ExtraMissing, ToolFailed
from zklink.protocol.ids import Lane
from zklink.prover.port import Prover
from zklink.service.proving.core_share import CoreShare
from zklink.service.proving.desk import Made, Task
from zklink.service.proving.engine import OpenProver, open_native, prove

try:
    import ray
except ImportError:
    ray = None

REACH_SECONDS: Final = 5.0


class RayEngine:
    """One actor that proves one task at a time. `begin`, then `wait` until it gives something."""

    def __init__(self, address: str, opener: OpenProver = open_native, share: CoreShare | None = None) -> None:
        """`address` is a cluster's as Ray takes it, `auto` for the one of this machine, `local` for one that is started
        here and ends with this process. Raises ExtraMissing without Ray, ToolFailed if there is no such cluster.
        """
        if ray is None:
            raise ExtraMissing("ray", "a prover on Ray")
        if not ray.is_initialized():
            try:
                _check_reachable(address)
                ray.init(address=address, log_to_driver=False, include_dashboard=False if address == "local" else None)
            except (OSError, ValueError, RuntimeError) as error:
                raise ToolFailed(f"the Ray cluster {address}", str(error)) from error
        self._opener, self._share = opener, share or CoreShare()
        self.actor: Any = None
        """The actor; None if none runs."""
        self._result: Any = None

    def begin(self, task: Task) -> None:
        """Start to prove."""
        cores = self._share.begin(self, task.waiting)
        self._result = self._reach().prove.remote(task.preset, task.lane, task.inputs, cores)

    def wait(self, seconds: float) -> Made | None:
        """The proof, or None if it takes longer. Raises ToolFailed if there will be none."""
        ready, _ = ray.wait([self._result], timeout=seconds)
        if not ready:
            return None
        self._share.end(self)
        try:
            made: Made = ray.get(self._result)
        except ray.exceptions.RayTaskError as error:
            raise ToolFailed("the prover", f"{type(error.cause).__name__}: {error.cause}") from error
        except ray.exceptions.RayError as error:
            self.kill()
            raise ToolFailed("the actor of the prover", type(error).__name__) from error
        return made

    def kill(self) -> None:
        """End the actor, whatever it does; the next task has a new one."""
        self._share.end(self)
        if self.actor is not None:
            ray.kill(self.actor)
        self.actor = self._result = None

    def _reach(self) -> Any:
        if self.actor is None:
            self.actor = ray.remote(num_cpus=1, max_restarts=0)(_Actor).remote(self._opener)
        return self.actor


def _check_reachable(address: str) -> None:
    """Ray itself tries a wrong address for minutes. Raises OSError."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), REACH_SECONDS).close()


class _Actor:
    """The life of the process on the cluster."""

    def __init__(self, opener: OpenProver) -> None:
        self._opener = opener
        self._provers: dict[tuple[str, Lane], Prover] = {}

    def prove(self, preset: str, lane: Lane, inputs: Any, cores: int) -> Made:
        """The proof."""
        if (preset, lane) not in self._provers:
            self._provers[preset, lane] = self._opener(preset, lane)
        return prove(self._provers[preset, lane], inputs, cores)
