"""Suggested moves: each lack is met as far as others have more than they want, and nobody falls below its target."""

from hypothesis import given
from hypothesis import strategies as st

from zklink.broker.inventory import Move, Stock, suggest_moves
from zklink.protocol.ids import ChainId

A, B, C = (ChainId(chain) for chain in (1, 2, 3))
AMOUNTS = st.integers(0, 1_000)
STOCKS = st.dictionaries(
    st.sampled_from([ChainId(chain) for chain in range(1, 6)]), st.builds(Stock, AMOUNTS, AMOUNTS, AMOUNTS)
)


def test_suggest__greatest_lack_first__from_where_most_is_left() -> None:
    stocks = {A: Stock(100, 0, 10), B: Stock(0, 5, 40), C: Stock(20, 0, 15)}
    assert suggest_moves(stocks) == [Move(A, B, 35)]
    assert suggest_moves({A: Stock(0, 50, 20), B: Stock(0, 0, 10)}) == []  # what is on its way cannot be moved yet


@given(STOCKS)
def test_suggest__any_stocks__nobody_gives_what_it_needs_and_no_lack_stays_beside_a_surplus(
    stocks: dict[ChainId, Stock],
) -> None:
    after = {chain: [stock.held, stock.missing] for chain, stock in stocks.items()}
    for move in suggest_moves(stocks):
        assert move.amount > 0 and stocks[move.source].missing < 0 < stocks[move.destination].missing
        after[move.source][0] -= move.amount
        after[move.source][1] += move.amount
        after[move.destination][1] -= move.amount
    assert all(held >= 0 for held, _ in after.values())
    assert all(after[chain][1] <= 0 for chain, stock in stocks.items() if stock.missing <= 0)
    is_lacking = any(missing > 0 for _, missing in after.values())
    assert not (is_lacking and any(missing < 0 and held > 0 for held, missing in after.values()))
