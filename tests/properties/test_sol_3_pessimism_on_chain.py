"""SOL-3 at the bridge: no chain releases more than came in, as short stories; the machines play them at random."""

from tests.support.sealed import forge_view
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import ETH, RECIPIENTS, USD, A, C, unit
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, Kind


@upholds("SOL-3")
class TestPessimism:
    """No chain ever releases more of a token than its own net inflow, whatever is corrupt elsewhere."""

    def test_execute__request_forged_elsewhere__pays_no_more_than_the_reserve(self, story: Story) -> None:
        """A dishonest quorum and a valid block with an invented deposit: the state's reserve of this chain bounds the
        payout.
        """
        story.keep_sums_only()
        reserve = story.ledger.custody[C, ETH]
        huge = story.invent_request(A, ETH, reserve + 1, C, ETH)
        sealed = story.seal(story.genesis, [huge])
        assert sealed.payouts()[0].kind == Kind.SWAP_REFUNDED
        most = story.invent_request(A, ETH, reserve, C, ETH)
        story.force(C, story.seal(story.genesis, [most]))
        story.execute(C)
        story.check()
        assert story.ledger.custody[C, ETH] == 0

    def test_execute__payout_above_custody__refused_even_with_a_false_proof(self, story: Story) -> None:
        """With the proof system broken as well, the second lock holds: donated coins and pending balances are out of
        reach.
        """
        reserve = story.ledger.custody[C, ETH]
        story.donate(C, ETH, 10 * reserve)
        request = story.swap(A, ETH, unit(ETH), C, ETH)
        sealed = story.seal(story.genesis, [request])
        payout = Payout.paid(request, Amount(reserve + 1))
        view = forge_view(sealed.view(C), payout.words())
        story.force_view(C, view)
        assert refused(story.execute, C) == "ledger: more than came in"
        story.check()

    def test_execute__same_payout_in_two_blocks__paid_once(self, story: Story) -> None:
        """A corrupt source that repeats a request id makes a payout with the same key: it is paid once and blocks
        nothing.
        """
        request = story.swap(A, USD, unit(USD), C, USD)
        first = story.seal(story.genesis, [request])
        story.force(C, first)
        story.execute(C)
        before = story.side(C).balance(USD, RECIPIENTS[0])
        payout = first.payouts()[0]
        empty = story.seal(first, [story.invent_request(A, USD, unit(USD), C, USD)])
        story.force_view(C, forge_view(empty.view(C), payout.words()))
        bridge = story.side(C).bridge
        bridge.execute_blocks([story.links[C][2].execute_args()])
        assert story.side(C).balance(USD, RECIPIENTS[0]) == before
        story.check()
