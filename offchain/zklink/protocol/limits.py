"""The limits of one call: the lengths of the arrays that bridges and their partners take.

Contracts get these numbers through `zklink generate`. Interfaces, which import nothing, repeat them; a test
compares. A list's bound costs gas in every call, so each is as small as a block of the biggest preset allows.
"""

from typing import Final

from zklink.protocol.words import ACCOUNT_REQUEST_WORDS

MAX_COMMIT_BLOCKS: Final = 4
"""Blocks that one call commits. The price of memory grows with the square of its size, and a block may bring
MAX_SLICE_WORDS, so more blocks need further calls.
"""

MAX_PROVE_BLOCKS: Final = 16
MAX_EXECUTE_BLOCKS: Final = 8

MAX_SLICE_WORDS: Final = 512
"""Words of a chain's own slice of one block."""

MAX_DATA_WORDS: Final = 256
"""Words of slice 0 of one block, on the primary chain."""

MAX_PAYOUT_WORDS: Final = 192
"""Words of the payouts of one block on one chain."""

MAX_SIGNATURES: Final = 16
"""Key changes in one chain's slice of one block."""

MAX_STEPS: Final = 32
"""Steps down a history that one call opens."""

MAX_PREIMAGES: Final = 8
"""Blocks whose preimages one call brings to find the last common one."""

MAX_CANCEL_WORDS: Final = 160
"""Words of the requests that one call cancels: 32 swaps, or 40 requests of the account lane."""

MAX_CANCELLED_REQUESTS: Final = MAX_CANCEL_WORDS // ACCOUNT_REQUEST_WORDS

CANCEL_BATCH: Final = 16
"""Requests that a driver of exodus cancels in one call: each refund may burn a push's gas."""
