"""What the sequencer takes operations for: least fees by work and token, who creates pools, what a match pays."""

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.sequencer.conftest import ALICE, BOB, FOREVER, OPERATOR, PARAMETERS, X, Y, build_state, owner_of, signed
from tests.sequencer.operations import EVERY_KIND, Z, deposit, order
from zklink.devnet.terms import WORK_MICRO_USD, build_terms
from zklink.devnet.tokens import load_tokens, plan_token
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.signed import Signed
from zklink.operations.transfer import Transfer
from zklink.protocol.errors import (
    BalanceTooSmall,
    FeeTokenRefused,
    FeeTooLow,
    FieldInvalid,
    MatchFeesTooLow,
    NothingToMatch,
    NothingToSeal,
    OperationError,
    PoolCreationReserved,
    PoolTokenUnknown,
)
from zklink.protocol.ids import AccountId, Amount, ChainId, Lane, Nonce, RequestId, TokenId
from zklink.protocol.packing import pack_fee
from zklink.sequencer.fee_terms import MATCH_WORK, OPENING_WORK, WORK, PoolTerms, Terms
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sequencer import Sequencer
from zklink.transition.rules import RULES

NOW: Final = 5_000
OPEN_TERMS: Final = Terms({X: 3, Y: 5})
TERMS: Final = replace(OPEN_TERMS, pools=PoolTerms(is_open=False, greatest_fee=100, tokens=frozenset((X, Y, Z))))
NEWCOMER: Final = b"\x05" * 32
PLAIN: Final = 3 * WORK[Transfer]
OPENING: Final = 3 * (WORK[Transfer] + OPENING_WORK)
SIGNED: Final = [each for each in EVERY_KIND if isinstance(each, Signed) and not isinstance(each.operation, Order)]


def build_sequencer(journal: MemoryJournal, terms: Terms = TERMS) -> Sequencer:
    return Sequencer(replace(PARAMETERS, terms=terms), build_state(), journal)


@pytest.fixture
def sequencer(journal: MemoryJournal) -> Sequencer:
    """One that takes fees in X and Y only, and lets only the operator create pools."""
    return build_sequencer(journal)


def pay(fee: int, recipient: bytes = owner_of(BOB), account: AccountId = ALICE, nonce: int = 0) -> Signed[Transfer]:
    """A transfer of X with this fee."""
    return signed(Transfer(account, Nonce(nonce), FOREVER, X, Amount(10), Amount(fee), recipient))


def create(
    account: AccountId = OPERATOR, fee: int = 3_000, pool_fee: int = 30, token_b: TokenId = Z
) -> Signed[CreatePool]:
    return signed(CreatePool(account, Nonce(0), FOREVER, X, token_b, pool_fee, Amount(fee), X))


def rated(account: AccountId, sell: tuple[TokenId, int], buy: tuple[TokenId, int], rate: int) -> Signed[Order]:
    """An order with a fee rate."""
    return signed(replace(order(account, sell, buy).operation, fee_rate=rate))


def match(rate_maker: int, rate_taker: int) -> OrderMatch:
    """Alice and Bob exchange a thousand X and Y."""
    return OrderMatch(rated(ALICE, (X, 1_000), (Y, 1_000), rate_maker), rated(BOB, (Y, 1_000), (X, 1_000), rate_taker))


# -- least fees ----------------------------------------------------------------------------------------------------


def test_work__every_signed_operation__has_its_units_and_only_the_operators_claim_none() -> None:
    assert set(WORK) == {kind for kind in RULES if "fee_token" in dir(kind)} == {type(s.operation) for s in SIGNED}
    assert {kind for kind, work in WORK.items() if not work} == {ClaimFees}


@pytest.mark.parametrize("given", SIGNED, ids=lambda given: type(given.operation).__name__)
def test_check__any_operation__taken_for_the_least_fee_and_not_for_one_unit_less(given: Signed[Any]) -> None:
    state, operation = build_state(), given.operation
    if isinstance(operation, CreatePool):
        operation = replace(operation, fee_token=X)
    least = OPEN_TERMS.compute_fee(state, operation)
    assert least == 3 * WORK[type(operation)]
    OPEN_TERMS.check(state, replace(given, operation=replace(operation, fee=least)))
    if least:
        with pytest.raises(FeeTooLow, match=f"the least is {least}"):
            OPEN_TERMS.check(state, replace(given, operation=replace(operation, fee=least - 1)))


def test_compute_least__price_that_cannot_be_packed__the_next_fee_that_can() -> None:
    least = Terms({X: 2_049}).compute_least(1, X)
    assert least == 2_050
    assert pack_fee(least)
    with pytest.raises(ValueError, match="at least 1"):
        Terms({X: 0})


def test_submit__fee_in_a_token_without_a_price__refused_with_those_that_have_one(sequencer: Sequencer) -> None:
    sequencer.state.set_balance(ALICE, Z, Amount(100))
    swap = PoolSwap(ALICE, Nonce(0), FOREVER, X, Y, Amount(200), Amount(1), Amount(90), Z)
    with pytest.raises(FeeTokenRefused) as refused:
        sequencer.submit(signed(swap), NOW)
    assert refused.value.tokens == (X, Y)


# -- transfers that open an account --------------------------------------------------------------------------------


def test_submit__transfer_to_a_new_owner__pays_for_the_account_once(sequencer: Sequencer) -> None:
    with pytest.raises(FeeTooLow, match=f"the least is {OPENING}"):
        sequencer.submit(pay(OPENING - 1, NEWCOMER), NOW)
    sequencer.submit(pay(OPENING, NEWCOMER), NOW)
    sequencer.submit(pay(PLAIN, NEWCOMER, nonce=1), NOW)  # its own first one will have opened it
    with pytest.raises(FeeTooLow, match=f"the least is {OPENING}"):
        sequencer.submit(pay(PLAIN, NEWCOMER, account=BOB), NOW)  # somebody else's might never come
    sequencer.submit(pay(OPENING, NEWCOMER, account=BOB), NOW)
    blocks = [sequencer.seal(NOW), sequencer.seal(NOW)]
    assert sum(len(block.items) for block in blocks) == 3
    assert len(sequencer.state.accounts_of(NEWCOMER)) == 1
    assert sequencer.state.token(X).fees == 2 * OPENING + PLAIN


def test_seal__account_is_gone_that_was_there_when_a_transfer_was_taken__dropped_for_what_it_would_pay_too_little(
    sequencer: Sequencer,
) -> None:
    sequencer.add(deposit(1, 1, owner=NEWCOMER))
    sequencer.seal(NOW)
    sequencer.submit(pay(PLAIN, NEWCOMER), NOW)
    sequencer.drop_from(Lane.ACCOUNT, ChainId(1), RequestId(1))
    with pytest.raises(NothingToSeal):
        sequencer.seal(NOW)
    [dropped] = sequencer.take_dropped()
    assert isinstance(dropped.reason, FeeTooLow) and dropped.reason.least == OPENING
    assert not sequencer.state.accounts_of(NEWCOMER)


def test_restart__operator_asks_for_more_now__sealed_blocks_come_again_and_new_operations_pay_more(
    sequencer: Sequencer, journal: MemoryJournal
) -> None:
    sequencer.submit(pay(PLAIN), NOW)
    sealed = sequencer.seal(NOW)
    restarted = build_sequencer(journal, Terms({X: 50}))
    assert restarted.seal(NOW).record == sealed.record
    with pytest.raises(FeeTooLow, match="the least is 50"):
        restarted.submit(pay(PLAIN, nonce=1), NOW)


# -- new pools -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (create(ALICE), PoolCreationReserved),
        (create(fee=2_990), FeeTooLow),
        (create(pool_fee=101), FieldInvalid),
        (create(token_b=TokenId(4)), PoolTokenUnknown),
    ],
)
def test_submit__pool_that_the_operator_does_not_want__refused(
    sequencer: Sequencer, given: Signed[CreatePool], error: type[OperationError]
) -> None:
    with pytest.raises(error):
        sequencer.submit(given, NOW)
    sequencer.submit(create(pool_fee=100), NOW)
    sequencer.seal(NOW)
    assert sequencer.state.pool(X, Z).fee == 100


# -- orders --------------------------------------------------------------------------------------------------------


def test_submit__order__pays_for_a_match_when_it_is_filled_in_full(sequencer: Sequencer) -> None:
    rate = TERMS.compute_fee_rate(Y, 1_000)
    assert rate == 5 * MATCH_WORK * 10_000 // 1_000
    for given, error in (
        (rated(ALICE, (X, 300), (Y, 1_000), rate - 1), FeeTooLow),
        (rated(ALICE, (X, 300), (Z, 1_000), 9_999), FeeTokenRefused),
        (rated(ALICE, (Z, 300), (Y, 1_000), rate), BalanceTooSmall),
    ):
        with pytest.raises(error):
            sequencer.submit(given, NOW)
    assert len(sequencer.intake.book) == 0
    sequencer.submit(rated(ALICE, (X, 300), (Y, 1_000), rate), NOW)
    assert len(sequencer.intake.book) == 1


@pytest.mark.parametrize("rates", [(100, 0), (0, 60), (50, 30)])
def test_submit__match__both_sides_pay_for_it_together(sequencer: Sequencer, rates: tuple[int, int]) -> None:
    for less in ((1, 0), (0, 1)):
        lower = max(rates[0] - 10 * less[0], 0), max(rates[1] - 10 * less[1], 0)
        if lower != rates:
            with pytest.raises(MatchFeesTooLow, match="6 of token 1 or 10 of token 2"):
                sequencer.submit(match(*lower), NOW)
    sequencer.submit(match(*rates), NOW)
    sequencer.seal(NOW)
    assert (sequencer.state.token(Y).fees, sequencer.state.token(X).fees) == (rates[0] // 10, rates[1] // 10)


def test_submit__match_of_an_order_that_sells_nothing__refused(sequencer: Sequencer) -> None:
    nothing = OrderMatch(order(ALICE, (X, 0), (Y, 5)), order(BOB, (Y, 5), (X, 5)), Amount(3))
    with pytest.raises(NothingToMatch):
        sequencer.submit(nothing, NOW)


# -- of local networks ---------------------------------------------------------------------------------------------


def test_build_terms__every_token_of_the_table__a_unit_of_work_is_a_cent_or_little_more() -> None:
    tokens = load_tokens()
    terms = build_terms(plan_token(token, {}) for token in tokens)
    for token in tokens:
        least = terms.compute_least(1, token.token_id)
        assert 0 <= least * token.price_micro_usd - WORK_MICRO_USD * token.unit < WORK_MICRO_USD * token.unit // 10
