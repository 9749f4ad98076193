"""A quote says what the next block would do: the same amount, or the reason for which it would refuse."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.scene import Scene
from tests.scenarios.pipeline import BSC, ETHEREUM, POLYGON
from tests.support.chains import build_order, send_swap
from zklink.devnet.tokens import BNB, BTC, ETH, POL, USDC
from zklink.operations.swap import Way
from zklink.protocol.ids import Amount
from zklink.transition.swap_ways import find_best_way

USD = 10**6


def quote(scene: Scene, amount: int = 1_000 * USD, **terms: Any) -> Any:
    plan = {"source": POLYGON, "token_in": USDC, "destination": BSC, "token_out": BTC, "amount": str(amount)}
    return scene.get("/v1/quote", **(plan | terms))


def pay(scene: Scene, amount: int, **terms: Any) -> Any:
    """What a block does with a swap of these terms."""
    key = scene.pipeline.swap(POLYGON, USDC, amount, (BSC, BTC), **terms)
    scene.pipeline.finish(1)
    return scene.pipeline.record(key)


@pytest.mark.parametrize("amount", [USD, 1_000 * USD, 250_000 * USD])
def test_quote__before_a_swap__exactly_what_its_block_pays(scene: Scene, amount: int) -> None:
    told = quote(scene, amount)
    payout = pay(scene, amount).payout
    assert (told["is_possible"], told["why_not"]) == (True, "")
    assert told["amount_out"] == str(payout.amount)


def test_quote__no_pool_of_its_own__through_a_token_between_as_the_block_pays(scene: Scene) -> None:
    amount = 10**18
    told = quote(scene, amount, source=BSC, token_in=BNB)
    assert (told["is_possible"], told["via"]) == (True, USDC)
    assert [(leg["token_in"], leg["token_out"]) for leg in told["legs"]] == [(BNB, USDC), (USDC, BTC)]
    assert told["amount_out"] == quote(scene, amount, source=BSC, token_in=BNB, via=USDC)["amount_out"]
    best = find_best_way(dict(scene.pipeline.node.sequencer.state.pools()), BNB, BTC, amount)
    key = scene.pipeline.swap(BSC, BNB, amount, (BSC, BTC), via=USDC)
    scene.pipeline.finish(1)
    payout = scene.pipeline.record(key).payout
    assert payout is not None
    assert told["amount_out"] == str(payout.amount)
    assert told["legs"][0]["amount_out"] == str(payout.between)
    assert best == Way(USDC, payout.amount)
    scene.pipeline.check_books()


def test_quote__its_leg__anybody_can_compute_it_again(still: Scene) -> None:
    told = quote(still, operator_fee=str(USD))
    (leg,) = told["legs"]
    x, y, dx = (int(leg[name]) for name in ("reserve_in", "reserve_out", "amount_in"))
    g = dx * (10_000 - leg["fee_bps"])
    assert dx == 999 * USD
    assert int(told["amount_out"]) == y * g // (x * 10_000 + g)
    fees = {fee["kind"]: fee for fee in told["fees"]}
    assert fees.keys() == {"native", "operator", "fill", "pool"}
    assert int(fees["pool"]["amount"]) == -(-dx * leg["fee_bps"] // 10_000)


def test_quote__same_token__no_leg_and_no_impact(still: Scene) -> None:
    told = quote(still, token_out=USDC)
    assert (told["legs"], told["price_impact_bps"], told["amount_out"]) == ([], 0, str(1_000 * USD))


def test_quote__larger_amounts__more_impact(still: Scene) -> None:
    impacts = [quote(still, amount * USD)["price_impact_bps"] for amount in (1, 10_000, 100_000)]
    assert impacts == sorted(set(impacts)) and impacts[0] < 10 < impacts[2]


def test_quote__no_pool_of_the_pair__through_the_token_between_as_its_block_pays(scene: Scene) -> None:
    told = quote(scene, token_out=BNB)
    assert (told["via"], len(told["legs"])) == (0, 1)
    source = {"source": BSC, "token_in": BTC, "destination": BSC, "token_out": BNB}
    told = quote(scene, 10**6, **source)
    assert (told["is_possible"], told["via"], len(told["legs"])) == (True, USDC, 2), told
    assert told["legs"][0]["amount_out"] == told["legs"][1]["amount_in"]
    order = build_order(scene.pipeline.system, BSC, BTC, 10**6, BSC, BNB)
    send_swap(scene.pipeline.system, BSC, replace(order, via=USDC))
    scene.pipeline.finish(1)
    (record,) = scene.pipeline.timeline.swaps.values()
    assert record.payout is not None and told["amount_out"] == str(record.payout.amount)
    assert quote(scene, 10**6, **source, via=0)["why_not"] == "no_pool"


def test_quote__before_the_source_was_read__not_ready(scene: Scene) -> None:
    scene.live._chains.pop(POLYGON)
    plan = {"source": POLYGON, "token_in": USDC, "destination": BSC, "token_out": BTC, "amount": str(USD)}
    assert scene.refuse("/v1/quote", **plan) == (503, "not_ready")


def test_quote__native_coin__goes_with_the_transaction(still: Scene) -> None:
    told = quote(still, 5 * 10**18, token_in=POL, token_out=POL, destination=POLYGON)
    fee = int(told["fees"][0]["amount"])
    assert (told["l1_amount"], told["value_wei"]) == (str(5 * 10**18), str(5 * 10**18 + fee))
    dollars = quote(still, USD)
    assert dollars["value_wei"] == dollars["fees"][0]["amount"]


def test_quote__decimals_of_the_source__in_the_amount_for_its_contract(still: Scene) -> None:
    assert quote(still, USD, source=BSC, destination=POLYGON)["l1_amount"] == str(10**18)


def test_quote__expected_seconds__more_where_more_confirmations_take_longer(still: Scene) -> None:
    assert quote(still, source=ETHEREUM)["expected_seconds"] > quote(still, source=BSC)["expected_seconds"] > 0


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"source": 7}, "source_unknown"),
        ({"destination": 8}, "destination_unknown"),
        ({"token_in": 999}, "token_not_on_source"),
        ({"token_in": BNB, "source": POLYGON}, "token_not_on_source"),
        ({"token_out": 999}, "token_not_on_destination"),
        ({"amount": "1"}, "below_minimum"),
        ({"amount": str(2**108)}, "above_cap"),
        ({"operator_fee": str(1_000 * USD)}, "fee_above_amount"),
        ({"token_out": ETH, "destination": ETHEREUM}, "no_pool"),
        ({"via": USDC}, "bad_route"),
        ({"via": ETH}, "bad_route"),
        ({"min_out": str(10**12)}, "below_min_out"),
        ({"fill_fee": str(10**12)}, "below_min_out"),
    ],
)
def test_quote__impossible__says_why(still: Scene, terms: dict[str, Any], expected: str) -> None:
    told = quote(still, **terms)
    assert (told["is_possible"], told["why_not"]) == (False, expected)
    assert told["explanation"]


def test_quote__destination_holds_too_little__reserve_too_small_as_the_block_says(scene: Scene) -> None:
    reserve = int(quote(scene, token_out=USDC)["reserve"])
    told = quote(scene, reserve + USD, token_out=USDC)
    assert told["why_not"] == "reserve_too_small"
    key = scene.pipeline.swap(POLYGON, USDC, reserve + USD, (BSC, USDC))
    scene.pipeline.finish(1)
    outcome = scene.pipeline.record(key).outcome
    assert outcome is not None and outcome.reason is not None and outcome.reason.name == "RESERVE_TOO_SMALL"


def test_quote__paused_by_the_governor__says_so(scene: Scene) -> None:
    system = scene.pipeline.system
    system.bridges[POLYGON].tokens.pause_token(system.world.roles.governor, USDC)
    scene.round(6)
    assert quote(scene)["why_not"] == "token_paused"


def test_quote__limits_changed__follow_the_chain(scene: Scene) -> None:
    system = scene.pipeline.system
    registry, governor = system.bridges[POLYGON].tokens, system.world.roles.governor
    custody = system.bridges[POLYGON].custody(USDC)
    registry.tighten_token_limits(governor, USDC, Amount(10 * USD), Amount(custody + 500 * USD))
    scene.round(6)
    assert quote(scene, 9 * USD)["why_not"] == "below_minimum"
    assert quote(scene, 500 * USD)["is_possible"]
    assert quote(scene, 501 * USD)["why_not"] == "above_cap"
