"""The signed operations that wait for a block, in the order in which they came.

Takes operations that were checked; gives them by the kind of slot they need. An account's operations keep the order of
their nonces, since each is taken only when its nonce is next. Never looks at a state.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from zklink.operations.change_pub_key import NO_CONSENT
from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.ids import AccountId, Nonce
from zklink.transition.rules import LEDGER_RULES, type_of


class SlotKind(Enum):
    """The three kinds of slots of an account block, in its order."""

    LEDGER = auto()
    POOL = auto()
    ORDER = auto()


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation or a match of orders that waits. A change of key has the `owner` who consented to it, and the
    `consent` (65 bytes). A forced exit has the `owner` whom it pays.
    """

    id: OperationId
    operation: Signed[Any] | OrderMatch
    consent: bytes = NO_CONSENT
    owner: bytes = b""

    @property
    def account(self) -> AccountId | None:
        """The account whose nonce it uses; None for a match."""
        return None if isinstance(self.operation, OrderMatch) else self.operation.operation.account

    @property
    def nonce(self) -> Nonce:
        """The nonce it uses; 0 for a match."""
        return Nonce(0) if isinstance(self.operation, OrderMatch) else self.operation.operation.nonce

    @property
    def slot(self) -> SlotKind:
        """The kind of slot it needs."""
        if isinstance(self.operation, OrderMatch):
            return SlotKind.ORDER
        return SlotKind.LEDGER if type_of(self.operation) in LEDGER_RULES else SlotKind.POOL


class OperationQueue:
    """First come, first served within each kind of slot."""

    def __init__(self) -> None:
        self._by_slot: dict[SlotKind, dict[OperationId, Pending]] = {slot: {} for slot in SlotKind}
        self._of: dict[AccountId, list[Pending]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_slot.values()))

    def __contains__(self, id: OperationId) -> bool:
        return any(id in waiting for waiting in self._by_slot.values())

    def get(self, id: OperationId) -> Pending | None:
        """The operation of this id, if it waits."""
        return next((waiting[id] for waiting in self._by_slot.values() if id in waiting), None)

    def waiting(self, slot: SlotKind) -> tuple[Pending, ...]:
        """The operations that wait for a kind of slot, the oldest first."""
        return tuple(self._by_slot[slot].values())

    def of(self, account: AccountId) -> Sequence[Pending]:
        """The waiting operations of an account, by nonce."""
        return tuple(self._of.get(account, ()))

    def add(self, pending: Pending) -> None:
        """Take an operation; the caller has checked that its nonce is its account's next."""
        self._by_slot[pending.slot][pending.id] = pending
        if pending.account is not None:
            self._of.setdefault(pending.account, []).append(pending)

    def remove(self, pending: Pending) -> None:
        """Remove an operation that was sealed or has become impossible; does nothing if it does not wait."""
        if self._by_slot[pending.slot].pop(pending.id, None) is None or pending.account is None:
            return
        kept = [other for other in self._of[pending.account] if other.id != pending.id]
        if kept:
            self._of[pending.account] = kept
        else:
            del self._of[pending.account]

    def restore(self, returned: Iterable[Pending]) -> None:
        """Put operations of unsealed blocks first again, in the order in which they were sealed."""
        waiting = [pending for slot in SlotKind for pending in self.waiting(slot)]
        for queue in self._by_slot.values():
            queue.clear()
        self._of.clear()
        for pending in (*returned, *waiting):
            if pending.id not in self:
                self.add(pending)
