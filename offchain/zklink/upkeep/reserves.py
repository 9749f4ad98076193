"""The custody that a chain should have at a block with its confirmations: the proven state's reserve after the last
block that the chain had then, the requests that no such block consumes, and the payouts that its blocks still owed.

Everything of a chain is read at that one block: a request or a payout between two questions would look like money that
is missing. Takes what was read of all chains; rebuilds the state from the primary's calldata alone. Never sends
anything.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from zklink.history.solvency import sum_brought
from zklink.operations.payout import Payout
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId, Lane, TokenId
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.member_reading import MemberReading
from zklink.recovery.rebuild import rebuild


@dataclass(frozen=True, slots=True)
class Reserves:
    """The custody that a chain should have of each token at its L1 block `height`, in layer-2 units. `reading` is what
    a program was then, at a slot that is finalized; None for contracts.
    """

    height: int
    custody: Mapping[TokenId, int]
    reading: MemberReading | None = None


def expect_custody(read: ChainsRead) -> dict[ChainId, Reserves]:
    """By chain. A program that does not answer, or that exits may have paid from, has none. Raises what `ChainsRead`
    and `rebuild` do.
    """
    heights = {chain: find_steady_height(read, chain) for chain in read.bridges}
    tips = {chain: bridge.history.tip(block=heights[chain]) for chain, bridge in read.bridges.items()}
    readings = _read_programs(read)
    tips |= {chain: reading.tip for chain, reading in readings.items()}
    history, state, at = read.history(), read.deployment.genesis.state(), 0
    found: dict[ChainId, Reserves] = {}
    for chain in sorted(tips, key=lambda each: tips[each].number):
        number = tips[chain].number
        if number > at:
            state, at = rebuild(state, [history.block(each) for each in range(at + 1, number + 1)]), number
        if chain in readings:
            reading = readings[chain]
            height, requests = reading.head.number, [each for lane in Lane for each in reading.waiting[lane]]
            unpaid = [each.number for each in reading.lent if not each.is_executed]
            words = [word for each in unpaid for word in history.block(each).payouts(chain)]
        else:
            height = heights[chain]
            requests = read.open_requests(chain, height)
            words = [each for _, left in read.owed(chain, height) for each in left]
        payouts = [Payout.from_words(words[at_ : at_ + PAYOUT_WORDS]) for at_ in range(0, len(words), PAYOUT_WORDS)]
        custody = {
            token.token_id: state.token(token.token_id).reserve(chain)
            + sum_brought(requests, token.token_id)
            + sum(payout.amount for payout in payouts if payout.token == token.token_id)
            for token in read.deployment.tokens
        }
        found[chain] = Reserves(height, custody, readings.get(chain))
    return found


def _read_programs(read: ChainsRead) -> dict[ChainId, MemberReading]:
    """Programs at their last finalized slot: those that answer, whose exits are not open, and all of whose blocks that
    are not executed are known, so that what these owe can be counted.
    """
    found: dict[ChainId, MemberReading] = {}
    for chain, view in read.programs.items():
        with suppress(ZkLinkError):
            tokens = [token.token_id for token in read.deployment.tokens if chain in token.contracts]
            reading = view.look(tokens, is_final=True)
            is_whole = sum(not each.is_executed for each in reading.lent) == reading.tip.unpaid
            if is_whole and not reading.is_frozen and not reading.end.stands:
                found[chain] = reading
    return found


def find_steady_height(read: ChainsRead, chain: ChainId) -> int:
    """The newest block of a chain that has its confirmations; the newest of all while the bridge is younger than that.
    Raises RpcUnavailable.
    """
    bridge = read.bridges[chain]
    height = bridge.client.confirmed_height()
    is_there = height >= read.deployment.chains[chain].from_block and bridge.client.code(bridge.address, height)
    return height if is_there else bridge.client.head().number
