"""SOL-1 and SOL-3, as short stories; the state machines play them at random."""

from tests.support.sealed import forge_view
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import ETH, ODD, RECIPIENTS, USD, A, B, C, ReceiverMode, TokenMode, unit
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, Kind


@upholds("SOL-1")
class TestSolvency:
    """On every chain, for every token, after every step: balance >= pending balances + reserve + open requests.

    The books of the test say more: the balance is that sum and what was donated, to the last unit.
    """

    def test_life_of_a_block__paid_and_refunded__books_agree_after_every_step(self, story: Story) -> None:
        paid = story.swap(A, USD, 500 * unit(USD), B, ETH, operator_fee=unit(USD))
        story.check()
        refunded = story.swap(B, USD, 700 * unit(USD), A, ETH, min_out=10**6 * unit(ETH))
        story.check()
        sealed = story.seal_waiting(story.genesis)
        for chain in (B, A, C):
            story.commit(chain, sealed)
            story.prove(chain)
            story.check()
        story.exchange()
        story.check()
        for chain in (A, B, C):
            story.execute(chain)
            story.check()
        assert story.end_of(paid) == Kind.SWAP_PAID
        assert story.end_of(refunded) == Kind.SWAP_REFUNDED

    def test_swap__token_takes_a_fee__only_what_arrived_is_credited(self, story: Story) -> None:
        story.set_token_mode(A, ODD, TokenMode.FEE)
        story.swap(A, ODD, 100 * unit(ODD), B, ODD, arrives=99 * unit(ODD))
        story.check()

    def test_swap__reentered_while_tokens_come_in__credited_once(self, story: Story) -> None:
        site = story.side(A).sites[ODD]
        order = story.order(site, 5 * unit(ODD), B, ODD, recipient=RECIPIENTS[0])
        story.set_token_mode(A, ODD, TokenMode.REENTER, story.side(A).bridge.encode("swap", order))
        story.swap(A, ODD, 5 * unit(ODD), B, ODD)
        assert site.contract is not None and site.contract.reentries() == 0
        story.check()

    def test_execute__payout__custody_falls_by_it(self, story: Story) -> None:
        story.swap(A, ETH, unit(ETH), C, ETH)
        story.settle()
        story.check()

    def test_withdraw__twice__paid_once(self, story: Story) -> None:
        story.set_token_mode(B, ODD, TokenMode.REVERT)
        story.swap(A, ODD, 10 * unit(ODD), B, ODD)
        story.settle()
        story.check()
        story.check_pending()
        story.set_token_mode(B, ODD, TokenMode.HONEST)
        story.withdraw(B, ODD, RECIPIENTS[0])
        assert refused(story.withdraw, B, ODD, RECIPIENTS[0]) == "ledger: nothing pending"
        story.check()

    def test_withdraw__reentered_while_it_pays__paid_once(self, story: Story) -> None:
        receiver = story.side(A).receiver
        story.set_receiver_mode(A, ReceiverMode.REFUSE)
        story.swap(B, ETH, unit(ETH), A, ETH, recipient=receiver.address)
        story.settle()
        again = story.side(A).bridge.encode("withdraw_pending_balance", ETH, receiver.address)
        story.set_receiver_mode(A, ReceiverMode.REENTER, again)
        story.withdraw(A, ETH, receiver.address.lower())
        assert receiver.reentries() == 0
        story.check()

    def test_swap__above_the_cap__refused(self, story: Story) -> None:
        bridge = story.side(A).bridge
        held = bridge.custody(USD)
        story.set_limits(A, USD, 1, held + 10)
        story.swap(A, USD, 10, B, USD)
        assert refused(story.swap, A, USD, 1, B, USD) == "ledger: above the cap"
        story.check()


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
