"""The first blocks of short stories, and what a chain makes of a bent one."""

from tests.support.books.chains import ETH, unit
from tests.support.books.play import Play, refused
from tests.support.books.sealed import Sealed, View
from tests.support.three_chains import MEMBERS, PRIMARY, USD, A, B, C
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest

NOT_TRUE = "ideal: not true"


def sealed_payout(play: Play, fill_fee: int = 0) -> tuple[SwapRequest, Payout]:
    """A request and the payout that the sealed result promises."""
    request = play.swap(A, USD, 5_000, B, USD, fill_fee=fill_fee)
    return request, play.seal(play.genesis, [request]).payouts()[0]


def entered_everywhere(play: Play) -> Sealed:
    """One block that concerns A and C (and the primary B, as every block does), on all chains; its payouts wait."""
    play.swap(A, USD, 1_000, C, USD)
    sealed = play.seal_waiting(play.genesis)
    for chain in (PRIMARY, *MEMBERS):
        play.enter(chain, sealed)
    return sealed


def block_for_all(play: Play) -> Sealed:
    """A block with something for everybody: requests from A and C, payouts on all three chains."""
    play.swap(A, USD, 5_000, C, USD)
    play.swap(C, USD, 6_000, A, USD)
    play.swap(A, ETH, unit(ETH), B, USD)
    return play.seal_waiting(play.genesis)


def assert_unprovable(play: Play, view: View) -> None:
    """The chain reads the view, and no proof fits it, whoever vouches for it."""
    assert not play.prover.is_true(view.inputs)
    assert refused(play.enter_view, view.chain, view, lies=True) == NOT_TRUE


def records(view: View) -> list[tuple[int, tuple[int, ...]]]:
    """Each record with the index of its first word."""
    found, at = [], 0
    for record in view.records():
        found.append((at, record))
        at += len(record)
    return found
