"""Errors of acts of government."""

from dataclasses import dataclass

from zklink.protocol.errors.base import L1Error


@dataclass(eq=False)
class ActsDisagree(L1Error):
    """An act that must be the same on every chain says different things; nothing was sent.
    Do: Cancel what waits on the chains that `detail` names, and propose one act for all chains.
    """

    detail: str

    def __str__(self) -> str:
        return f"the chains would not agree: {self.detail}"


@dataclass(eq=False)
class OwnerInGroup(L1Error):
    """An act would have one account own the timelocks and be in a group: two parties would be one. Nothing was sent.
    Do: Name another owner, or leave the account out of the group.
    """

    owner: str
    group: str

    def __str__(self) -> str:
        return f"{self.owner} would own the timelocks and be one of the {self.group}"


@dataclass(eq=False)
class RecordUnfit(L1Error):
    """A record is of a later block than a node shows as confirmed; nothing was written.
    Do: Ask a node that has caught up, or wait.
    """

    chain: str
    height: int
    recorded: int

    def __str__(self) -> str:
        return (
            f"{self.chain}: the record is of block {self.recorded}, and the node's last confirmed one is {self.height}"
        )


@dataclass(eq=False)
class TokenUnfit(L1Error):
    """A contract that should not be registered as this token; nothing was sent.
    Do: Look at the contract at this address; name another one, or do not register it.
    """

    chain: str
    symbol: str
    reason: str

    def __str__(self) -> str:
        return f"{self.symbol} on {self.chain} is refused: {self.reason}"
