"""What a wallet on Solana gives at a door: the price that counts in time, and what a crowded full exit burns."""

from typing import Any, cast

import pytest

from zklink.client.program_calls import PRICE_SECONDS, ProgramPlace
from zklink.client.program_doors import find_full_exit_price
from zklink.protocol.ids import MAX_OPEN_ACCOUNT_REQUESTS, PRICE_KINDS, ChainId, Door, Lane

NOW, FULL_EXIT, BURNT = 1_000_000, 1_000, 7


def place(waiting: int = 0, **changes: Any) -> ProgramPlace:
    """A chain whose account lane has so many requests that no block has."""
    prices = [0] * PRICE_KINDS
    prices[Door.FULL_EXIT], prices[Door.CROWDED_EXIT] = FULL_EXIT, BURNT
    bridge = {"prices": prices, "next_prices": prices, "prices_from": [0] * PRICE_KINDS}
    bridge |= {"totals": (0, 40 + waiting), "consumed": (0, 40)} | changes
    return ProgramPlace(ChainId(5), cast("Any", None), cast("Any", None), bridge, NOW)


@pytest.mark.parametrize(
    ("waiting", "burnt"), [(0, 0), (255, 0), (256, 7), (287, 7), (288, 14), (MAX_OPEN_ACCOUNT_REQUESTS - 1, 7 << 7)]
)
def test_full_exit__so_many_wait__burns_what_the_contracts_burn(waiting: int, burnt: int) -> None:
    """A price that doubles with every 32 places of the upper half."""
    assert find_full_exit_price(place(waiting)) == FULL_EXIT + burnt
    assert place(waiting).bridge["totals"][Lane.ACCOUNT - 1] == 40 + waiting


@pytest.mark.parametrize(
    ("later", "since", "price"),
    [
        (2_000, NOW + PRICE_SECONDS + 1, 1_000),
        (2_000, NOW + PRICE_SECONDS, 2_000),
        (2_000, NOW, 2_000),
        (500, NOW + 1, 1_000),
        (500, NOW, 500),
    ],
)
def test_price__a_rise_and_a_fall__the_one_that_is_enough_for_ten_minutes(later: int, since: int, price: int) -> None:
    coming = [later] * PRICE_KINDS
    found = place(next_prices=coming, prices_from=[since] * PRICE_KINDS).price(Door.FULL_EXIT)
    assert found == price
