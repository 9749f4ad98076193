"""Why the timelock refuses, by number. What the program that it calls refuses with passes through: no number is in both
tables. Texts are those of contracts/Timelock.vy where the reason is the same.
"""

from enum import Enum
from typing import Final

FIRST: Final = 2_001


class TimelockRefusal(Enum):
    """Reasons in the order of their numbers."""

    INPUT = "timelock: accounts or bytes of the call"
    SIGNER = "timelock: a signature is missing"
    ACCOUNT = "timelock: not the account that is meant"
    EXISTS = "timelock: made already"
    CALLEE = "timelock: a call of another program failed"
    CLOCK = "timelock: no clock or rent"
    AUTHORITY = "timelock: not the upgrade authority"
    NO_OWNER = "timelock: zero owner"
    GOVERNED = "timelock: not a program to govern"
    SLOTS = "windows: no slots in a day"
    OWNER = "timelock: not the owner"
    HEIR = "timelock: not the coming owner"
    CALLS = "timelock: too few or too many calls"
    TEXT = "timelock: not calls as they are written"
    STRANGER = "timelock: a signature of somebody else"
    ITSELF = "timelock: not a call to itself"
    NOT_PINNED = "timelock: an upgrade without its bytes"
    NOT_PROPOSED = "timelock: not proposed"
    TOO_EARLY = "timelock: too early to execute"
    TOO_LATE = "timelock: too late to execute"
    PINNED = "timelock: not what was proposed"
    NOTHING_TO_CANCEL = "timelock: nothing to cancel"
    PAYER = "timelock: not who has paid"
    WAITS = "timelock: the proposal waits"
    NO_CALL = "timelock: no call"
    NOT_SWIFT = "timelock: not swift"
    FOUNDED = "timelock: founding is over"
    LOOSER = "timelock: not tighter"
    KIND = "prices: unknown kind"
    BOUNDS = "prices: bounds out of order"
    SETTER = "prices: not the setter"
    OUTSIDE = "prices: out of bounds"
    DOUBLED = "prices: more than doubled"

    @property
    def number(self) -> int:
        """What the transaction fails with."""
        return FIRST + list(TimelockRefusal).index(self)


def find_timelock_refusal(number: int) -> TimelockRefusal | None:
    """The reason with that number; None for another program's."""
    reasons = list(TimelockRefusal)
    return reasons[number - FIRST] if 0 <= number - FIRST < len(reasons) else None
