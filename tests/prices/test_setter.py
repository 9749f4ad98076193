"""The setter: what it changes, and what a registry makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zklink.devnet.profiles import POLYGON
from zklink.devnet.system import LocalSystem
from zklink.l1.contracts.bridge_structs import PriceState
from zklink.prices.founding import BOUND_FACTOR, plan_entries
from zklink.prices.setter import Drift, PriceSetter, RegistryDoors, SetPrice, plan_changes
from zklink.prices.table import GREATEST_GWEI
from zklink.protocol.errors import CallReverted, RpcUnavailable
from zklink.protocol.ids import FEE_NOTICE_SECONDS, ChainId, Door

HERE = POLYGON.chain_id
KIND = int(Door.DEPOSIT)
NOW = 1_000_000
DRIFT = Drift(up=10, down=20)
DAY = 86_400


def standing(price: int, low: int = 1, high: int = 10_000, ceiling: int = 2_000) -> SetPrice:
    return SetPrice(PriceState(price, price, 0, low, high), ceiling)


def plan(wanted: int, found: SetPrice, now: int = NOW) -> int | None:
    return plan_changes({KIND: wanted}, {KIND: found}, now, DRIFT).get(KIND)


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        (1_100, None),
        (1_101, 1_101),
        (800, None),
        (799, 799),
        (2_000, 2_000),
        (2_001, 2_000),
        (10**9, 2_000),
        (0, 1),
    ],
)
def test_plan__one_price__changes_if_it_has_drifted_and_as_far_as_it_may(wanted: int, change: int | None) -> None:
    assert plan(wanted, standing(1_000)) == change


def test_plan__bounds__are_kept() -> None:
    assert plan(5_000, standing(1_000, high=1_500)) == 1_500
    assert plan(5, standing(1_000, low=300)) == 300
    assert plan(5, standing(300, low=300)) is None
    assert plan(5_000, standing(1_500, high=1_500)) is None


def test_plan__a_door_without_a_price_there__is_left_alone() -> None:
    assert plan(1_000, standing(0, low=0, high=0, ceiling=0)) is None
    assert plan_changes({KIND: 7}, {}, NOW, DRIFT) == {}


def test_plan__a_rise_waits__is_not_begun_again_and_is_undone_if_less_is_wanted() -> None:
    rising = SetPrice(PriceState(1_000, 1_500, NOW + 60, 1, 10_000), 2_000)
    assert plan(1_900, rising) is None, "its hour would begin again"
    assert plan(1_000, rising) is None
    assert plan(700, rising) == 700
    assert plan(1_900, rising, NOW + 60) == 1_900, "it counts"


def test_plan__the_day_allows_no_more__waits() -> None:
    assert plan(5_000, standing(1_000, ceiling=1_000)) is None
    assert plan(5_000, standing(1_000, ceiling=999)) is None


@given(st.integers(1, 10**12), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(0, 2 * 10**6))
def test_plan__anything__within_bounds_and_ceiling(wanted: int, one: int, other: int, ceiling: int) -> None:
    low, high = min(one, other), max(one, other)
    price = (low + high) // 2
    change = plan(wanted, standing(price, low, high, ceiling))
    if change is not None:
        assert low <= change <= high
        assert change < price or change <= ceiling


@given(st.dictionaries(st.integers(1, 12), st.integers(1, GREATEST_GWEI)))
def test_plan_entries__any_prices__lie_within_their_bounds(prices: dict[int, int]) -> None:
    for entry in plan_entries(prices):
        assert 1 <= entry.low <= entry.price_gwei == prices[entry.kind] <= entry.high <= GREATEST_GWEI
        assert entry.low * BOUND_FACTOR <= max(entry.price_gwei, BOUND_FACTOR)


class TestRegistry:
    """With the registry of a chain behind it."""

    def setter(self, system: LocalSystem, factor: int, wanted: dict[int, int]) -> PriceSetter:
        registry = system.bridges[HERE].tokens

        def compute() -> dict[ChainId, dict[int, int]]:
            return {HERE: {kind: price * factor // 100 for kind, price in wanted.items()}}

        return PriceSetter({HERE: RegistryDoors(registry, system.world.roles.setter)}, compute)

    def prices(self, system: LocalSystem) -> dict[int, int]:
        found = system.bridges[HERE].tokens.prices()
        return {kind: price for kind, price in enumerate(found) if price}

    def test_round__nothing_has_drifted__sends_nothing(self, system: LocalSystem) -> None:
        said = list[str]()
        assert not self.setter(system, 105, self.prices(system)).round(said.append)
        assert said == []

    def test_round__half_dearer__counts_an_hour_later_and_is_not_sent_again(self, system: LocalSystem) -> None:
        before, said = self.prices(system), list[str]()
        setter = self.setter(system, 150, before)
        assert setter.round(said.append) and not setter.round(said.append)
        assert len(said) == 1 and said[0].startswith("polygon: set (gwei by kind")
        assert self.prices(system) == before, "a rise is announced"
        system.world[HERE].advance_time(FEE_NOTICE_SECONDS + 1)
        assert self.prices(system) == {kind: price * 3 // 2 for kind, price in before.items()}
        assert not setter.round(said.append)

    def test_round__five_times_dearer__doubles_once_a_day(self, system: LocalSystem) -> None:
        before = self.prices(system)
        setter = self.setter(system, 500, before)
        for factor in (2, 4, 5):
            assert setter.round(print)
            system.world[HERE].advance_time(FEE_NOTICE_SECONDS + 1)
            setter.round(print)
            assert self.prices(system) == {kind: price * factor for kind, price in before.items()}
            system.world[HERE].advance_time(DAY)

    def test_round__cheaper__at_once(self, system: LocalSystem) -> None:
        before = self.prices(system)
        assert self.setter(system, 50, before).round(print)
        assert self.prices(system) == {kind: price // 2 for kind, price in before.items()}

    def test_round__one_chain_is_away__said_once_and_the_others_are_set(self, system: LocalSystem) -> None:
        before, said = self.prices(system), list[str]()
        wanted = {chain: {kind: price // 2 for kind, price in before.items()} for chain in (HERE, ChainId(3))}
        away = system.bridges[ChainId(3)].tokens

        def gone(kind: int) -> PriceState:
            raise RpcUnavailable("bsc", "eth_call", 1, "nobody answers")

        away.price_state = gone  # type: ignore[method-assign]
        try:
            registries = {ChainId(3): away, HERE: system.bridges[HERE].tokens}
            account = system.world.roles.setter
            setter = PriceSetter({k: RegistryDoors(each, account) for k, each in registries.items()}, lambda: wanted)
            assert setter.round(said.append)
            setter.round(said.append)
        finally:
            del away.price_state
        assert sum("nobody answers" in line for line in said) == 1
        assert self.prices(system) == wanted[HERE]

    def test_round__not_the_setter__says_the_reason(self, system: LocalSystem) -> None:
        said = list[str]()
        setter = self.setter(system, 50, self.prices(system))
        setter.doors = {HERE: RegistryDoors(system.bridges[HERE].tokens, system.world.roles.stranger)}
        assert not setter.round(said.append)
        assert "prices: not the setter" in said[0]
        with pytest.raises(CallReverted, match="not the setter"):
            system.bridges[HERE].tokens.set_prices(system.world.roles.stranger, {KIND: 1})
