"""The custody that a chain should have: the proven state's reserve after the last block that the chain has, the
requests that no such block consumes, and the payouts that its blocks still owe.

Takes what was read of all chains; rebuilds the state from the primary's calldata alone. Never sends anything.
"""

from collections.abc import Mapping

from zklink.history.solvency import sum_brought
from zklink.operations.payout import Payout
from zklink.protocol.ids import ChainId, Lane, TokenId
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.rebuild import rebuild


def expect_custody(read: ChainsRead) -> dict[ChainId, Mapping[TokenId, int]]:
    """By chain and token, in layer-2 units. Raises what `ChainsRead` and `rebuild` do."""
    history, state, at = read.history(), read.deployment.genesis.state(), 0
    tips = {chain: bridge.history.tip() for chain, bridge in read.bridges.items()}
    found: dict[ChainId, Mapping[TokenId, int]] = {}
    for chain in sorted(tips, key=lambda each: tips[each].number):
        number = tips[chain].number
        if number > at:
            state, at = rebuild(state, [history.block(each) for each in range(at + 1, number + 1)]), number
        requests = [request for lane in Lane for request in read.waiting(chain, lane)]
        words = [each for _, left in read.owed(chain) for each in left]
        payouts = [Payout.from_words(words[at_ : at_ + PAYOUT_WORDS]) for at_ in range(0, len(words), PAYOUT_WORDS)]
        found[chain] = {
            token.token_id: state.token(token.token_id).reserve(chain)
            + sum_brought(requests, token.token_id)
            + sum(payout.amount for payout in payouts if payout.token == token.token_id)
            for token in read.deployment.tokens
        }
    return found
