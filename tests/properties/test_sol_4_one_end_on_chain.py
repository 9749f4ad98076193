"""SOL-4: every swap has one end."""

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import BNB, CHAINS, ETH, ODD, PRIMARY, USD, A, B, C, unit
from zklink.protocol.ids import Kind


@upholds("SOL-4")
class TestOneEnd:
    """A swap ends in exactly one of: paid on the destination, refunded on the source. Which of the two is decided by
    rule.
    """

    def test_swap__every_reason_for_a_refund__refunded_in_full(self, story: Story) -> None:
        soon = story.now() + 10
        requests = [
            story.swap(A, USD, 900, B, ETH, deadline=soon, operator_fee=5),
            story.swap(A, ETH, unit(ETH), B, USD, min_out=10**9 * unit(USD)),
            story.swap(B, USD, 10**6 * unit(USD), C, ETH),  # C does not hold that much
        ]
        no_pool = story.swap(C, BNB, 100_000, A, ODD)
        story.advance(60)
        story.settle(*requests)
        story.settle(no_pool)
        for request in (*requests, no_pool):
            assert story.end_of(request) == Kind.SWAP_REFUNDED
        story.check()
        story.check_settled()

    def test_execute__twice__refused(self, story: Story) -> None:
        story.swap(A, USD, 900, B, USD)
        story.settle()
        for chain in CHAINS:
            link = story.links[chain][1]
            assert refused(story.execute, chain, links=[link]) == "execute: not the next block"
        story.check()
        story.check_settled()

    def test_resealed_after_revert__paid_becomes_refunded__one_end(self, story: Story) -> None:
        request = story.swap(A, USD, 900, B, USD, deadline=story.now() + 100)
        first = story.seal_waiting(story.genesis)
        story.commit(B, first)
        story.commit(A, first)
        story.prove(A)
        assert first.payouts()[0].kind == Kind.SWAP_PAID
        story.revert(B, 0)
        story.revert(A, 0)
        story.advance(200)
        story.settle()
        assert story.end_of(request) == Kind.SWAP_REFUNDED
        assert all(story.status(chain) == (1, 1, 1, 1) for chain in CHAINS)
        story.check()
        story.check_settled()

    def test_execute__payouts_left_out_added_or_changed__refused(self, story: Story) -> None:
        for amount in (900, 901):
            story.swap(A, USD, amount, PRIMARY, USD)
        sealed = story.seal_waiting(story.genesis)
        for chain in CHAINS:
            story.commit(chain, sealed)
            story.prove(chain)
        story.exchange()
        stored, words = story.links[PRIMARY][1].execute_args()
        assert isinstance(words, list)
        bridge = story.side(PRIMARY).bridge
        for other in (
            words[:3],
            words[3:],
            [*words, *words[:3]],
            words[3:] + words[:3],
            [words[0] + 1, *words[1:]],
            [],
        ):
            assert refused(bridge.execute_blocks, [(stored, other)]) == "execute: other payouts"
        story.execute(PRIMARY)
        story.check()
