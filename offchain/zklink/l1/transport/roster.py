"""The nodes of one chain and how well each has answered: who is asked first, and who is left alone for a while.

Takes what nodes did; gives an order. Whatever a node speaks, it does not know. Never asks one.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from zklink.l1.transport.meters import NodeMeter
from zklink.protocol.errors import NodesDisagree

log = logging.getLogger(__name__)

MOST_DOUBLINGS: Final = 30

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """quorum: how many nodes must say the same about what decides about money; 1 trusts whichever answers.
    rest_seconds: how long a node rests after its first failure, doubled after each up to longest_rest_seconds.
    """

    quorum: int = 1
    rest_seconds: float = 1.0
    longest_rest_seconds: float = 60.0


@dataclass(slots=True, eq=False)
class KnownNode(Generic[P]):
    """One node and what was learned about it. `name` is its host, `provider` the way to it; `alone_until` is how long
    it has asked to be left alone itself.
    """

    name: str
    provider: P
    rest_until: float = float("-inf")
    alone_until: float = float("-inf")
    failures: int = 0
    height: int = -1
    is_checked: bool = False
    meter: NodeMeter = field(default_factory=NodeMeter)


class Roster(Generic[P]):
    """The nodes of the chain `name`, in the order given."""

    def __init__(
        self,
        name: str,
        nodes: Sequence[KnownNode[P]],
        policy: PoolPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises NodesDisagree for fewer nodes than the quorum."""
        self.name, self.nodes, self.policy, self.clock = name, tuple(nodes), policy or PoolPolicy(), clock
        for node in self.nodes:
            node.meter.clock = clock
        if not 1 <= self.policy.quorum <= len(self.nodes):
            raise NodesDisagree(name, "any question", self.policy.quorum, len(self.nodes))

    def ready(self) -> list[KnownNode[P]]:
        """The nodes that do not rest, those that failed last behind the others."""
        now = self.clock()
        return sorted((node for node in self.nodes if node.rest_until <= now), key=lambda node: node.failures)

    def enough(self, count: int) -> list[KnownNode[P]]:
        """The nodes that are ready, and behind them those that rest, the soonest back first, if they are fewer than
        `count`: a quorum that cannot be reached is no reason to ask nobody. One that has asked to be left alone is not
        asked before its time.
        """
        ready = self.ready()
        if len(ready) >= count:
            return ready
        now = self.clock()
        resting = (node for node in self.nodes if node not in ready and node.alone_until <= now)
        return [*ready, *sorted(resting, key=lambda node: node.rest_until)]

    def shortest_rest(self) -> float:
        """Seconds until a node is ready again."""
        return max(0.0, min(node.rest_until for node in self.nodes) - self.clock())

    def disagree(self, method: str, answers: int, quorum: int | None = None) -> NodesDisagree:
        """That so few answers are the same. It says until when a quorum cannot be reached, if nodes that asked to be
        left alone are the reason.
        """
        quorum, now = self.policy.quorum if quorum is None else quorum, self.clock()
        alone = sorted(node.alone_until - now for node in self.nodes if node.alone_until > now)
        missing = quorum - (len(self.nodes) - len(alone))
        rest = alone[missing - 1] if missing > 0 else 0.0
        return NodesDisagree(self.name, method, quorum, answers, len(alone) if missing > 0 else 0, rest)

    def fail(self, node: KnownNode[P], detail: str, at_least: float = 0.0, *, is_foreign: bool = False) -> None:
        """A node failed: it rests, `at_least` as many seconds as it asks to be left alone, for as long as it may if it
        `is_foreign`, of another chain.
        """
        policy = self.policy
        doubled = policy.rest_seconds * 2.0 ** min(node.failures, MOST_DOUBLINGS)
        rest = max(min(doubled, policy.longest_rest_seconds), at_least)
        if is_foreign:
            rest = policy.longest_rest_seconds
        node.failures, node.rest_until = node.failures + 1, self.clock() + rest
        node.alone_until = max(node.alone_until, self.clock() + at_least)
        node.meter.rest(node.rest_until)
        log.warning("%s: the node %s rests for %.0f seconds: %s", self.name, node.name, rest, detail)
