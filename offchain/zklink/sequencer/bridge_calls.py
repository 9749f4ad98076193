"""Encodes an action for one chain's bridge: a function of its ABI and the arguments.

Takes an action and the sealed blocks; gives a `BridgeCall`. Never chooses anything. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zklink.protocol.bridge_blocks import CommitBlock, ExecuteBlock, ProveBlock, stored_block_abi
from zklink.protocol.commitment import pack_counts
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.decision import Action, ApplyMessage, Commit, Execute, Horizon, Prove, Revert
from zklink.sequencer.sealed_block import SealedBlock

DATA_SLICE: Final = 0


@dataclass(frozen=True, slots=True)
class BridgeCall:
    """A function of a bridge and its arguments as the ABI takes them."""

    function: str
    arguments: tuple[object, ...]


def encode_action(action: Action, chain: ChainId, horizon: Horizon) -> BridgeCall:
    """The call that carries out an action on a chain."""
    match action:
        case Revert(to_block):
            return BridgeCall("revert_blocks", (stored_block_abi(horizon.stored(chain, to_block)),))
        case Commit(numbers):
            last = horizon.stored(chain, BlockNumber(numbers[0] - 1))
            blocks = [encode_commit(horizon.block(number), chain, horizon.primary).abi() for number in numbers]
            return BridgeCall("commit_blocks", (stored_block_abi(last), blocks))
        case Prove(numbers):
            proven = [encode_prove(horizon.block(n), chain, horizon.proofs[n]).abi() for n in numbers]
            return BridgeCall("prove_blocks", (proven,))
        case ApplyMessage(source, number):
            return BridgeCall("apply_message", (source, number))
        case Execute(numbers):
            due = [encode_execute(horizon.block(number), chain).abi() for number in numbers]
            return BridgeCall("execute_blocks", (due,))


def encode_commit(sealed: SealedBlock, chain: ChainId, primary: ChainId) -> CommitBlock:
    """The chain's own slice in full, on the primary the layer-2-only data too, and claims about every other slice that
    is not empty, ascending; the owners' signatures for the key changes of the own slice.
    """
    block = sealed.block
    held = (chain, DATA_SLICE) if chain == primary else (chain,)
    others = [k for k, count in enumerate(block.header.counts) if count and k not in held]
    return CommitBlock(
        lane=block.lane,
        timestamp=block.header.timestamp,
        counts=pack_counts(block.header.counts),
        new_root=block.header.new_root,
        commitment=block.inputs.commitment,
        words=block.slices[chain],
        data=block.slices[DATA_SLICE] if chain == primary else (),
        slice_hashes=tuple(block.slice_hashes[k] for k in others),
        evaluations=tuple(block.evaluations[k] for k in others),
        signatures=sealed.consents(chain),
    )


def encode_prove(sealed: SealedBlock, chain: ChainId, proof: Sequence[int]) -> ProveBlock:
    """The chain's record of the block with the one proof that serves every chain."""
    return ProveBlock(sealed.stored[chain], sealed.block.inputs, tuple(proof))


def encode_execute(sealed: SealedBlock, chain: ChainId) -> ExecuteBlock:
    """The chain's record of the block with the payouts of its own slice."""
    words = tuple(word for payout in sealed.payouts(chain) for word in payout.words())
    return ExecuteBlock(sealed.stored[chain], words)
