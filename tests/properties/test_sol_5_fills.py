"""SOL-5: a fill is repaid once, and a payout is never paid twice."""

from tests.properties.first_blocks import sealed_payout
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import (
    BROKERS,
    ETH,
    RECIPIENTS,
    USD,
    A,
    B,
    ReceiverMode,
    TokenMode,
    unit,
)
from zklink.operations.payout import Payout
from zklink.protocol.ids import Kind


@upholds("SOL-5")
class TestFills:
    """A broker whose fill's payout executes is repaid the gross amount exactly once; a payout is never paid twice;
    between a fill and the execution of the same payout there is one winner.
    """

    def test_fill__before_execution__recipient_gets_net_broker_gets_gross(self, story: Story) -> None:
        request, payout = sealed_payout(story, fill_fee=50)
        side = story.side(B)
        scale = side.sites[USD].scale
        recipient, broker = side.balance(USD, RECIPIENTS[0]), side.balance(USD, BROKERS[0])
        story.fill(payout, BROKERS[0])
        assert side.balance(USD, RECIPIENTS[0]) - recipient == 4_950 * scale
        assert side.balance(USD, BROKERS[0]) - broker == -4_950 * scale
        story.settle(request)
        assert side.balance(USD, RECIPIENTS[0]) - recipient == 4_950 * scale
        assert side.balance(USD, BROKERS[0]) - broker == 50 * scale
        assert story.ledger.repaid[payout.fill_key(story.world.deployment_hash)] == 1
        story.check()

    def test_fill__twice__refused(self, story: Story) -> None:
        _, payout = sealed_payout(story)
        story.fill(payout, BROKERS[0])
        for broker in BROKERS:
            assert refused(story.fill, payout, broker) == "fills: already filled"
        story.check()

    def test_fill__after_execution__refused(self, story: Story) -> None:
        request, payout = sealed_payout(story)
        story.settle(request)
        assert refused(story.fill, payout, BROKERS[0]) == "fills: already executed"
        story.check()

    def test_fill__of_a_refund__refused(self, story: Story) -> None:
        request, _ = sealed_payout(story)
        refund = Payout.refunded(request)
        assert refused(story.fill, refund, BROKERS[0]) == "fill: not a payment"

    def test_fill__block_reverted_and_sealed_the_same__repaid_once(self, story: Story) -> None:
        request, payout = sealed_payout(story)
        first = story.seal_waiting(story.genesis)
        story.commit(B, first)
        story.prove(A) if story.status(A)[0] else None
        story.fill(payout, BROKERS[1])
        story.revert(B, 0)
        story.advance(10)
        story.settle()
        assert story.end_of(request) == Kind.SWAP_PAID
        assert story.ledger.repaid[payout.fill_key(story.world.deployment_hash)] == 1
        story.check()

    def test_fill__token_delivers_less__refused(self, story: Story) -> None:
        _, payout = sealed_payout(story)
        for mode in (TokenMode.FEE, TokenMode.LIE, TokenMode.NO, TokenMode.REVERT):
            story.set_token_mode(B, USD, mode)
            refused(story.fill, payout, BROKERS[0])
            assert story.side(B).bridge.filler(payout.fill_key(story.world.deployment_hash)) == "0x" + "00" * 20
        story.check()

    def test_fill__recipient_reenters__one_fill(self, story: Story) -> None:
        receiver = story.side(A).receiver
        request = story.swap(B, ETH, unit(ETH), A, ETH, recipient=receiver.address)
        payout = story.seal(story.genesis, [request]).payouts()[0]
        again = story.side(A).bridge.encode("fill", list(payout.words()))
        story.set_receiver_mode(A, ReceiverMode.REENTER, again)
        story.fill(payout, BROKERS[0])
        assert receiver.reentries() == 0
        story.settle(request)
        story.check()

    def test_fill__broker_that_cannot_be_paid__is_owed(self, story: Story) -> None:
        request, payout = sealed_payout(story)
        story.fill(payout, BROKERS[0])
        story.set_token_mode(B, USD, TokenMode.REVERT)
        story.settle(request)
        story.set_token_mode(B, USD, TokenMode.HONEST)
        assert story.withdraw(B, USD, BROKERS[0]) == 5_000 * story.side(B).sites[USD].scale
        story.check()
