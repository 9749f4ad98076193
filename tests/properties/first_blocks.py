"""The first blocks of short stories, and what a chain makes of a bent one."""

from tests.support.sealed import Sealed, View
from tests.support.story import Story, refused
from tests.support.world import (
    CHAINS,
    ETH,
    USD,
    A,
    B,
    C,
    unit,
)
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest

NOT_TRUE = "ideal: not true"


def sealed_payout(story: Story, fill_fee: int = 0) -> tuple[SwapRequest, Payout]:
    """A request and the payout that the sealed result promises."""
    request = story.swap(A, USD, 5_000, B, USD, fill_fee=fill_fee)
    return request, story.seal(story.genesis, [request]).payouts()[0]


def proven_everywhere(story: Story) -> Sealed:
    """One block that concerns A and C (and the primary B, as every block does), proven on all chains."""
    story.swap(A, USD, 1_000, C, USD)
    sealed = story.seal_waiting(story.genesis)
    for chain in CHAINS:
        story.commit(chain, sealed)
        story.prove(chain)
    return sealed


def block_for_all(story: Story) -> Sealed:
    """A block with something for everybody: requests from A and C, payouts on all three chains."""
    story.swap(A, USD, 5_000, C, USD)
    story.swap(C, USD, 6_000, A, USD)
    story.swap(A, ETH, unit(ETH), B, USD)
    return story.seal_waiting(story.genesis)


def assert_unprovable(story: Story, view: View) -> None:
    """The chain may take the view in, but no proof fits it."""
    with story.world.rollback():
        top = story.links[view.chain][-1]
        story.side(view.chain).bridge.commit_blocks(top.stored_args(), [view.commit_args()], sender=story.validator)
        link = top.follow(view)
        assert not story.prover.is_true(view.inputs)
        bridge = story.side(view.chain).bridge
        assert refused(bridge.prove_blocks, [link.prove_args()]) == NOT_TRUE


def records(view: View) -> list[tuple[int, tuple[int, ...]]]:
    """Each record with the index of its first word."""
    found, at = [], 0
    for record in view.records():
        found.append((at, record))
        at += len(record)
    return found
