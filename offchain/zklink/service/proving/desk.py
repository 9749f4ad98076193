"""Where provers get work: the port that a worker talks to, on the node's machine or on any other."""

from dataclasses import dataclass
from typing import Protocol

from zklink.protocol.ids import Lane
from zklink.witness.signals import Signals


@dataclass(frozen=True, slots=True)
class Task:
    """A job as a worker gets it: the inputs of one lane's circuit, at the sizes of a preset. The worker must say within
    `lease_seconds` that it is at work. So many other jobs were `waiting` for anyone when it got this one.
    """

    id: bytes
    attempt: int
    lane: Lane
    preset: str
    lease_seconds: float
    inputs: Signals
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """A proof as chains take it, eight numbers, and the seconds that it took."""

    proof: tuple[int, ...]
    witness_seconds: float
    proof_seconds: float


class ProofDesk(Protocol):
    """Port: gives jobs, takes proofs. Every call may raise a ZkLinkError; the worker then asks again later."""

    def lease(self, worker: str) -> Task | None:
        """A job, or None if there is none for this worker now."""
        ...

    def beat(self, worker: str, task: Task) -> bool:
        """The worker is still at it; false if it has the job no more and should drop it."""
        ...

    def publish(self, worker: str, task: Task, made: Made) -> None:
        """Hand over a proof. Raises ProofRefused if it proves something else, or nothing."""
        ...

    def give_up(self, worker: str, task: Task, reason: str) -> None:
        """The worker cannot do it; somebody else can have it at once."""
        ...
