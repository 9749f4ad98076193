"""Keys that sign together: a threshold of them vouches for a message.

Takes digests; gives 65-byte signatures r, s, v, ascending by signer, as contracts check them. The keys come from a
name, so everybody can know them: nothing here may hold value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak
from eth_typing import Hash32


@dataclass(frozen=True, slots=True)
class Committee:
    """Members ascending by address, of whom `threshold` must sign."""

    accounts: tuple[LocalAccount, ...]
    threshold: int

    @classmethod
    def of(cls, size: int, threshold: int, name: str = "committee") -> Self:
        """So many members with keys of their own; another name gives other keys."""
        keys = [keccak(f"{name} {index}".encode()) for index in range(size)]
        return cls(tuple(sorted(map(Account.from_key, keys), key=_order)), threshold)

    @property
    def members(self) -> tuple[str, ...]:
        """Their addresses, ascending."""
        return tuple(account.address for account in self.accounts)

    def sign(self, digest: bytes, signers: Sequence[int] | None = None) -> tuple[bytes, ...]:
        """The signatures of a 32-byte digest by the first `threshold` members, or by those with these places."""
        chosen = range(self.threshold) if signers is None else sorted(signers)
        return tuple(bytes(self.accounts[place].unsafe_sign_hash(Hash32(digest)).signature) for place in chosen)

    def strangers(self) -> "Committee":
        """As many others, whom nobody trusts."""
        return Committee.of(len(self.accounts), self.threshold, "strangers")


def _order(account: LocalAccount) -> int:
    return int(account.address, 16)
