"""Why the program refuses, by number. A number is above what other programs return: one that they refuse with passes
through. Texts are the contracts' where the reason is the same.
"""

from enum import Enum
from typing import Final

FIRST: Final = 1_001


class Refusal(Enum):
    """Reasons in the order of their numbers."""

    INPUT = "program: accounts or bytes of the call"
    SIGNER = "program: a signature is missing"
    ACCOUNT = "program: not the account that is meant"
    EXISTS = "program: made already"
    CALLEE = "program: a call of another program failed"
    CLOCK = "program: no clock or rent"
    AUTHORITY = "init: not the upgrade authority"
    QUEUE = "init: not an empty queue"
    KEYS = "init: not the verification keys"
    LIMITS = "deployment: limits"
    GENESIS = "deployment: genesis root"
    TABLE = "deployment: chain table"
    OWN_ENTRY = "deployment: own entry"
    GOVERNOR = "program: not the governor"
    GROUP = "groups: not a group"
    TOKEN_ID = "registry: token id out of range"
    CHAINS = "registry: unknown chain in mask"
    MINT = "registry: not a mint that is taken"
    VAULT = "registry: not the vault"
    DECIMALS = "registry: decimals out of range"
    TOKEN_LIMITS = "registry: minimum and cap"
    PRICE = "prices: unknown kind or price"
    FROZEN = "bridge: frozen"
    FULL = "queue: full"
    DESTINATION = "swap: unknown destination"
    TOKEN_IN = "bridge: unknown token"
    PAUSED = "bridge: token paused"
    TOKEN_OUT = "swap: unknown token out"
    SAME_TOKEN = "swap: same token, same chain"
    ROUTE = "swap: route"
    RECIPIENT = "swap: recipient format"
    RECIPIENT_BRIDGE = "swap: recipient is a bridge"
    DEADLINE = "swap: deadline passed"
    REFUND = "bridge: refund address"
    FEE = "fee: below the price"
    FEE_LIMIT = "fee: too large"
    ZERO_AMOUNT = "bridge: zero amount"
    CONVERTIBLE = "bridge: amount not convertible"
    MINIMUM = "bridge: below the minimum"
    CAP = "custody: above the cap"
    SHORT = "bridge: token is short"
    OPERATOR_FEE = "swap: fee not below amount"
    STAGE = "block: not in this stage"
    FORM = "block: words do not fit"
    LANE = "block: unknown lane"
    ROOT = "block: root above r"
    COMMITMENT = "block: commitment above r"
    BEFORE = "block: before the last block"
    UNKNOWN_CHAIN = "block: words of an unknown chain"
    EVALUATION = "block: evaluation above r"
    RECORD = "slice: no record of this chain"
    LONG_WORD = "slice: word too long"
    UNUSED_BITS = "slice: unused bits of a payout"
    SLICE_RECIPIENT = "slice: recipient format"
    SLICE_BRIDGE = "slice: recipient is a bridge"
    OTHER_FULL_EXIT = "slice: another full exit"
    PAYOUTS = "slice: too many payouts"
    REQUESTS = "queue: other requests"
    OPEN_FEES = "queue: more fees than open"
    VALIDATORS = "groups: validators' evidence"
    WATCHERS = "groups: watchers' evidence"
    PROOF = "verifier: proof"
    CUSTODY = "custody: more than came in"
    PAID = "pay: no such payout, or paid"
    PAY_TO = "pay: not the recipient's account"
    PAY_RENT = "pay: the account would be below the rent"
    FILL_FORM = "fill: not a payout that can be filled here"
    FILL_LATE = "fill: already imported"
    FILL_FEE = "fill: fee not below amount"
    FILL_TO = "fill: not the recipient's account"
    FILL_REPAY = "fill: not the account that is repaid"
    NOT_ARRIVED = "fill: less arrived"
    OWED = "close: payouts are owed"

    @property
    def number(self) -> int:
        """What the transaction fails with."""
        return FIRST + list(Refusal).index(self)


def find_refusal(number: int) -> Refusal | None:
    """The reason with that number; None for another program's."""
    reasons = list(Refusal)
    return reasons[number - FIRST] if 0 <= number - FIRST < len(reasons) else None
