"""Errors of a committee member and a relayer."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class NotFinal(StateError):
    """A committee member was asked to sign something that it has not itself seen accepted and final.
    Do: Nothing: it is asked again. If it lasts, check this member's own node of the chain.
    """

    chain: int
    number: int

    def __str__(self) -> str:
        return f"this member has not seen chain {self.chain} accept this block {self.number} with confirmations"


@dataclass(eq=False)
class ConflictingAcceptance(StateError):
    """A chain shows two different acceptances of one block number: a reorganisation deeper than the confirmations.
    Do: Sign nothing. Check the chain's node, set its confirmations higher, and tell the other members.
    """

    chain: int
    number: int

    def __str__(self) -> str:
        return f"chain {self.chain} has accepted two different blocks {self.number}"


@dataclass(eq=False)
class QuorumMissing(StateError):
    """Fewer members than the threshold sign a message.
    Do: Nothing at first: members are asked again. If it lasts, get the missing members to run.
    """

    chain: int
    number: int
    signatures: int
    threshold: int

    def __str__(self) -> str:
        return f"chain {self.chain}, block {self.number}: {self.signatures} of {self.threshold} signatures"
