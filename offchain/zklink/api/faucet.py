"""The port of a devnet's faucet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from zklink.protocol.ids import Amount, ChainId, TokenId


@dataclass(frozen=True, slots=True)
class Payment:
    """A transaction that a chain's node has taken. `amount` is in layer-2 units, `l1_amount` in the chain's own."""

    chain: ChainId
    token: TokenId
    amount: Amount
    l1_amount: int
    tx_hash: bytes


class Faucet(Protocol):
    """Port: gives tokens and coins away."""

    def give(self, address: str, chain: ChainId | None, token: TokenId | None, amount: int | None) -> Sequence[Payment]:
        """Pay an amount of a token, or what is usual of every one, on one chain or on all that have such an address.
        Raises RequestRefused for a
        chain or token that is not there and for an amount above the limit.
        """
        ...
