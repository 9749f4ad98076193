"""The order book: who leaves when a match is impossible, how much it holds, how much a block looks at."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.conftest import (
    ALICE,
    BOB,
    DOMAIN,
    OPERATOR,
    PARAMETERS,
    X,
    Y,
    build_state,
    signed,
)
from tests.sequencer.operations import NEW_KEY_HASH, order, transfer
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.protocol.errors import (
    AlreadyPending,
    FieldInvalid,
    NothingToSeal,
    OrderReplaced,
    PricesDoNotCross,
    QueueFull,
    WrongKey,
    ZkLinkError,
)
from zklink.protocol.ids import AccountId, Amount, TokenId
from zklink.sequencer import account_builder, order_book
from zklink.sequencer.fee_terms import Terms
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.order_book import OrderBook
from zklink.sequencer.sealed_block import Item
from zklink.sequencer.sequencer import Sequencer
from zklink.state.state import State
from zklink.transition.context import Context
from zklink.transition.order_match import apply_order_match, check_order_match

NOW: Final = 5_000
CONTEXT: Final = Context(PARAMETERS.preset, DOMAIN, NOW)


def sell_x(account: AccountId, amount: int, wanted: int, slot: int = 0, nonce: int = 0) -> Signed[Order]:
    return order(account, (X, amount), (Y, wanted), slot, nonce)


def sell_y(account: AccountId, amount: int, wanted: int, slot: int = 0, nonce: int = 0) -> Signed[Order]:
    return order(account, (Y, amount), (X, wanted), slot, nonce)


def has_leaf(state: State, given: Signed[Order]) -> int:
    return state.order(given.operation.account, given.operation.slot)[1]


# -- who leaves ----------------------------------------------------------------------------------------------------


def test_seal__maker_with_dust_and_a_price_that_dust_cannot_meet__the_maker_leaves_and_takers_stay(
    sequencer: Sequencer,
) -> None:
    sequencer.state.set_balance(BOB, X, Amount(1))
    dust = sequencer.submit(sell_x(BOB, 1_000, 999), NOW)
    for nonce in range(1, 4):
        taker = sequencer.submit(sell_y(ALICE, 999, 1_000, nonce=nonce), NOW)
        sequencer.submit(transfer(nonce=nonce - 1, amount=1), NOW)
        sequencer.seal(NOW)
        assert taker in sequencer.intake.book
        assert dust not in sequencer.intake.book
    [dropped] = sequencer.take_dropped()
    assert (dropped.pending.id, type(dropped.reason)) == (dust, PricesDoNotCross)


def test_seal__taker_with_dust__the_taker_leaves(sequencer: Sequencer) -> None:
    maker = sell_x(ALICE, 1_000, 999)
    sequencer.submit(maker, NOW)
    sequencer.state.set_balance(BOB, Y, Amount(1))
    dust = sequencer.submit(sell_y(BOB, 999, 1_000), NOW)
    sequencer.submit(sell_y(OPERATOR, 999, 1_000), NOW)
    sequencer.seal(NOW)
    assert [dropped.pending.id for dropped in sequencer.take_dropped()] == [dust]
    assert has_leaf(sequencer.state, maker) == 1_000


def test_seal__account_has_another_key_now__its_order_leaves_however_much_it_has(sequencer: Sequencer) -> None:
    stale = sequencer.submit(sell_x(BOB, 5_000, 2_500), NOW)
    taker = sequencer.submit(sell_y(ALICE, 10, 10), NOW)
    sequencer.state.set_public_key_hash(BOB, NEW_KEY_HASH)
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    [dropped] = sequencer.take_dropped()
    assert (dropped.pending.id, type(dropped.reason)) == (stale, WrongKey)
    assert taker in sequencer.intake.book


def test_seal__too_little_is_left_to_pay_for_a_match__that_order_leaves_and_the_whole_one_is_served_later() -> None:
    terms = Terms({X: 1, Y: 1})
    sequencer = Sequencer(replace(PARAMETERS, terms=terms), build_state(), MemoryJournal())

    def rated(given: Signed[Order], rate: int) -> Signed[Order]:
        return signed(replace(given.operation, fee_rate=rate))

    first, rest = rated(sell_x(ALICE, 1_000, 1_000), 20), rated(sell_y(BOB, 999, 999), 50)
    sequencer.submit(first, NOW)
    sequencer.submit(rest, NOW)
    sequencer.seal(NOW)
    assert has_leaf(sequencer.state, first) == 999
    whole = sequencer.submit(rated(sell_y(OPERATOR, 1_000, 1_000), 20), NOW)
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    assert len(sequencer.take_dropped()) == 1
    assert whole in sequencer.intake.book and len(sequencer.intake.book) == 1
    last = rated(sell_x(ALICE, 1_000, 1_000, slot=1), 20)
    sequencer.submit(last, NOW)
    sequencer.seal(NOW)
    assert has_leaf(sequencer.state, last) == 1_000


class TestInnocentLaw:
    """Of two crossing orders that cannot be matched, the one that leaves is not both whole and funded."""

    @given(
        amounts=st.tuples(*[st.integers(1, 60)] * 4),
        funds=st.tuples(st.integers(0, 70), st.integers(0, 70)),
        filled=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    )
    def test_discard__any_two_orders__never_one_that_is_whole_and_funded(
        self, amounts: tuple[int, ...], funds: tuple[int, int], filled: tuple[int, int]
    ) -> None:
        maker, taker = sell_x(ALICE, *amounts[:2]), sell_y(BOB, *amounts[2:])
        state = build_state()
        for given_order, token, fund, done in zip((maker, taker), (X, Y), funds, filled, strict=True):
            placed = given_order.operation
            state.set_balance(placed.account, token, Amount(fund))
            state.set_order(placed.account, placed.slot, placed.order_nonce, Amount(min(done, placed.amount_sell - 1)))
        book = OrderBook(DOMAIN)
        ids = [book.add(maker), book.add(taker)]
        match = book.propose((X, Y), state)
        if match is None:
            assert amounts[1] * amounts[3] > amounts[0] * amounts[2]
            return
        try:
            check_order_match(state, match.operation, CONTEXT)  # type: ignore[arg-type]
        except ZkLinkError:
            [gone] = book.discard(match, state, CONTEXT)
            index = ids.index(gone.id)
            assert min(filled[index], 1) or funds[index] < amounts[2 * index]
            assert ids[1 - index] in book and gone.id not in book
        else:
            apply_order_match(state, match.operation, CONTEXT)  # type: ignore[arg-type]


# -- limits and order ----------------------------------------------------------------------------------------------


def test_add__too_many_of_one_account__refused_until_one_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_book, "ACCOUNT_ORDER_LIMIT", 3)
    book = OrderBook(DOMAIN)
    for slot in range(3):
        book.add(sell_x(ALICE, 10, 10, slot))
    with pytest.raises(QueueFull, match="3 operations of account 1"):
        book.add(sell_x(ALICE, 10, 10, 3))
    book.add(sell_x(ALICE, 10, 9, 2, nonce=1))  # in the place of another
    assert len(book) == 3


def test_add__book_is_full__whoever_asks_most_on_the_fullest_side_makes_room() -> None:
    book = OrderBook(DOMAIN, limit=4)
    absurd = [book.add(sell_x(ALICE, 1_000, 2**111 + slot, slot)) for slot in range(3)]
    dear = book.add(sell_y(BOB, 10, 1_000))
    with pytest.raises(QueueFull, match="4 operations of better orders"):
        book.add(sell_x(OPERATOR, 1_000, 2**111 + 3))
    honest = [book.add(sell_y(OPERATOR, 10, 10, 1)), book.add(sell_x(OPERATOR, 10, 10, 2))]
    assert [id in book for id in (*absurd, dear, *honest)] == [True, False, False, True, True, True]


def test_add__book_is_full_of_cancellations__they_keep_the_share_of_one_side() -> None:
    book = OrderBook(DOMAIN, limit=4)
    for slot in range(4):
        book.add(sell_x(ALICE, 10, 10, slot))
        book.add(sell_x(ALICE, 0, 0, slot, nonce=1))
    kept = [book.add(sell_y(BOB, 10, 10, slot)) for slot in range(2)]
    assert all(id in book for id in kept) and len(book) == 4


def test_expire__ended_orders__make_room_also_deep_in_a_side() -> None:
    book = OrderBook(DOMAIN, limit=2)
    ending = signed(replace(sell_x(ALICE, 10, 20).operation, valid_until=NOW))
    id = book.add(ending)
    book.add(sell_x(BOB, 10, 10))
    book.expire(NOW)
    assert id in book
    book.expire(NOW + 1)
    assert id not in book and len(book) == 1
    book.add(sell_x(OPERATOR, 10, 10))


def test_add__replaced_without_end__the_book_keeps_no_trace_of_what_is_gone() -> None:
    book = OrderBook(DOMAIN, limit=8)
    for nonce in range(100):
        book.add(sell_x(ALICE, 10, 10 + nonce % 3, nonce=nonce))
    assert len(book) == 1
    assert len(book._ends) <= 2 * 8 + 1
    assert sum(map(len, book._sides.values())) == 1


def test_submit__matches_of_the_same_two_orders__only_the_first_waits(sequencer: Sequencer) -> None:
    maker, taker = sell_x(ALICE, 100, 90), sell_y(BOB, 90, 100)
    sequencer.submit(OrderMatch(maker, taker, Amount(10)), NOW)
    with pytest.raises(AlreadyPending):
        sequencer.submit(OrderMatch(maker, taker, Amount(20)), NOW)
    sequencer.submit(OrderMatch(sell_x(ALICE, 100, 90, slot=1), taker, Amount(10)), NOW)
    sequencer.seal(NOW)
    sequencer.submit(OrderMatch(maker, taker, Amount(20)), NOW)


def test_submit__order_that_sells_nothing__cancels_the_one_in_its_place_for_good(sequencer: Sequencer) -> None:
    with pytest.raises(FieldInvalid):
        sequencer.submit(sell_x(ALICE, 0, 0), NOW)
    resting = sell_x(ALICE, 100, 90)
    sequencer.submit(resting, NOW)
    cancel = sell_x(ALICE, 0, 0, nonce=1)
    sequencer.submit(cancel, NOW)
    for again, error in ((resting, OrderReplaced), (cancel, AlreadyPending)):
        with pytest.raises(error):
            sequencer.submit(again, NOW)
    sequencer.submit(sell_y(BOB, 90, 100), NOW)
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    assert sequencer.take_dropped() == ()


def test_seal__many_crossing_orders_that_hold_no_more__few_are_tried_for_one_block_and_other_pairs_are_matched(
    sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_builder, "MOST_DISCARDED", 5)
    tried: list[object] = []
    add = account_builder.Draft.add

    def count(draft: account_builder.Draft, item: Item) -> None:
        tried.append(item)
        add(draft, item)

    monkeypatch.setattr(account_builder.Draft, "add", count)
    for slot in range(12):
        sequencer.submit(sell_x(BOB, 100, 50, slot), NOW)
    sequencer.submit(sell_y(ALICE, 500, 500), NOW)
    sequencer.state.set_public_key_hash(BOB, NEW_KEY_HASH)
    rare = TokenId(3)
    sequencer.state.set_balance(OPERATOR, rare, Amount(100))
    honest = order(OPERATOR, (rare, 100), (Y, 100))
    sequencer.submit(honest, NOW)
    sequencer.submit(order(ALICE, (Y, 100), (rare, 100), 1), NOW)
    sequencer.seal(NOW)
    assert has_leaf(sequencer.state, honest) == 100
    assert len(tried) == 5 + 1
    sequencer.take_dropped()
    for thrown_out in (5, 2):
        with pytest.raises(NothingToSeal):
            sequencer.seal(NOW)
        assert len(sequencer.take_dropped()) == thrown_out


def test_seal__account_lacks_what_it_sells__its_uncovered_orders_leave_at_once_and_covered_ones_stay(
    sequencer: Sequencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_builder, "MOST_DISCARDED", 1)
    for slot in range(12):
        sequencer.submit(sell_x(BOB, 1_000, 999, slot), NOW)
    small = sequencer.submit(sell_x(BOB, 1, 2, 13), NOW)
    other = sequencer.submit(order(BOB, (Y, 10), (X, 90), 14), NOW)
    taker = sequencer.submit(sell_y(ALICE, 999, 1_000), NOW)
    sequencer.state.set_balance(BOB, X, Amount(1))
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    assert len(sequencer.take_dropped()) == 12
    assert all(id in sequencer.intake.book for id in (small, other, taker))


def test_crossing__pairs__begin_with_the_one_whose_turn_it_is() -> None:
    state, book = build_state(), OrderBook(DOMAIN)
    tokens = [TokenId(token) for token in (1, 2, 3)]
    pairs = [(tokens[0], tokens[1]), (tokens[0], tokens[2]), (tokens[1], tokens[2])]
    for slot, (sold, bought) in enumerate(pairs):
        book.add(order(ALICE, (sold, 10), (bought, 10), slot))
        book.add(order(BOB, (bought, 10), (sold, 10), slot))
    book.add(order(OPERATOR, (TokenId(4), 10), (TokenId(5), 10)))
    assert [book.crossing(state, first)[0] for first in range(4)] == [*pairs, pairs[0]]
