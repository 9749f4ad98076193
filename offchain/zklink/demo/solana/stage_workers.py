"""The workers of the stage's node: each job runs at once, and proofs come two rounds later.

So whoever fills a payout comes before its block, as on a network, where a proof takes seconds.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, TypeVar

from zklink.node.workers import InlineWorkers, Outcome, run

T = TypeVar("T")

PROVING: Final = "prove"
"""How the names of the workers begin that prove."""
ROUNDS: Final = 2


class StageWorkers(InlineWorkers):
    """Runs each job at once on the caller's thread; after as many calls of `pass_round` a proof is collected."""

    def __init__(self) -> None:
        super().__init__()
        self._proofs: deque[tuple[int, str, Callable[[], None]]] = deque()
        self._round = 0

    def is_busy(self, worker: str) -> bool:
        return super().is_busy(worker) or any(worker == each for _, each, _ in self._proofs)

    def start(self, worker: str, job: Callable[[], T], done: Callable[[Outcome[T]], None]) -> None:
        if not worker.startswith(PROVING):
            super().start(worker, job, done)
            return
        outcome = run(job)
        self._proofs.append((self._round + ROUNDS, worker, lambda: done(outcome)))

    def pass_round(self) -> None:
        """A round passes."""
        self._round += 1
        while self._proofs and self._proofs[0][0] <= self._round:
            _, worker, hand_over = self._proofs.popleft()
            self._finished.append((worker, hand_over))
