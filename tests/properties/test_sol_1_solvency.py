"""SOL-1: every bridge holds what it owes, as short stories; the state machines play them at random."""

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import ETH, ODD, RECIPIENTS, USD, A, B, C, ReceiverMode, TokenMode, unit
from zklink.protocol.ids import Kind


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
