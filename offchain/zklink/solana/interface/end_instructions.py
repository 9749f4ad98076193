"""The program's calls about its end: freezes, END, what the queue cannot match, the paths from one history to a later
one; then exodus, refunds and exits.
"""

from typing import Final

from zklink.solana.interface.codec import KEY, Field
from zklink.solana.interface.forms import define, roles

CALL_FREEZE: Final = define(18, "call_freeze", roles("bridge w", "queue"), Field("lane", "u8"))
"""Says, for anybody, that the oldest request of a lane has waited for more than three days; `queue` is the lane's."""

CONFIRM_FREEZE: Final = define(19, "confirm_freeze", roles("bridge w"), Field("lane", "u8"))
"""Freezes the chain, for anybody, a day and a day's slots after the call, if that request still waits."""

OPEN_PATH: Final = define(
    20,
    "open_path",
    roles("writer s", "path w", "bridge"),
    Field("number", "u64"),
    Field("sync_hash", KEY),
    has_tail=True,
)
"""Takes a new account of this program, made in the same transaction, for a path from a block of some history. The tail
is the commitments of the blocks that follow.
"""

EXTEND_PATH: Final = define(21, "extend_path", roles("writer s", "path w"), has_tail=True)
"""Its writer lets a path go on over the commitments in the tail."""

CLOSE_PATH: Final = define(22, "close_path", roles("writer sw", "path w"))
"""Gives the rent of a path back to its writer."""

RAISE_END: Final = define(
    23, "raise_end", roles("governor", "bridge w", "evidence", "path"), Field("validators_say", "u8")
)
"""Raises END at the end of `path`, which begins at the tip. The validators' signatures in `evidence` are of END, or,
unless `validators_say`, their seal of that block. Where the watchers' are none, the governor signs.
"""

DENY_END: Final = define(24, "deny_end", roles("governor", "bridge w", "evidence"), Field("by_governor", "u8"))
"""Denies the END that waits: by the governor's signature, then nobody looks at `evidence`; else by the validators' word
against the watchers' END, the watchers' against that of validators and governor.
"""

VOID_END: Final = define(25, "void_end", roles("governor s", "bridge w"))
"""The governor voids the watchers' END that the validators have denied."""

FELL_END: Final = define(
    26, "fell_end", roles("bridge w", "evidence", "path"), Field("number", "u64"), Field("sync_hash", KEY)
)
"""Fells the END that waits by an ACC that contradicts it, for anybody. For a block that is not above END, `path` leads
from what END's own history has at that number to END; else nobody looks at it.
"""

STAND_END: Final = define(27, "stand_end", roles("bridge w", "path"))
"""Lets the END that waits stand, for anybody, when its window is over; `path` leads to it from the tip."""

SHOW_MISMATCH: Final = define(28, "show_mismatch", roles("bridge w", "queue", "block", "path"))
"""Shows, for anybody, that the own queue cannot match the block after the tip, which is written as for its import.
By an ACC the chain freezes; once END stands it ends at its tip. Unless END is further away than the block's later
commitments, nobody looks at `path`, which leads from there to END.
"""

IMPORT_BY_PATH: Final = define(29, "import_by_path", roles("bridge w", "queue", "keys", "block w", "path"))
"""As `import_block`, for an END that is further away than a block's later commitments: `path` leads on to it."""

BEGIN_EXODUS: Final = define(30, "begin_exodus", roles("bridge w"))
"""Begins exodus, for anybody, once: END stands, its block is the tip, and every block is executed."""

CANCEL: Final = define(
    31,
    "cancel",
    roles("claimant", "bridge w", "queue", "token w", "vault w", "mint", "token_program", "destination w")
    + roles("fee_to w", "sol w"),
    Field("lane", "u8"),
    Field("id", "u64"),
    Field("parts", "u8"),
)
"""Refunds a request that no block contains, for anybody, once, in any order: its amount (bit 0 of `parts`) like a
payout to whom it names for that, at `destination`; its fee (bit 1) to that account, or the owner's where there is no
amount, at `fee_to`. A part that there is none of, or that is not asked for, has accounts that nobody looks at.
"""

ITS_AMOUNT: Final = 1
ITS_FEE: Final = 2
BOTH_PARTS: Final = ITS_AMOUNT | ITS_FEE
"""The parts of a refund."""

EXIT: Final = define(
    32,
    "exit",
    roles("payer sw", "recipient", "bridge", "keys", "exit w", "token_a w", "token_b w", "system_program"),
    Field("statement", KEY, 3),
    Field("proof", KEY, 8),
)
"""Moves a chain's share of a balance from custody to what is owed, by proof against the exit root, once. `statement` is
x0, recipient_lo, x1. Unless the account's key has named the recipient, that one signs. Nobody looks at the token of a
side that pays nothing.
"""

PAY_EXIT: Final = define(
    33,
    "pay_exit",
    roles("claimant", "bridge", "exit w", "token w", "vault w", "mint", "token_program", "destination w"),
    Field("side", "u8"),
)
"""Pays one side of an exit like a payout, by anybody."""

END_INSTRUCTIONS: Final = (
    CALL_FREEZE,
    CONFIRM_FREEZE,
    OPEN_PATH,
    EXTEND_PATH,
    CLOSE_PATH,
    RAISE_END,
    DENY_END,
    VOID_END,
    FELL_END,
    STAND_END,
    SHOW_MISMATCH,
    IMPORT_BY_PATH,
    BEGIN_EXODUS,
    CANCEL,
    EXIT,
    PAY_EXIT,
)
