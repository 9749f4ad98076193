"""What a relayer works on: orders as they come, orders on its books, and the port to the place where books are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from threading import Lock
from typing import Any, Protocol

from zklink.l1.contracts.bridge_structs import SwapOrder
from zklink.l1.contracts.entry import Relay
from zklink.protocol.ids import ChainId, TokenId


class Way(Enum):
    """How an owner's tokens come to the entry, by the entry's function."""

    AUTHORIZATION = "swap_with_authorization"
    """An authorization of EIP-3009, which the token takes."""
    PERMIT2 = "swap_with_permit2"
    """A transfer by Permit2 with the order as its witness."""


@dataclass(frozen=True, slots=True)
class SignedSwap:
    """A swap that its owner has signed. `domain` is the one that was signed over, the token's or Permit2's; `token`,
    `entry`, `value` and `nonce` are what the signed message names. It is good before the second `valid_before`.
    """

    way: Way
    chain: ChainId
    order: SwapOrder
    relay: Relay
    owner: str
    domain: Mapping[str, Any]
    token: str
    entry: str
    value: int
    nonce: bytes
    valid_before: int
    signature: bytes

    @property
    def total(self) -> int:
        """What the owner gives, in the token's L1 units."""
        return self.order.l1_amount + self.relay.relayer_fee


class Standing(Enum):
    """What is known of an order on the books."""

    OPEN = "open"
    """It is about to be sent, or was sent and is not known to be mined."""
    BROUGHT = "brought"
    FAILED = "failed"
    """It was sent in vain, or in time nobody could send it."""


@dataclass(frozen=True, slots=True)
class RelayedOrder:
    """An order that a relayer has taken. `id` is the nonce of what was signed; `call` is what it sends to the entry,
    with `value_wei` and the limit `gas`. `risk_wei` is what it costs if it is mined in vain. `tx_hash` is the
    transaction that brought it, or the first version of the one that shall. Amounts are the token's L1 units, times
    UNIX seconds of the chain.
    """

    id: bytes
    chain: ChainId
    owner: str
    token_in: TokenId
    destination: ChainId
    token_out: TokenId
    l1_amount: int
    valid_before: int
    call: bytes
    value_wei: int
    gas: int
    risk_wei: int
    taken_at: int
    since_block: int
    standing: Standing
    tx_hash: bytes | None = None

    def become(self, standing: Standing, tx_hash: bytes | None = None) -> "RelayedOrder":
        """The same order with what is now known of it."""
        return replace(self, standing=standing, tx_hash=self.tx_hash if tx_hash is None else tx_hash)


class RelayBooks(Protocol):
    """Port: orders by their id. Safe to use from several threads; what is kept is durable when a call returns."""

    def find(self, id: bytes) -> RelayedOrder | None:
        """An order; None if there is none of this id."""
        ...

    def load_open(self) -> Sequence[RelayedOrder]:
        """Every order whose fate is not known, the oldest first."""
        ...

    def load_failed(self, since: int) -> Sequence[RelayedOrder]:
        """Every order that failed and was taken at this time or later."""
        ...

    def keep(self, order: RelayedOrder) -> None:
        """Put an order into the books, or what is now known of it in the place of what was."""
        ...


@dataclass(slots=True)
class MemoryBooks:
    """Books that end with the process: for tests, and for chains that do."""

    _orders: dict[bytes, RelayedOrder] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def find(self, id: bytes) -> RelayedOrder | None:
        with self._lock:
            return self._orders.get(id)

    def load_open(self) -> Sequence[RelayedOrder]:
        return self._select(Standing.OPEN, 0)

    def load_failed(self, since: int) -> Sequence[RelayedOrder]:
        return self._select(Standing.FAILED, since)

    def keep(self, order: RelayedOrder) -> None:
        with self._lock:
            self._orders[order.id] = order

    def _select(self, standing: Standing, since: int) -> Sequence[RelayedOrder]:
        with self._lock:
            found = [o for o in self._orders.values() if o.standing is standing and o.taken_at >= since]
        return sorted(found, key=lambda order: (order.taken_at, order.id))
