"""What chains have said lately, as data: tokens with their limits and books, groups, freezes, prices of doors.

Whoever reads the chains writes it (`zklink.api.chain_reader`); answers are made from it. It is as old as its block.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from zklink.l1.contracts.bridge_structs import ComingGroup, GroupMembers
from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.facts import Group
from zklink.protocol.ids import Amount, ChainId, TokenId

HEADS_KEPT: Final = 2_000
"""Blocks of each chain whose times are kept."""


@dataclass(frozen=True, slots=True)
class LiveToken:
    """A token on one chain: limits in layer-2 units, `scale` L1 units per layer-2 unit; `balance` and `pending` in L1
    units, `custody` in layer-2 units. `fees_wei` are what doors have taken in the chain's own coin, 0 for other tokens.
    """

    is_paused: bool
    minimum: Amount
    cap: Amount
    scale: int
    balance: int
    pending: int
    custody: Amount
    fees_wei: int = 0


@dataclass(frozen=True, slots=True)
class LiveGroups:
    """The groups as the chain knows them, and what the governor has announced."""

    members: Mapping[Group, GroupMembers]
    coming: ComingGroup | None


@dataclass(frozen=True, slots=True)
class LiveChain:
    """One chain at one block. `prices_wei` is what a swap to each destination pays at the door, `gas_price_wei` what
    the chain's node asks for gas. With `has_development_keys` anybody can forge the proofs of blocks there.
    """

    head: BlockInfo
    is_frozen: bool
    tokens: Mapping[TokenId, LiveToken]
    groups: LiveGroups
    prices_wei: Mapping[ChainId, int] = field(default_factory=dict)
    has_development_keys: bool = True
    gas_price_wei: int = 0


class LiveView:
    """The latest of every chain. For any thread."""

    def __init__(self) -> None:
        self._chains: dict[ChainId, LiveChain] = {}
        self._heads: dict[ChainId, deque[BlockInfo]] = {}
        self._lock = Lock()

    def put(self, chain: ChainId, live: LiveChain) -> None:
        """A chain has answered in full."""
        with self._lock:
            self._chains[chain] = live
            self._put_head(chain, live.head)

    def put_head(self, chain: ChainId, head: BlockInfo) -> None:
        """A chain has a new block."""
        with self._lock:
            self._put_head(chain, head)

    def _put_head(self, chain: ChainId, head: BlockInfo) -> None:
        """Keep a head, and none that stood at its number or above: a reorganisation has taken those."""
        heads = self._heads.setdefault(chain, deque(maxlen=HEADS_KEPT))
        while heads and heads[-1].number >= head.number:
            heads.pop()
        heads.append(head)

    def chain(self, chain: ChainId) -> LiveChain | None:
        """A chain's last full answer; None before the first."""
        with self._lock:
            return self._chains.get(chain)

    def head(self, chain: ChainId) -> BlockInfo | None:
        """A chain's newest block; None before the first answer."""
        with self._lock:
            heads = self._heads.get(chain)
            return heads[-1] if heads else None

    def heads(self, chain: ChainId) -> Sequence[BlockInfo]:
        """The newest blocks that were seen as heads, ascending: not every block was one."""
        with self._lock:
            return tuple(self._heads.get(chain, ()))

    def is_frozen(self, chain: ChainId) -> bool:
        """Whether the chain has said that it is frozen."""
        live = self.chain(chain)
        return live is not None and live.is_frozen
