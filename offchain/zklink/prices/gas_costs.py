"""The gas of what an operator sends for a request: measured figures, rounded up; a test compares them with
`snapshots/gas.json`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class GasCosts:
    """Gas by what is done. `payment` is a transaction of its own whose recipient refuses: the dearest that there is."""

    accept_block: int = 400_000
    """The primary takes a block: its fixed part, with the seal and a queue's evidence."""
    word: int = 650
    """One word of a block on the primary."""
    import_block: int = 380_000
    """A member takes a block in a call of its own, because it must come soon: the fixed part."""
    import_further: int = 90_000
    """A member that a block does not concern takes it with others in one call."""
    record: int = 3_300
    """A request or a payout in the slice of a member."""
    payment: int = 150_000
    """A payout or a refund."""


MEASURED = GasCosts()
"""The figures of this version's contracts."""

LAMPORTS_PER_TRANSACTION: Final = 5_000
"""What a transaction of one signature costs on Solana, without a priority fee."""

LAMPORTS = GasCosts(
    accept_block=0,
    word=0,
    import_block=30_000,
    import_further=30_000,
    record=LAMPORTS_PER_TRANSACTION,
    payment=2 * LAMPORTS_PER_TRANSACTION,
)
"""The same on a Solana member, in lamports: every block is brought by itself, in five transactions with six signatures;
at worst a record makes one more, and a payout goes to broker and recipient by one each. Rent comes back. A test
compares them with docs/performance.md.
"""
