"""What a provider's node does wrong for some rounds, to the program that asks it; the chain itself is well.

Takes a world and a chain's name; sets the switches of the node that `world.node(chain)` gave.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from zklink.lab.errors import PlanInapplicable
from zklink.lab.faults.base import Fault, count
from zklink.lab.rpc_faults import (
    AWAY,
    CHAIN_ID,
    EMPTY,
    HANG,
    LOGS,
    LOST,
    NULL,
    PAGE,
    PARTIAL,
    REMOVED,
    REPEATED,
    SEND,
    Chance,
    RangeLimit,
    RateLimit,
    RpcFault,
    http,
    stale,
    wrong_chain,
)
from zklink.lab.rpc_proxy import RpcProxy

if TYPE_CHECKING:
    from zklink.lab.world import LabWorld

EVERY: Final = ""
WRONG_ID: Final = 999_999

KINDS: Final[dict[str, tuple[str, RpcFault, str]]] = {
    "away": (EVERY, AWAY, "does not answer"),
    "hang": (EVERY, HANG, "hangs"),
    "page": (EVERY, PAGE, "answers with a page of HTML"),
    "unavailable": (EVERY, http(503), "answers 503"),
    "stale": (EVERY, stale(3), "is three blocks behind"),
    "empty logs": (LOGS, EMPTY, "gives no logs"),
    "partial logs": (LOGS, PARTIAL, "gives half of the logs"),
    "repeated logs": (LOGS, REPEATED, "gives each log twice"),
    "removed logs": (LOGS, REMOVED, "gives logs of blocks that are gone"),
    "null receipts": ("eth_getTransactionReceipt", NULL, "knows no receipts"),
    "lost sends": (SEND, LOST, "takes transactions in and loses its answer"),
    "wrong chain": (CHAIN_ID, wrong_chain(WRONG_ID), "is one of another chain"),
    "rate limit": ("rate", http(429, rest_seconds=1.0), "answers ten requests a round"),
    "range limit": ("range", http(413), "gives logs for one block at a time"),
}
"""Kinds of misbehaviour: the method they are about, the fault, and how it is told."""

REQUESTS_PER_ROUND: Final = 10


@dataclass(frozen=True, slots=True)
class BadNode(Fault):
    """The node before a chain misbehaves; `kind` is one of KINDS."""

    chain: str
    kind: str
    rounds: int

    def check(self, world: "LabWorld") -> None:
        Fault.check(self, world)
        world.chain(self.chain)
        if self.kind not in KINDS:
            raise PlanInapplicable(self.title, f"no node does {self.kind}; there are {', '.join(KINDS)}")

    def strike(self, world: "LabWorld") -> None:
        method, fault, told = KINDS[self.kind]
        _, proxy = world.node(self.chain)
        _set(proxy, method, fault)
        world.sick_nodes[self.chain] = world.coming_round + self.rounds - 1
        world.story.tell_fault(self.chain, f"the node {told} for {count(self.rounds, 'round')}")

    @property
    def where(self) -> str:
        return self.chain

    def __str__(self) -> str:
        return f"{self.chain}: the node {KINDS[self.kind][2]} for {count(self.rounds, 'round')}"


def _set(proxy: RpcProxy, method: str, fault: RpcFault) -> None:
    match method:
        case "":
            proxy.chance = Chance(0, 1.0, {EVERY: [fault]})
        case "rate":
            proxy.rate_limit = RateLimit(REQUESTS_PER_ROUND, fault)
            proxy.refill()
        case "range":
            proxy.range_limit = RangeLimit(1, fault)
        case _:
            proxy.always[method] = fault
