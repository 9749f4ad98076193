"""A relayer's fees: never below what the call costs at the operator's prices, and what is quoted is taken."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.bench.snapshots import read_snapshot
from zklink.l1.transport.transactions import GAS_MARGIN
from zklink.protocol.ids import ChainId, TokenId
from zklink.relayer.terms import COIN_WEI, QUOTED_PERCENT, RELAY_GAS, TAKEN_PERCENT, RelayTerms

CHAIN, OTHER, TOKEN = ChainId(2), ChainId(3), TokenId(1)
WEI = st.integers(0, 10**21)
PRICES = st.integers(1, 10**15)


@tries(200)
@given(cost=WEI, price=PRICES)
def test_compute_fee__any_cost__is_worth_it_and_no_unit_more(cost: int, price: int) -> None:
    terms = RelayTerms({TOKEN: {CHAIN: price}}, 1, 1)
    fee = terms.compute_fee(CHAIN, TOKEN, cost, TAKEN_PERCENT)
    worth = cost * price * TAKEN_PERCENT
    assert fee * COIN_WEI * 100 >= worth > (fee - 1) * COIN_WEI * 100 or fee == worth == 0
    assert fee * COIN_WEI >= cost * price
    assert terms.compute_fee(CHAIN, TOKEN, cost, QUOTED_PERCENT) >= fee


def test_is_served__token_or_chain_without_a_price__is_not() -> None:
    terms = RelayTerms({TOKEN: {CHAIN: 5}}, 1, 1)
    assert terms.is_served(CHAIN, TOKEN)
    assert not terms.is_served(OTHER, TOKEN) and not terms.is_served(CHAIN, TokenId(9))


def test_relay_gas__is_more_than_an_order_takes_with_its_margin() -> None:
    measured = read_snapshot("gas")["Entry.swap_with_authorization: swap with an authorization"]
    assert measured * GAS_MARGIN[0] // GAS_MARGIN[1] < RELAY_GAS < 2 * measured
