"""The circuit inputs of a block of either lane: the one place that asks which lane it is."""

from zklink.transition.account_block import AccountBlock
from zklink.transition.block_frame import LaneBlock
from zklink.transition.swap_block import SwapBlock
from zklink.witness import account_block, swap_block
from zklink.witness.signals import Signals


def compute_block_inputs(block: LaneBlock) -> Signals:
    """Every input signal by name. Raises PathsMissing for an account block that was applied without paths."""
    match block:
        case SwapBlock():
            return swap_block.compute_inputs(block)
        case AccountBlock():
            return account_block.compute_inputs(block)
        case _:
            raise TypeError(f"no circuit proves a {type(block).__name__}")
