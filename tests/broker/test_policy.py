"""The broker's terms: which payouts, for which fee, after how many confirmations."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sequencer.requests import make_request
from zklink.broker.leads import REMEMBERED, Leads
from zklink.broker.policy import FINALITY_SECONDS, FillPolicy, Tier, TokenPolicy, Verdict
from zklink.operations.payout import Payout
from zklink.protocol.ids import (
    AMOUNT_LIMIT,
    DRIFT_SECONDS,
    FILL_LEAD_SECONDS,
    MAX_AGE_SECONDS,
    Amount,
    ChainId,
    Kind,
    TokenId,
)

TERMS = TokenPolicy(tiers=(Tier(Amount(1_000), 0), Tier(Amount(10_000), 5)), minimum_fee=Amount(2), minimum_rate=10)
FAR = 10**9
BROKER = bytes(31) + b"\x07"
POLICY = FillPolicy({TokenId(2): TERMS}, frozenset([BROKER]))


def payout(amount: int, fill_fee: int, token: int = 2) -> Payout:
    paid = Payout.paid(make_request(fill_fee=Amount(fill_fee)), Amount(amount))
    return replace(paid, token=TokenId(token))


@pytest.mark.parametrize(
    ("case", "confirmations", "verdict"),
    [
        (payout(1_000, 2), 3, Verdict.FILL),
        (payout(1_000, 2), 2, Verdict.WAIT),
        (payout(1_001, 2), 7, Verdict.WAIT),
        (payout(1_001, 2), 8, Verdict.FILL),
        (payout(10_001, 50), 99, Verdict.TOO_LARGE),
        (payout(1_000, 0), 99, Verdict.NO_FEE),
        (payout(1_000, 1), 99, Verdict.LOW_FEE),
        (payout(9_000, 8), 99, Verdict.LOW_FEE),
        (payout(9_000, 9), 99, Verdict.FILL),
        (payout(1_000, 2, token=3), 99, Verdict.UNKNOWN_TOKEN),
        (payout(1_000, 1_000), 99, Verdict.NO_NET),
        (payout(1_000, 999), 99, Verdict.FILL),
        (replace(payout(1_000, 2), recipient=BROKER), 99, Verdict.EXCLUDED),
        (Payout.refunded(make_request()), 99, Verdict.NOT_FILLABLE),
        (replace(payout(1_000, 2), kind=Kind.FULL_EXIT_PAYOUT), 99, Verdict.NOT_FILLABLE),
        (replace(payout(1_001, 2), kind=Kind.WITHDRAW_PAYOUT), None, Verdict.FILL),
    ],
)
def test_assess__payout__verdict_with_its_reason(case: Payout, confirmations: int | None, verdict: Verdict) -> None:
    assert POLICY.assess(case, confirmations, required=3, seconds_left=FAR, is_final=True) is verdict


@pytest.mark.parametrize(("amount", "verdict"), [(1_000, Verdict.FILL), (1_001, Verdict.WAIT)])
def test_assess__block_not_finally_accepted__only_the_tier_without_extra_confirmations(
    amount: int, verdict: Verdict
) -> None:
    assert POLICY.assess(payout(amount, 2), 99, required=3, seconds_left=FAR, is_final=False) is verdict


@pytest.mark.parametrize(
    ("seconds_left", "is_final", "verdict"),
    [
        (0, False, Verdict.WAIT),
        (-1, False, Verdict.WAIT),
        (MAX_AGE_SECONDS, False, Verdict.WAIT),
        (MAX_AGE_SECONDS + FINALITY_SECONDS, False, Verdict.WAIT),
        (MAX_AGE_SECONDS + FINALITY_SECONDS + DRIFT_SECONDS - 1, False, Verdict.WAIT),
        (MAX_AGE_SECONDS + FINALITY_SECONDS + DRIFT_SECONDS, False, Verdict.FILL),
        (0, True, Verdict.FILL),
    ],
)
def test_assess__may_expire_when_its_block_is_sealed_again__waits_until_the_acceptance_is_final(
    seconds_left: int, is_final: bool, verdict: Verdict
) -> None:
    assert POLICY.assess(payout(1_000, 2), 99, 3, seconds_left=seconds_left, is_final=is_final) is verdict


@pytest.mark.parametrize(
    ("fill_fee", "lead", "verdict"),
    [
        (24, 12, Verdict.FILL),
        (24, 1, Verdict.FILL),
        (24, 0, Verdict.SHORT_LEAD),
        (23, 1, Verdict.SHORT_LEAD),
        (2, 99, Verdict.FILL),
        (2, 11, Verdict.SHORT_LEAD),
        (1, 99, Verdict.LOW_FEE),
    ],
)
def test_assess__lead_that_is_expected__what_is_earned_must_be_enough(
    fill_fee: int, lead: int, verdict: Verdict
) -> None:
    case = payout(1_000, fill_fee)
    assert POLICY.assess(case, 99, required=3, seconds_left=FAR, is_final=True, lead_seconds=lead) is verdict


def test_assess__terms_ask_for_no_fee__a_fill_that_earns_nothing_is_none() -> None:
    policy = FillPolicy({TokenId(2): TokenPolicy((Tier(Amount(1_000), 0),), Amount(0))})
    case = payout(1_000, 11)
    found = [policy.assess(case, 99, 3, seconds_left=FAR, is_final=True, lead_seconds=lead) for lead in (0, 1, 2)]
    assert found == [Verdict.SHORT_LEAD, Verdict.SHORT_LEAD, Verdict.FILL]


@given(st.integers(0, AMOUNT_LIMIT - 1), st.integers(-5, 100))
def test_compute_earned_fee__any_fee_and_lead__in_proportion_and_never_more_than_the_fee(fee: int, lead: int) -> None:
    case = replace(payout(1_000, 1), fill_fee=Amount(fee))
    earned = case.compute_earned_fee(lead)
    assert earned == (fee if lead >= FILL_LEAD_SECONDS else fee * max(lead, 0) // FILL_LEAD_SECONDS)
    assert 0 <= earned <= case.compute_earned_fee(lead + 1) <= fee


def test_expect__leads_that_were_seen__three_of_four_were_at_least_that() -> None:
    leads = Leads(first_seconds=12)
    assert leads.expect(ChainId(1)) == 12
    for lead in (9, 3, 20, 7):
        leads.note(ChainId(1), lead)
    assert (leads.expect(ChainId(1)), leads.expect(ChainId(2))) == (3, 12)
    for _ in range(REMEMBERED):
        leads.note(ChainId(1), 30)
    assert leads.expect(ChainId(1)) == 30, "old ones are forgotten"
    for lead in (5, 3, 9, 1, 7, 2, 8, 4, 6):
        leads.note(ChainId(3), lead)
    assert leads.expect(ChainId(3)) == 3, "two of nine were below"


@pytest.mark.parametrize(
    ("gas", "gwei", "coin_price", "expected"),
    [
        (100_000, 30, 2_500 * 10**6, 7_500_000),  # 0.003 coins at 2,500 dollars, in millionths of a dollar
        (100_000, 0, 2_500 * 10**6, 0),
        (1, 1, 1, 1),  # rounded up
        (130_000, 50, 0, 0),
    ],
)
def test_compute_gas_fee__price_of_gas__times_gas_and_price_of_the_coin(
    gas: int, gwei: int, coin_price: int, expected: int
) -> None:
    case = payout(1_000, 2)
    terms = replace(TERMS, coin_prices={case.chain: coin_price, ChainId(99): 10**30})
    policy = FillPolicy({TokenId(2): terms}, fill_gas=gas)
    assert policy.compute_gas_fee(case, gwei * 10**9) == expected
    assert policy.compute_gas_fee(replace(case, token=TokenId(3)), gwei * 10**9) == 0
