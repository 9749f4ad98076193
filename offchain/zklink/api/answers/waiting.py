"""What a swap waits for: in each state who can act, what they can do, and by when it is over whatever anybody does."""

from dataclasses import dataclass
from typing import Final

from zklink.history.transfer_record import FINAL_STATES, TransferRecord, TransferState
from zklink.protocol.ids import EXPIRY_SECONDS, FREEZE_DELAY_SECONDS
from zklink.schema.api.transfers import Actor, WaitInfo


@dataclass(frozen=True, slots=True)
class Wait:
    """A state's row: texts may name {source}, {primary}, {payer} and {finality}."""

    waits_for: str
    who: tuple[Actor, ...]
    can: str


WAITS: Final[dict[TransferState, Wait]] = {
    TransferState.UNKNOWN: Wait("a chain that shows this transaction", ("nobody",), "wait until it is mined"),
    TransferState.SEEN: Wait("{finality} on {source}", ("nobody",), "wait for further blocks"),
    TransferState.QUEUED: Wait(
        "a block of layer 2 that takes the request",
        ("operator", "anybody"),
        "the operator seals a block; if it does not in time, anybody calls the freeze of {source}",
    ),
    TransferState.SEALED: Wait(
        "the block's seal, evidence and proof, and its acceptance by {primary}",
        ("operator", "validators", "watchers"),
        "validators seal it, watchers vouch for its requests, the operator proves it and shows all that to {primary}",
    ),
    TransferState.ACCEPTED: Wait(
        "{payer} to import the block",
        ("validators", "watchers", "anybody"),
        "both groups sign that {primary} has accepted it; with that anybody can show it to {payer}",
    ),
    TransferState.IMPORTED: Wait(
        "the execution of its payout on {payer}", ("anybody",), "anybody calls `execute` of the history on {payer}"
    ),
    TransferState.EXECUTED: Wait(
        "the confirmations of the payout's receipt on {payer}", ("nobody",), "wait for further blocks of {payer}"
    ),
    TransferState.OWED: Wait(
        "its receiver to pull the amount on {payer}",
        ("recipient",),
        "the receiver calls `withdraw_pending_balance` of the bridge on {payer}",
    ),
    TransferState.STOPPED: Wait(
        "the end of {source}, and then its cancellation",
        ("anybody", "owner"),
        "after the exodus has begun on {source}, anybody calls `cancel_requests` there, which pays the refund address",
    ),
}
"""Every state that is not final."""

PROGRAM_WAITS: Final[dict[TransferState, Wait]] = {
    TransferState.IMPORTED: Wait(
        "the execution of its payout on {payer}", ("anybody",), "anybody calls `execute` of the program on {payer}"
    ),
    TransferState.OWED: Wait(
        "an account of its receiver on {payer} that can take the token",
        ("recipient", "anybody"),
        "the receiver makes its associated account of the token; then anybody calls `pay` of the program on {payer}, "
        "and the operator does within an hour",
    ),
}
"""The same where the payer's bridge is a program, as far as it is another one."""


@dataclass(frozen=True, slots=True)
class Names:
    """The chains that a wait is about, and what a user should pause between two questions, in seconds. The payer's
    bridge may be a program, and the source's.
    """

    source: str
    primary: str
    payer: str
    confirmations: int
    retry_seconds: int
    is_program: bool = False
    is_from_program: bool = False

    @property
    def finality(self) -> str:
        """What makes an event of the source count."""
        return "finality" if self.is_from_program else f"{self.confirmations} confirmations"


def describe_wait(record: TransferRecord, state: TransferState, is_consumed: bool, names: Names) -> WaitInfo:
    """The wait of a swap in `state`; `is_consumed` says whether its source has taken a block with it."""
    if state in FINAL_STATES:
        return NO_WAIT
    wait, request = (WAITS | PROGRAM_WAITS if names.is_program else WAITS)[state], record.request
    texts = {
        "source": names.source,
        "primary": names.primary,
        "payer": names.payer,
        "finality": names.finality,
    }
    freeze_from = None if is_consumed or state is TransferState.STOPPED else request.queued_at + EXPIRY_SECONDS
    return WaitInfo(
        waits_for=wait.waits_for.format(**texts),
        who_can_act=list(wait.who),
        what_they_can_do=wait.can.format(**texts),
        refund_after=request.deadline if record.block is None else None,
        freeze_from=freeze_from,
        over_by=None if freeze_from is None else freeze_from + FREEZE_DELAY_SECONDS,
        retry_after_seconds=names.retry_seconds,
    )


NO_WAIT: Final = WaitInfo(
    waits_for="",
    who_can_act=[],
    what_they_can_do="",
    refund_after=None,
    freeze_from=None,
    over_by=None,
    retry_after_seconds=None,
)
