"""What a proof would prove: the statement of the swap circuit, decided in Python.

Takes public inputs; says whether some valid block makes them true. With IdealVerifier it is a perfect proof system:
complete for blocks that the transition made, and no false statement passes.
"""

from zklink.protocol.commitment import PublicInputs, aggregate, evaluate_header
from zklink.protocol.slices import evaluate
from zklink.transition.swap_block import SwapBlock


class Prover:
    """Knows every valid block that was ever made, by its commitment C."""

    def __init__(self) -> None:
        self._blocks: dict[int, SwapBlock] = {}

    def learn(self, block: SwapBlock) -> None:
        """A block that the transition has applied; C binds everything in it."""
        self._blocks[block.commitment] = block

    def is_true(self, inputs: PublicInputs) -> bool:
        """Whether a block with this C has, at this z and lambda, this y."""
        block = self._blocks.get(inputs.commitment)
        if block is None:
            return False
        evaluations = [evaluate(words, inputs.z) for words in block.slices]
        return aggregate(evaluate_header(block.header, inputs.z), evaluations, inputs.lambda_) == inputs.y
