"""Prices of doors: within the governor's bounds, rises announced an hour ahead, at most doubled in a day."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.test_registry import registry_arguments
from tests.support.compile_vyper import Replacements, load
from tests.support.drafts.rig import Rig
from tests.support.evm import EvmChain, EvmContract, Reverted, reverts
from tests.support.three_chains import GOVERNOR, SETTER, STRANGER, A
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.protocol.ids import DAY, FEE_NOTICE_SECONDS, PRICE_KINDS, Door

Check = Callable[["Prices"], None]
LOW, FIRST, HIGH = 10, 1_000, 100_000
KIND = int(Door.DEPOSIT)
HOUR = FEE_NOTICE_SECONDS


@dataclass
class Prices:
    """A registry whose deposits have a price."""

    registry: EvmContract

    @property
    def evm(self) -> EvmChain:
        return self.registry.chain

    def set(self, price: int, kind: int = KIND, sender: str = SETTER) -> int:
        """Set a price; gives the seconds until it counts."""
        self.registry.set_prices([(kind, price)], sender=sender)
        event = self.evm.event("PriceChanged")
        assert (event["kind"], event["price_gwei"]) == (kind, price)
        return int(event["counts_from"]) - self.evm.time

    def now(self, kind: int = KIND) -> int:
        return int(self.registry.price(kind))


def deploy_prices(evm: EvmChain, replacements: Replacements = ()) -> Prices:
    """A day has passed since the first prices."""
    arguments = registry_arguments(prices=[(KIND, FIRST, LOW, HIGH), (A, 5, 5, 5)])
    prices = Prices(evm.deploy(GOVERNOR, load("Registry", replacements), *arguments))
    evm.time += DAY
    return prices


@pytest.fixture
def prices(rig: Rig) -> Prices:
    return deploy_prices(rig[A].evm)


def check_first_prices(prices: Prices) -> None:
    assert prices.registry.price_state(KIND) == (FIRST, FIRST, prices.evm.time - DAY, LOW, HIGH)
    assert prices.registry.prices() == tuple({KIND: FIRST, A: 5}.get(kind, 0) for kind in range(PRICE_KINDS))


def check_rise_waits_an_hour(prices: Prices) -> None:
    assert prices.set(FIRST + 1) == HOUR
    assert prices.registry.price_state(KIND) == (FIRST, FIRST + 1, prices.evm.time + HOUR, LOW, HIGH)
    prices.evm.time += HOUR - 1
    assert prices.now() == prices.registry.deposit_terms(1)[1] == FIRST
    prices.evm.time += 1
    assert prices.now() == prices.registry.prices()[KIND] == prices.registry.deposit_terms(1)[1] == FIRST + 1


def check_fall_counts_at_once(prices: Prices) -> None:
    assert prices.set(FIRST - 1) == 0
    assert prices.now() == FIRST - 1


def check_fall_takes_a_waiting_rise_back(prices: Prices) -> None:
    for price in (FIRST, FIRST - 1):
        prices.set(2 * FIRST)
        prices.set(price)
        prices.evm.time += HOUR
        assert prices.now() == price


def check_rise_while_a_rise_waits(prices: Prices) -> None:
    """It waits anew, and the first one never counts, so nobody pays what was not announced an hour before."""
    prices.set(FIRST + 500)
    prices.evm.time += HOUR - 1
    prices.set(FIRST + 700)
    prices.evm.time += HOUR - 1
    assert prices.now() == FIRST
    prices.evm.time += 1
    assert prices.now() == FIRST + 700


def check_flips_need_their_hour(prices: Prices) -> None:
    prices.set(2 * FIRST)
    prices.evm.time += HOUR
    assert (prices.set(FIRST), prices.now()) == (0, FIRST)
    assert (prices.set(2 * FIRST), prices.now()) == (HOUR, FIRST)


def check_no_more_than_twice(prices: Prices) -> None:
    assert prices.registry.price_ceiling(KIND) == 2 * FIRST
    with reverts("prices: more than doubled"):
        prices.set(2 * FIRST + 1)
    prices.set(2 * FIRST)
    for seconds in (0, HOUR - 1, HOUR, DAY + HOUR - 1):
        with prices.evm.rollback():
            prices.evm.time += seconds
            with reverts("prices: more than doubled"):
                prices.set(2 * FIRST + 1)
    prices.evm.time += DAY + HOUR
    assert prices.registry.price_ceiling(KIND) == 4 * FIRST
    prices.set(4 * FIRST)


def check_no_rise_through_midnight(prices: Prices) -> None:
    """One rise at the end of a day and one at the beginning of the next would make four times within two hours."""
    prices.set(FIRST + 1)
    prices.evm.time += DAY - 1
    prices.set(2 * FIRST)
    for seconds in (1, HOUR, HOUR + 1, DAY - HOUR):
        with prices.evm.rollback():
            prices.evm.time += seconds
            with reverts("prices: more than doubled"):
                prices.set(2 * FIRST + 1)


def check_fall_does_not_make_room(prices: Prices) -> None:
    """Nor does it take any: the price of the day's beginning may come back."""
    prices.set(FIRST + 1)
    prices.set(LOW)
    assert prices.registry.price_ceiling(KIND) == 2 * FIRST
    prices.set(2 * FIRST)
    prices.evm.time += HOUR
    with reverts("prices: more than doubled"):
        prices.set(2 * FIRST + 1)


def check_rise_taken_back_is_no_peak(prices: Prices) -> None:
    """Who announces, takes back and announces again less has not been dear yet when the day ends."""
    prices.set(2 * FIRST)
    prices.set(FIRST)
    prices.evm.time += HOUR
    prices.set(2 * FIRST - 1)
    prices.evm.time += DAY
    assert prices.now() == 2 * FIRST - 1
    with reverts("prices: more than doubled"):
        prices.set(2 * FIRST + 1)


def check_price_that_was_there_is_no_new_peak(prices: Prices) -> None:
    """Going back and forth below the day's peak does not put the end of the day off."""
    prices.set(FIRST + 500)
    prices.evm.time += DAY
    prices.set(FIRST)
    prices.set(FIRST + 500)
    prices.evm.time += HOUR
    assert prices.registry.price_ceiling(KIND) == 2 * (FIRST + 500)


def check_governors_low_is_no_base(prices: Prices) -> None:
    """A price that governance lifts is the base of the next day."""
    prices.set(LOW)
    prices.evm.time += DAY
    prices.set(LOW + 1)
    prices.registry.set_price_bounds(KIND, 500, HIGH, sender=GOVERNOR)
    assert prices.now() == prices.registry.price_ceiling(KIND) == 500
    prices.set(500)
    with reverts("prices: more than doubled"):
        prices.set(501)
    prices.evm.time += HOUR + DAY
    assert prices.registry.price_ceiling(KIND) == 1_000
    prices.set(1_000)


def check_bounds_hold_at_once(prices: Prices) -> None:
    for low, high, price in ((FIRST + 1, HIGH, FIRST + 1), (1, FIRST - 1, FIRST - 1), (1, HIGH, FIRST), (0, 0, 0)):
        prices.registry.set_price_bounds(KIND, low, high, sender=GOVERNOR)
        assert prices.evm.event("PriceBoundsChanged") == {"kind": KIND, "low": low, "high": high}
        assert prices.now() == prices.registry.deposit_terms(1)[1] == price
        assert prices.registry.price_ceiling(KIND) <= high


def check_bounds_under_a_waiting_rise(prices: Prices) -> None:
    """It counts when it was to count, and no more than the new bounds."""
    prices.set(2 * FIRST)
    prices.registry.set_price_bounds(KIND, LOW, FIRST + 300, sender=GOVERNOR)
    assert prices.now() == FIRST
    prices.evm.time += HOUR
    assert prices.now() == FIRST + 300
    with reverts("prices: out of bounds"):
        prices.set(FIRST + 301)
    prices.registry.set_price_bounds(KIND, 3 * FIRST, HIGH, sender=GOVERNOR)
    assert prices.now() == 3 * FIRST


CHECKS = (
    check_first_prices,
    check_rise_waits_an_hour,
    check_fall_counts_at_once,
    check_fall_takes_a_waiting_rise_back,
    check_rise_while_a_rise_waits,
    check_flips_need_their_hour,
    check_no_more_than_twice,
    check_no_rise_through_midnight,
    check_fall_does_not_make_room,
    check_rise_taken_back_is_no_peak,
    check_price_that_was_there_is_no_new_peak,
    check_governors_low_is_no_base,
    check_bounds_hold_at_once,
    check_bounds_under_a_waiting_rise,
)


@upholds("GOV-6")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_prices__each_rule__holds(prices: Prices, check: Check) -> None:
    check(prices)


def test_set_prices__many_kinds__in_one_call(prices: Prices) -> None:
    for kind in range(1, PRICE_KINDS):
        prices.registry.set_price_bounds(kind, LOW, HIGH, sender=GOVERNOR)
    prices.registry.set_prices([(kind, LOW + kind // 2) for kind in range(1, PRICE_KINDS)], sender=SETTER)
    prices.evm.time += HOUR
    assert prices.registry.prices() == (0, *(LOW + kind // 2 for kind in range(1, PRICE_KINDS)))


@pytest.mark.parametrize(
    ("reason", "kind", "price"),
    [
        ("prices: unknown kind", 0, 0),
        ("prices: unknown kind", PRICE_KINDS, 0),
        ("prices: unknown kind", 255, 1),
        ("prices: out of bounds", KIND, LOW - 1),
        ("prices: out of bounds", KIND, HIGH + 1),
        ("prices: out of bounds", int(Door.FULL_EXIT), 1),
    ],
)
def test_set_prices__bad__is_refused(prices: Prices, reason: str, kind: int, price: int) -> None:
    with reverts(reason):
        prices.set(price, kind)


def test_set_prices__not_the_setter__is_refused(prices: Prices) -> None:
    for sender in (STRANGER, GOVERNOR):
        with reverts("prices: not the setter"):
            prices.set(FIRST, sender=sender)
    prices.registry.set_setter(STRANGER, sender=GOVERNOR)
    prices.set(FIRST, sender=STRANGER)
    with reverts("prices: not the setter"):
        prices.set(FIRST)


def test_set_price_bounds__bad__is_refused(prices: Prices) -> None:
    for reason, kind, low, high in (
        ("prices: unknown kind", 0, 1, 2),
        ("prices: unknown kind", PRICE_KINDS, 1, 2),
        ("prices: bounds out of order", KIND, 2, 1),
        ("prices: no lower bound", KIND, 0, 1),
    ):
        with reverts(reason):
            prices.registry.set_price_bounds(kind, low, high, sender=GOVERNOR)


Step = tuple[int, int]
steps = st.tuples(
    st.sampled_from((1, 59, HOUR - 1, HOUR, HOUR + 1, DAY - HOUR, DAY - 1, DAY, DAY + HOUR, 2 * DAY)),
    st.integers(0, 8),
)


def check_record_doubles_in_a_day_at_most(prices: Prices, moves: list[Step]) -> None:
    """A setter that asks for as much as it can get, or falls first. No price in effect is above twice the highest one
    until a day before, and none was announced less than an hour before.
    """
    effects, announced, counts_from = [(prices.evm.time, prices.now())], {FIRST: 0}, 0
    for seconds, move in moves:
        until = prices.evm.time + seconds
        for moment in (counts_from, until):
            if prices.evm.time < moment <= until:
                prices.evm.time = moment
                effects.append((moment, prices.now()))
                assert moment >= announced[prices.now()]
        asked = max(LOW, prices.registry.price_ceiling(KIND) * move // 8)
        wait = prices.set(asked)
        counts_from = prices.evm.time + wait
        announced[asked] = min(announced.get(asked, 2**64), counts_from)
        assert (wait == HOUR) == (asked > effects[-1][1])
        if asked < HIGH:
            with pytest.raises(Reverted):
                prices.set(max(prices.registry.price_ceiling(KIND), asked) + 1)
        effects.append((prices.evm.time, prices.now()))
    for time, price in effects:
        before = [earlier for at, earlier in effects if at <= time - DAY] or [FIRST]
        assert price <= 2 * max(before)


@upholds("GOV-6")
class TestSetter:
    """Whatever a setter does, the highest price at most doubles within a day, and every rise is announced an hour
    ahead.
    """

    @tries(200)
    @given(moves=st.lists(steps, min_size=1, max_size=12))
    def test_set_prices__any_setter__within_an_hour_and_a_day(self, session_rig: Rig, moves: list[Step]) -> None:
        with session_rig.rollback():
            check_record_doubles_in_a_day_at_most(deploy_prices(session_rig[A].evm), moves)


def test_first_day__begins_with_the_first_price(rig: Rig) -> None:
    """What the constructor sets is the day's base, whatever the setter does, until a day has passed."""
    evm = rig[A].evm
    prices = Prices(evm.deploy(GOVERNOR, load("Registry"), *registry_arguments(prices=[(KIND, FIRST, LOW, HIGH)])))
    assert prices.registry.price_ceiling(KIND) == 2 * FIRST
    prices.set(LOW)
    assert prices.registry.price_ceiling(KIND) == 2 * FIRST
    with reverts("prices: more than doubled"):
        prices.set(2 * FIRST + 1)
    prices.set(2 * FIRST)


def test_set_prices__sixteen_at_once__are_set_and_seventeen_are_refused(prices: Prices) -> None:
    """A kind can be named again: the last word counts."""
    falling = [(KIND, FIRST - number) for number in range(1, 18)]
    prices.registry.set_prices(falling[:16], sender=SETTER)
    assert prices.now() == FIRST - 16
    with reverts(""):
        prices.registry.set_prices(falling, sender=SETTER)
