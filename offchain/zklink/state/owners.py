"""An index from owners to accounts, and the id of the next account: eight bytes per account, for millions of them.

A hash table with open addressing. It holds account ids only; the account tree is asked who owns an account. Places
whose account has changed hands are harmless and go when the table grows.
"""

from array import array
from collections.abc import Callable
from typing import Final

from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.ids import AccountId

FIRST_SIZE: Final = 64

OwnerOf = Callable[[AccountId], bytes]


class Owners:
    """Finds accounts by owner. `owner_of` reads an account's owner; call `changed` after it has changed."""

    __slots__ = ("_limit", "_owner_of", "_places", "_used", "next_id")

    def __init__(self, owner_of: OwnerOf, limit: int) -> None:
        self._owner_of = owner_of
        self._limit = limit
        self._places = array("I", bytes(4 * FIRST_SIZE))  # account id + 1; 0 is a free place
        self._used = 0
        self.next_id = AccountId(0)

    def find(self, owner: bytes) -> list[AccountId]:
        """The accounts of an owner, ascending; none for the zero address."""
        if owner == ZERO_ADDRESS:
            return []
        return sorted({account for account in self._chain(owner) if self._owner_of(account) == owner})

    def changed(self, account: AccountId) -> None:
        """Take note of an account's owner."""
        owner = self._owner_of(account)
        if owner == ZERO_ADDRESS:
            self.next_id = min(self.next_id, account)
            return
        while self.next_id < self._limit and self._owner_of(self.next_id) != ZERO_ADDRESS:
            self.next_id = AccountId(self.next_id + 1)
        if account not in self._chain(owner):
            self._insert(owner, account)
            self._used += 1
            if 2 * self._used > len(self._places):
                self._grow()

    def copy(self, owner_of: OwnerOf) -> "Owners":
        """An independent index over a copy of the accounts."""
        twin = Owners(owner_of, self._limit)
        twin._places, twin._used, twin.next_id = self._places[:], self._used, self.next_id
        return twin

    def _chain(self, owner: bytes) -> list[AccountId]:
        """The accounts in the places where this owner's are, up to the first free place."""
        found, mask = [], len(self._places) - 1
        place = hash(owner) & mask
        while entry := self._places[place]:
            found.append(AccountId(entry - 1))
            place = (place + 1) & mask
        return found

    def _insert(self, owner: bytes, account: AccountId) -> None:
        mask = len(self._places) - 1
        place = hash(owner) & mask
        while self._places[place]:
            place = (place + 1) & mask
        self._places[place] = account + 1

    def _grow(self) -> None:
        """Twice the places, for the accounts that still have an owner, each once."""
        accounts = {AccountId(entry - 1) for entry in self._places if entry}
        self._places = array("I", bytes(8 * len(self._places)))
        self._used = 0
        for account in accounts:
            owner = self._owner_of(account)
            if owner != ZERO_ADDRESS:
                self._insert(owner, account)
                self._used += 1
