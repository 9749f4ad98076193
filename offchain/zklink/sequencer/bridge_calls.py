"""Encodes an action for one chain's history: the call and its arguments.

Takes an action and the sealed blocks; gives a typed call. Never chooses anything. Pure.
"""

from dataclasses import dataclass, replace

from zklink.protocol.bridge_blocks import AcceptAgainCall, AcceptCall, FullBlock, ImportCall, MemberBlock
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.words import PAYOUT_WORDS
from zklink.sequencer.decision import Accept, AcceptAgain, Action, Execute, Import
from zklink.sequencer.horizon import Horizon


@dataclass(frozen=True, slots=True)
class ExecuteCall:
    """A history's `execute`: the words of all payouts that a block still owes, of which the first `count` are paid."""

    number: BlockNumber
    payouts: tuple[int, ...]
    count: int


HistoryCall = AcceptCall | AcceptAgainCall | ImportCall | ExecuteCall


def encode_action(action: Action, chain: ChainId, horizon: Horizon) -> HistoryCall:
    """The call that carries out an action on a chain."""
    match action:
        case Accept(blocks, pays):
            vouched = horizon.vouched[blocks[-1]]
            full = tuple(_full(number, horizon) for number in blocks)
            return AcceptCall(blocks[0], full, vouched.queues, vouched.seal, vouched.watchers, pays)
        case AcceptAgain(blocks, pays, evidence):
            full = tuple(_full(number, horizon) for number in blocks)
            later = horizon.commitments(blocks[-1], evidence.fact.number)
            return AcceptAgainCall(blocks[0], full, later, evidence.validators, evidence.watchers, pays)
        case Import(blocks, pays, evidence):
            members = tuple(encode_member(number, chain, horizon) for number in blocks)
            later = horizon.commitments(blocks[-1], evidence.fact.number)
            return ImportCall(blocks[0], members, later, evidence.validators, evidence.watchers, pays)
        case Execute(number, paid, count):
            words = horizon.block(number).payout_words(chain)
            return ExecuteCall(number, words[paid * PAYOUT_WORDS :], count)


def _full(number: BlockNumber, horizon: Horizon) -> FullBlock:
    return horizon.block(number).full(horizon.primary).with_proof(horizon.proofs[number])


def encode_member(number: BlockNumber, chain: ChainId, horizon: Horizon) -> MemberBlock:
    """A sealed block for a member, with the one proof that serves every chain."""
    member = horizon.block(number).member(chain)
    return replace(member, block=replace(member.block, proof=tuple(horizon.proofs[number])))
