"""What the accounts of a chain hold, and how to go back.

Takes changes, gives values now or as they were at an earlier mark. Every change is remembered for as long as the chain
lives: a few hundred bytes for each account and each slot that a transaction changes.
"""

from dataclasses import dataclass, field
from typing import Final, NewType

Address = NewType("Address", str)
"""Twenty bytes in lower-case hexadecimal with 0x."""

Slot = tuple[Address, int]


@dataclass(frozen=True, slots=True)
class Account:
    """Native coins in wei, transactions sent or contracts created, and code."""

    balance: int = 0
    nonce: int = 0
    code: bytes = b""


EMPTY: Final = Account()


@dataclass(frozen=True, slots=True)
class Changes:
    """Accounts and slots with the values that they get."""

    accounts: dict[Address, Account] = field(default_factory=dict)
    slots: dict[Slot, int] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """Accounts and storage. An absent account is EMPTY, an absent slot is zero."""

    accounts: dict[Address, Account] = field(default_factory=dict)
    slots: dict[Slot, int] = field(default_factory=dict)
    _accounts_before: list[tuple[Address, Account]] = field(default_factory=list)
    _slots_before: list[tuple[Slot, int]] = field(default_factory=list)

    def account(self, address: Address) -> Account:
        """An account as it is now."""
        return self.accounts.get(address, EMPTY)

    def slot(self, slot: Slot) -> int:
        """A storage word as it is now."""
        return self.slots.get(slot, 0)

    def mark(self) -> tuple[int, int]:
        """Where the memory of changes stands; for `find_values_at` and `rewind`."""
        return len(self._accounts_before), len(self._slots_before)

    def apply(self, changes: Changes) -> None:
        """Set values, and remember those they replace."""
        for address, account in changes.accounts.items():
            self._accounts_before.append((address, self.account(address)))
            self.accounts[address] = account
        for slot, value in changes.slots.items():
            self._slots_before.append((slot, self.slot(slot)))
            self.slots[slot] = value

    def find_values_at(self, mark: tuple[int, int]) -> Changes:
        """What was different at a mark, with its values then."""
        past = Changes()
        for address, account in reversed(self._accounts_before[mark[0] :]):
            past.accounts[address] = account
        for slot, value in reversed(self._slots_before[mark[1] :]):
            past.slots[slot] = value
        return past

    def find_values_now(self, keys: Changes) -> Changes:
        """The same accounts and slots with the values that they have now."""
        return Changes(
            {address: self.account(address) for address in keys.accounts},
            {slot: self.slot(slot) for slot in keys.slots},
        )

    def rewind(self, mark: tuple[int, int]) -> Changes:
        """Go back to a mark; gives what changed by that."""
        past = self.find_values_at(mark)
        self.accounts.update(past.accounts)
        self.slots.update(past.slots)
        del self._accounts_before[mark[0] :]
        del self._slots_before[mark[1] :]
        return past
