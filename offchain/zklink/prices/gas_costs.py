"""The gas of what an operator sends for a request: measured figures, rounded up; a test compares them with
`snapshots/gas.json`.
"""

from dataclasses import dataclass


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
