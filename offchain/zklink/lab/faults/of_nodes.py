"""What a provider's node does wrong for some rounds, to the program that asks it; the chain itself is well.

Takes a world and a chain's name; sets the switches of the node that `world.node(chain)` gave.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from zklink.lab.errors import PlanInapplicable
from zklink.lab.faults.base import Fault, count
from zklink.lab.kinds import EVM, LITESVM, SURFNET
from zklink.lab.rpc_faults import (
    AWAY,
    CHAIN_ID,
    DROPPED,
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
from zklink.lab.rpc_proxy import FaultyRpc

if TYPE_CHECKING:
    from zklink.lab.world import LabWorld

EVERY: Final = ""
NONE, RATE, RANGE = "none", "rate", "range"
SOLANA_SEND: Final = "sendTransaction"
WRONG_ID: Final = 999_999

KINDS: Final[dict[str, tuple[str, str, RpcFault, str]]] = {
    "away": (EVERY, EVERY, AWAY, "does not answer"),
    "hang": (EVERY, EVERY, HANG, "hangs"),
    "page": (EVERY, EVERY, PAGE, "answers with a page of HTML"),
    "unavailable": (EVERY, EVERY, http(503), "answers 503"),
    "stale": (EVERY, EVERY, stale(3), "is three blocks behind"),
    "empty logs": (LOGS, NONE, EMPTY, "gives no logs"),
    "partial logs": (LOGS, NONE, PARTIAL, "gives half of the logs"),
    "repeated logs": (LOGS, NONE, REPEATED, "gives each log twice"),
    "removed logs": (LOGS, NONE, REMOVED, "gives logs of blocks that are gone"),
    "null receipts": ("eth_getTransactionReceipt", "getTransaction", NULL, "knows no receipts"),
    "lost sends": (SEND, SOLANA_SEND, LOST, "takes transactions in and loses its answer"),
    "dropped sends": (SEND, SOLANA_SEND, DROPPED, "takes transactions in and never hands them on"),
    "wrong chain": (CHAIN_ID, "getGenesisHash", wrong_chain(WRONG_ID), "is one of another chain"),
    "rate limit": (RATE, RATE, http(429, rest_seconds=1.0), "answers ten requests a round"),
    "range limit": (RANGE, NONE, http(413), "gives logs for one block at a time"),
}
"""Kinds of misbehaviour: the method they are about on an EVM chain and on Solana, the fault, and how it is told."""


def kinds_of(made_of: str) -> list[str]:
    """What a node of a chain that is made of this can do wrong. A Surfnet has no past to be behind in."""
    is_solana = made_of in (LITESVM, SURFNET)
    known = sorted(name for name, (evm, solana, *_) in KINDS.items() if (solana if is_solana else evm) != NONE)
    return [name for name in known if (made_of, name) != (SURFNET, "stale")]


REQUESTS_PER_ROUND: Final = 10


@dataclass(frozen=True, slots=True)
class BadNode(Fault):
    """The node before a chain misbehaves; `kind` is one of KINDS."""

    chain: str
    kind: str
    rounds: int

    def check(self, world: "LabWorld") -> None:
        # By class, not `super()`: slots make dataclasses other classes than the ones they were written as.
        Fault.check(self, world)
        known = kinds_of(self.made_of(world))
        if self.kind not in known:
            raise PlanInapplicable(self.title, f"no node does {self.kind}; there are {', '.join(known)}")

    def made_of(self, world: "LabWorld") -> str:
        return world.made_of(self.chain)

    def strike(self, world: "LabWorld") -> None:
        evm, solana, fault, told = KINDS[self.kind]
        if world.member(self.chain).kind == EVM:
            _set(world.node(self.chain)[1], evm, fault)
        else:
            _set(world.solana_node(self.chain), solana, fault)
        world.nodes.fall_sick(self.chain, world.coming_round + self.rounds - 1)
        world.story.tell_fault(self.chain, f"the node {told} for {count(self.rounds, 'round')}")

    @property
    def where(self) -> str:
        return self.chain

    def __str__(self) -> str:
        return f"{self.chain}: the node {KINDS[self.kind][-1]} for {count(self.rounds, 'round')}"


def _set(proxy: FaultyRpc, method: str, fault: RpcFault) -> None:
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
