"""Errors of signers: why one does not sign a fact, and when a group gives no evidence."""

from dataclasses import dataclass

from zklink.protocol.errors.base import StateError


@dataclass(eq=False)
class NotFinal(StateError):
    """A signer was asked for its word about something that is not, or not so, final on its chain.
    Do: Nothing: it is asked again. If it lasts, check this signer's own node of the chain.
    """

    chain: int
    what: str

    def __str__(self) -> str:
        return f"chain {self.chain} does not have {self.what} with confirmations, as this signer sees it"


@dataclass(eq=False)
class AgainstOwnWord(StateError):
    """A signer was asked for a block of a history that does not lead to, or from, the last one that it has signed ACC
    for, or to seal a block there or below.
    Do: If the primary shows another history than the signer knows, it has taken back what was final: check its node,
    set its confirmations higher, and tell the other signers.
    """

    number: int
    covered: int

    def __str__(self) -> str:
        return f"block {self.number}: this signer's word is given for block {self.covered}, and for its history alone"


@dataclass(eq=False)
class AlreadySealed(StateError):
    """A validator has sealed another block at this number, and the primary could still accept that one.
    Do: Submit the first one, or wait until a final block of the primary shows that it is too old.
    """

    number: int

    def __str__(self) -> str:
        return f"another block {self.number} is sealed, and no final block of the primary shows that it is too old"


@dataclass(eq=False)
class SealsTooFarAhead(StateError):
    """Validators seal only a few blocks above the last one for which ACC is signed.
    Do: Nothing: the primary has to accept blocks first. If it lasts, see why ACC is not signed.
    """

    number: int
    covered: int

    def __str__(self) -> str:
        return f"block {self.number} is too far above block {self.covered}, the last one with ACC"


@dataclass(eq=False)
class ParentUnknown(StateError):
    """A validator was asked to seal a block on top of one that it has neither sealed nor seen accepted.
    Do: Ask for the seals of the blocks before it first, in their order.
    """

    number: int

    def __str__(self) -> str:
        return f"block {self.number} builds on a block that this validator has not sealed"


@dataclass(eq=False)
class MemberIsFrozen(StateError):
    """Validators seal nothing once a chain is frozen.
    Do: Nothing is sealed any more: let watchers sign FRZ, and owners leave by exodus.
    """

    chain: int

    def __str__(self) -> str:
        return f"chain {self.chain} is frozen: nothing more is sealed"


@dataclass(eq=False)
class EndNotTrue(StateError):
    """A signer was asked for an END that does not hold: the history has not ended, or not with this block.
    Do: Ask for END of the last block that the primary has accepted, once its freeze is final or it was silent for the
    two days.
    """

    number: int
    detail: str

    def __str__(self) -> str:
        return f"the history does not end with block {self.number}: {self.detail}"


@dataclass(eq=False)
class PathTooShort(StateError):
    """A signer was not shown how the history leads from one block that it knows to a higher one.
    Do: Ask again with the commitments of all blocks between them. If there are none that lead there, the primary has
    taken back what was final.
    """

    lower: int
    higher: int

    def __str__(self) -> str:
        return f"the commitments shown do not lead from block {self.lower} to block {self.higher}"


@dataclass(eq=False)
class TimeImpossible(StateError):
    """A validator was asked to seal a block that the primary would refuse for its time: ahead of its clock, or too old.
    Do: Seal the block again with the primary's present time.
    """

    number: int
    timestamp: int
    now: int

    def __str__(self) -> str:
        return f"block {self.number} has the time {self.timestamp}, which cannot be accepted at {self.now}"


@dataclass(eq=False)
class EndIsTrue(StateError):
    """A signer was asked to deny an END that is true, or that is not pending.
    Do: Nothing: this END stands when its window is over.
    """

    chain: int
    number: int
    detail: str

    def __str__(self) -> str:
        return f"END({self.number}) on chain {self.chain} is not denied: {self.detail}"


@dataclass(eq=False)
class EvidenceMissing(StateError):
    """Fewer signers than the majority of a group sign a fact.
    Do: Nothing at first: signers are asked again. If it lasts, see the reason that the first of them gives.
    """

    what: str
    signatures: int
    threshold: int
    reason: str

    def __str__(self) -> str:
        return f"{self.what}: {self.signatures} of {self.threshold} signatures; {self.reason}"


@dataclass(eq=False)
class SignerFailed(StateError):
    """A signer of another process does not answer, gives no word, or one that is not its signature of what was asked.
    Do: Nothing, as long as a majority of its group signs. Look at that signer's `/health` and log.
    """

    address: str
    reason: str

    def __str__(self) -> str:
        return f"signer {self.address}: {self.reason}"
