"""The bridge's price at an entry: whoever calls pays it in coin, all of it goes on to the bridge, and coin that lies at
the entry is nobody's.
"""

from collections.abc import Callable

import pytest

from tests.contracts.test_entry import order_of, ways
from tests.support.drafts.entry_scene import CIRCLE, DAI, RELAYER, SIGNER, EntryScene
from tests.support.evm import Reverted, reverts
from tests.support.three_chains import STRANGER, B
from tests.support.upholds import upholds
from zklink.l1.contracts.entry import Relay
from zklink.protocol.ids import Door

GWEI = 10**9
PRICE, PAID = 1_500, 1_700
"""The price of every door here in gwei, and what a relayer pays."""

Bring = Callable[[int], int]


@pytest.fixture
def priced(scene: EntryScene) -> EntryScene:
    """A scene whose doors have a price."""
    return set_prices(scene)


def set_prices(scene: EntryScene) -> EntryScene:
    """Give the doors of the scene's chain their price."""
    for kind in (B, Door.DEPOSIT):
        scene.here.set_price(int(kind), PRICE)
    scene.here.evm.fund(RELAYER)
    return scene


def bringers(scene: EntryScene, is_swap: bool) -> tuple[Bring, ...]:
    """Each way in, as a function of the coin that comes with the call, in wei."""
    order, relay = order_of(scene, is_swap), Relay(5)
    by_permit2, by_authorization = ways(scene)
    return (
        lambda wei: by_permit2(order, relay, value=wei),
        lambda wei: by_authorization(order, relay, value=wei),
        lambda wei: scene.bring_dai(order_of(scene, is_swap, DAI), scene.dai_permit(), value=wei),
    )


@pytest.mark.parametrize("is_swap", [True, False], ids=["swap", "deposit"])
@pytest.mark.parametrize("way", [0, 1, 2], ids=["permit2", "authorization", "dai"])
@upholds("ENT-2")
def test_bring__with_coin__all_of_it_is_the_requests_fee(priced: EntryScene, way: int, is_swap: bool) -> None:
    here, bring = priced.here, bringers(priced, is_swap)[way]
    payer = SIGNER.address if way == 2 else RELAYER
    before = here.evm.balance(payer)
    bring(PAID * GWEI)
    asked = here.evm.event("SwapRequested" if is_swap else "DepositRequested")
    assert asked["native_fee_gwei"] == PAID
    assert before - here.evm.balance(payer) == PAID * GWEI
    assert here.bridge.fees()[0] == PAID * GWEI
    assert here.evm.balance(priced.entry.address) == 0
    assert priced.is_empty()


@pytest.mark.parametrize("is_swap", [True, False], ids=["swap", "deposit"])
@pytest.mark.parametrize("way", [0, 1, 2], ids=["permit2", "authorization", "dai"])
def test_bring__with_too_little_coin__is_refused_and_can_be_brought_again(
    priced: EntryScene, way: int, is_swap: bool
) -> None:
    here, bring = priced.here, bringers(priced, is_swap)[way]
    tokens = priced.balance(CIRCLE, SIGNER.address), priced.balance(DAI, SIGNER.address)
    for wei, reason in ((0, "fee: below the price"), (PAID * GWEI + 1, "fee: not whole gwei")):
        with reverts(reason):
            bring(wei)
    assert (priced.balance(CIRCLE, SIGNER.address), priced.balance(DAI, SIGNER.address)) == tokens
    bring(PRICE * GWEI)
    assert here.bridge.fees()[0] == PRICE * GWEI


@pytest.mark.parametrize("is_swap", [True, False], ids=["swap", "deposit"])
@upholds("ENT-2")
def test_donation__coin_lies_there__pays_for_nobody(priced: EntryScene, is_swap: bool) -> None:
    here = priced.here
    here.evm.force_coin(here.evm.fund(STRANGER), priced.entry.address, 10 * PRICE * GWEI)
    for bring in bringers(priced, is_swap):
        with reverts("fee: below the price"):
            bring(0)
        bring(PRICE * GWEI)
    assert here.evm.balance(priced.entry.address) == 10 * PRICE * GWEI


def test_entry__coin_without_a_call__is_refused(priced: EntryScene) -> None:
    with pytest.raises(Reverted):
        priced.here.evm.send(RELAYER, priced.entry.address, value=1)
