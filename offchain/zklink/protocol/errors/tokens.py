"""Doors on L1: what an account lacks, and what a token or a bridge does not take."""

from dataclasses import dataclass

from zklink.protocol.errors.base import L1Error


@dataclass(eq=False)
class TokensShort(L1Error):
    """An account has less of a token, or of the chain's coin, than a call takes; nothing was sent. In L1 units.
    Do: Bring in the rest, or ask for less.
    """

    chain: str
    token: str
    owner: str
    needed: int
    found: int

    def __str__(self) -> str:
        return f"{self.chain}: {self.owner} has {self.found} of token {self.token}, {self.needed} needed (L1 units)"


@dataclass(eq=False)
class AllowanceShort(L1Error):
    """A spender may move less of an owner's token than a call takes; nothing was sent. Amounts are L1 units.
    Do: Approve the amount first, or give a permit.
    """

    chain: str
    token: str
    owner: str
    spender: str
    needed: int
    found: int

    def __str__(self) -> str:
        may = f"{self.spender} may move {self.found} of {self.owner}'s token {self.token}"
        return f"{self.chain}: {may}, {self.needed} needed (L1 units): approve it first"


@dataclass(eq=False)
class RecipientIsToken(L1Error):
    """The recipient or the refund address is the contract of a registered token, or of the wrapped coin; nothing was
    sent. What it is paid could never be moved again.
    Do: Name the account that is to have the money.
    """

    chain: str
    address: str

    def __str__(self) -> str:
        return f"{self.chain}: {self.address} is the contract of a token: what it is paid, nobody could move again"


@dataclass(eq=False)
class SignatureTooLong(L1Error):
    """The signature of a contract wallet is longer than a bridge takes; nothing was sent. Sizes are bytes.
    Do: Sign with fewer owners, or let the wallet itself call `set_key`.
    """

    wallet: str
    most: int
    found: int

    def __str__(self) -> str:
        return f"the signature of {self.wallet} has {self.found} bytes; a bridge takes {self.most}"


@dataclass(eq=False)
class PermitNotOffered(L1Error):
    """A token takes no approval by signature, or none in the form asked for; nothing was sent.
    Do: Approve by transaction: the bridge, or Permit2 for swaps that a relayer sends.
    """

    chain: str
    token: str
    reason: str

    def __str__(self) -> str:
        return f"{self.chain}: token {self.token} takes no such permit: {self.reason}"
