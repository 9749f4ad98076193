"""What a bridge owes to single owners, because it could not be pushed to them, and the fees that it has earned: a
keeper pushes both.

Takes what was read of a chain and an account that pays gas; each step sends one transaction at most. Events say whom a
chain may owe something, the bridge's own books how much. An owner that refuses is tried again a week later: then a
bridge may send it wrapped coin in place of coin.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import (
    Exited,
    PayoutDeferred,
    PendingBalancePushed,
    PushRefused,
    RequestCancelled,
)
from zklink.protocol.errors import CallReverted
from zklink.protocol.ids import NO_TOKEN, WRAP_DELAY_SECONDS, TokenId
from zklink.recovery.outcome import Done

PUSH_GAS: Final = 800_000
"""Gas that a push brings: enough that a refusal of coin counts."""

COLLECT_GAS: Final = 80_000
COLLECT_FACTOR: Final = 20
"""Fees are collected when they are worth so many times the gas of it."""

REREAD_BLOCKS: Final = 100
"""L1 blocks that are read once more in the next look, should the chain have rewritten them."""

Debt = tuple[str, TokenId]
"""An owner, and a token, 0 for coin that belongs to none."""


@dataclass
class Debts:
    """One chain's, looked at any number of times."""

    bridge: BridgeClient
    next_block: int
    owed: dict[Debt, int] = field(default_factory=dict)
    """Whom the chain may owe something, and from when on (UNIX seconds) a push is worth trying."""

    def push_next(self, account: LocalAccount) -> Done | None:
        """Push the next balance that is owed; None if there is none, or if all of them wait. Raises RpcUnavailable."""
        self._read()
        now = self.bridge.client.head().timestamp
        for (owner, token_id), due in list(self.owed.items()):
            if due > now:
                continue
            if not self.bridge.pending_balance(owner, token_id):
                del self.owed[owner, token_id]
                continue
            self.owed[owner, token_id] = now + WRAP_DELAY_SECONDS
            done = self._push(account, owner, token_id)
            if done is not None:
                return done
        return None

    def list_pending(self) -> list[tuple[Debt, int]]:
        """What the bridge owes to single owners now, in L1 units. Raises RpcUnavailable."""
        self._read()
        amounts = [(debt, self.bridge.pending_balance(*debt)) for debt in self.owed]
        return [(debt, amount) for debt, amount in amounts if amount]

    def _push(self, account: LocalAccount, owner: str, token_id: TokenId) -> Done | None:
        """Nothing is sent that would revert."""
        call = self.bridge.encode("push_pending_balance", owner, token_id)
        try:
            self.bridge.client.try_call(account.address, call, 0, PUSH_GAS)
            receipt = self.bridge.push_pending_balance(account, owner, token_id, PUSH_GAS)
        except CallReverted:
            return None
        what = f"what was owed of token {token_id}" if token_id else "coin that was owed"
        events = self.bridge.events_of(receipt)
        if any(isinstance(event, PushRefused) for event in events):
            return Done(f"{owner} refuses {what}: a week later it can be sent wrapped coin")
        self.owed[owner, token_id] = 0  # a rest, and what is owed from now on, need not wait
        for event in events:
            if isinstance(event, PendingBalancePushed) and event.is_wrapped:
                return Done(f"{what} pushed to {owner} as wrapped coin")
        return Done(f"{what} pushed to {owner}")

    def collect(self, account: LocalAccount) -> Done | None:
        """Send the fees to their recipient, if they are worth it. None also where the recipient refuses them."""
        earned = self.bridge.fees().earned_wei
        if not earned or earned < COLLECT_FACTOR * COLLECT_GAS * self.bridge.client.gas_price():
            return None
        try:
            self.bridge.collect_fees(account)
        except CallReverted:
            return None
        return Done(f"{earned} wei of fees sent to their recipient")

    def _read(self) -> None:
        """The new events; what was looked at before is not forgotten."""
        last = self.bridge.client.head().number
        if last < self.next_block:
            return
        found = [*self._read_bridge(self.next_block, last), *self._read_exodus(self.next_block, last)]
        for debt in found:
            self.owed.setdefault(debt, 0)
        self.next_block = max(self.next_block, last + 1 - REREAD_BLOCKS)

    def _read_bridge(self, first: int, last: int) -> Iterator[Debt]:
        for event in self.bridge.events_named([PayoutDeferred], first, last):
            if isinstance(event, PayoutDeferred):
                yield event.receiver, event.token_id

    def _read_exodus(self, first: int, last: int) -> Iterator[Debt]:
        for event in self.bridge.exodus.events_named([RequestCancelled, Exited], first, last):
            match event:
                case RequestCancelled():
                    yield event.receiver, event.token_id
                    yield event.receiver, NO_TOKEN
                case Exited():
                    yield event.receiver, event.token_a
                    yield event.receiver, event.token_b
