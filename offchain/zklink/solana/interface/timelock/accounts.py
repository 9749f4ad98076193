"""What the timelock keeps: itself, and a proposal in an account of its own."""

from typing import Final

from zklink.solana.interface.accounts import PRICE_KINDS
from zklink.solana.interface.codec import KEY, Field, Layout

TIMELOCK_TAG: Final = 0x314B434F4C5A4B
PROPOSAL_TAG: Final = 0x31504F52505A4B

WAITING: Final = 1
EXECUTED: Final = 2
CANCELLED: Final = 3
"""Stages of a proposal."""

MAX_CALLS: Final = 8
"""Calls of one proposal."""
MAX_CALL_ACCOUNTS: Final = 29
"""Accounts of one call: `execute` has 32, of which two are its own and one is the program that is called."""
MAX_SLOTS_PER_DAY: Final = 1 << 32

TIMELOCK_SEEDS: Final = (b"timelock",)
"""The timelock: governor and upgrade authority of the program that it governs."""
PURSE_SEEDS: Final = (b"purse",)
"""What pays rent in proposed calls: lamports that anybody sends there, and no data."""


def proposal_seeds(number: int) -> tuple[bytes, ...]:
    """Where a proposal is kept."""
    return b"proposal", number.to_bytes(8, "little")


TIMELOCK: Final = Layout(
    "timelock",
    Field("tag", "u64"),
    Field("bump", "u64"),
    Field("purse_bump", "u64"),
    Field("itself", KEY),
    Field("purse", KEY),
    Field("program", KEY),
    Field("owner", KEY),
    Field("coming_owner", KEY),
    Field("setter", KEY),
    Field("slots_per_day", "u64"),
    Field("founding_ends", "u64"),
    Field("swift", "u64"),
    Field("count", "u64"),
    # prices, by kind
    Field("lows", "u64", PRICE_KINDS),
    Field("highs", "u64", PRICE_KINDS),
    Field("bases", "u64", PRICE_KINDS),
    Field("peaks", "u64", PRICE_KINDS),
    Field("since", "u64", PRICE_KINDS),
)
"""`program` is what it governs, `count` how many proposals there were; bit n of `swift` stands for call n of the
governed program. `coming_owner` and `setter` are zero for nobody, `founding_ends` is zero once the founding has been
closed. Of a kind of price: its bounds, the price when the day began, the highest one in effect in it, and when a rise
above that counts.
"""

PROPOSAL: Final = Layout(
    "proposal",
    Field("tag", "u64"),
    Field("number", "u64"),
    Field("stage", "u64"),
    Field("calls", "u64"),
    Field("proposed_at", "u64"),
    Field("proposed_in", "u64"),
    Field("payer", KEY),
)
"""The head of a proposal; its calls follow (`texts`). Numbers begin at 1. `proposed_at` is UNIX seconds, `proposed_in`
a slot; `payer` gets the rent back once it is executed or cancelled.
"""

LAYOUTS: Final = (TIMELOCK, PROPOSAL)
