"""The custody that a chain should have at a block with its confirmations: the proven state's reserve after the last
block that the chain had then, the requests that no such block consumes, and the payouts that its blocks still owed.

Everything of a chain is read at that one block: a request or a payout between two questions would look like money that
is missing. Takes what was read of all chains; rebuilds the state from the primary's calldata alone. Never sends
anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from zklink.history.solvency import sum_brought
from zklink.operations.payout import Payout
from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.rebuild import rebuild


@dataclass(frozen=True, slots=True)
class Reserves:
    """The custody that a chain should have of each token at its L1 block `height`, in layer-2 units."""

    height: int
    custody: Mapping[TokenId, int]


def expect_custody(read: ChainsRead) -> dict[ChainId, Reserves]:
    """By chain. Raises what `ChainsRead` and `rebuild` do."""
    heights = {chain: find_steady_height(read, chain) for chain in read.bridges}
    tips = {chain: bridge.history.tip(block=heights[chain]) for chain, bridge in read.bridges.items()}
    history, state, at = read.history(), read.deployment.genesis.state(), 0
    found: dict[ChainId, Reserves] = {}
    for chain in sorted(tips, key=lambda each: tips[each].number):
        number, height = tips[chain].number, heights[chain]
        if number > at:
            state, at = rebuild(state, [history.block(each) for each in range(at + 1, number + 1)]), number
        requests = read.open_requests(chain, height)
        words = [each for _, left in read.owed(chain, height) for each in left]
        payouts = [Payout.from_words(words[at_ : at_ + PAYOUT_WORDS]) for at_ in range(0, len(words), PAYOUT_WORDS)]
        custody = {
            token.token_id: state.token(token.token_id).reserve(chain)
            + sum_brought(requests, token.token_id)
            + sum(payout.amount for payout in payouts if payout.token == token.token_id)
            for token in read.deployment.tokens
        }
        found[chain] = Reserves(height, custody)
    return found


def find_steady_height(read: ChainsRead, chain: ChainId) -> int:
    """The newest block of a chain that has its confirmations; the newest of all while the bridge is younger than that.
    Raises RpcUnavailable.
    """
    bridge = read.bridges[chain]
    height = bridge.client.confirmed_height()
    is_there = height >= read.deployment.chains[chain].from_block and bridge.client.code(bridge.address, height)
    return height if is_there else bridge.client.head().number
