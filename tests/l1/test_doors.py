"""The doors against real contracts: what a call pays, what is told before anything is sent, and whom nobody may pay."""

from dataclasses import replace

import pytest

from tests.support.chains import build_order
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import AVAX, BNB, USDC
from zklink.l1.contracts.bridge_events import (
    DepositRequested,
    FullExitRequested,
    KeyRequested,
    RequestEvent,
    SwapRequested,
)
from zklink.l1.contracts.bridge_structs import DepositOrder, Fees, Quote, universal_address
from zklink.l1.contracts.doors import MAX_SIGNATURE_BYTES, QUOTE_SECONDS
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import CallReverted, SignatureTooLong
from zklink.protocol.ids import AccountId, ChainId, Door, Lane

ONE_USDC = 10**6
GWEI = 10**9
HERE, THERE = POLYGON.chain_id, BSC.chain_id


def requested(system: LocalSystem, chain: ChainId, receipt: Receipt) -> RequestEvent:
    (event,) = system.bridges[chain].events_of(receipt)
    assert isinstance(event, SwapRequested | DepositRequested | FullExitRequested | KeyRequested)
    return event


def price(system: LocalSystem, chain: ChainId, kind: int) -> int:
    return system.bridges[chain].tokens.price(kind)


def approve(system: LocalSystem, chain: ChainId, l1_amount: int) -> None:
    system.token(chain, USDC).approve(system.world.roles.depositor, system.bridges[chain].address, l1_amount)


def owner_of(system: LocalSystem) -> bytes:
    return universal_address(system.world.roles.depositor.address)


class TestPrices:
    def test_doors__every_kind__pay_the_registrys_price_and_the_words_carry_it(self, system: LocalSystem) -> None:
        bridge, owner = system.bridges[HERE], system.world.roles.depositor
        approve(system, HERE, 2 * ONE_USDC)
        deposit = DepositOrder(USDC, ONE_USDC, owner_of(system))
        quote = bridge.quote_order(deposit)
        receipts = {
            int(THERE): bridge.swap(owner, build_order(system, HERE, USDC, ONE_USDC, THERE, USDC)),
            Door.DEPOSIT: bridge.deposit(owner, deposit),
            Door.KEY_REQUEST: bridge.set_key(owner, AccountId(3), 99),
            Door.FULL_EXIT: bridge.full_exit(owner, AccountId(3), USDC),
        }
        paid = 0
        for kind, receipt in receipts.items():
            request = requested(system, HERE, receipt).request
            assert request.native_fee_gwei == price(system, HERE, kind) > 0
            paid += request.native_fee_gwei * GWEI
        assert bridge.fees() == Fees(paid, 0)
        assert bridge.quotes()[Door.DEPOSIT] == quote.fee_gwei

    def test_words__of_requests_that_paid__hash_to_the_bridges_queue(self, system: LocalSystem) -> None:
        queue_hash, bridge = system.deployment.deployment_hash, system.bridges[HERE]
        owner = system.world.roles.depositor
        receipts = [bridge.set_key(owner, AccountId(3), 99), bridge.full_exit(owner, AccountId(3), USDC)]
        for receipt in receipts:
            queue_hash = next_queue_hash(queue_hash, requested(system, HERE, receipt).request.words())
        assert bridge.queue_hash(Lane.ACCOUNT, 2) == queue_hash

    def test_swap__coin_comes_in__the_amount_and_the_fee_go_along(self, system: LocalSystem) -> None:
        chain, amount = AVALANCHE.chain_id, 3 * 10**18
        bridge, order = system.bridges[chain], build_order(system, chain, AVAX, amount, ETHEREUM.chain_id, USDC)
        quote, fee = bridge.quote_order(order), price(system, chain, ETHEREUM.chain_id)
        assert quote == Quote(fee, coin=amount) and quote.value == amount + fee * GWEI
        event = requested(system, chain, bridge.swap(system.world.roles.depositor, order))
        assert (event.request.native_fee_gwei, event.request.amount) == (fee, amount)  # type: ignore[union-attr]

    def test_quote__a_rise_counts_before_a_call_may_be_mined__covers_it(self, system: LocalSystem) -> None:
        bridge, roles = system.bridges[HERE], system.world.roles
        before = price(system, HERE, Door.KEY_REQUEST)
        bridge.tokens.set_prices(roles.setter, {Door.KEY_REQUEST: before * 3 // 2})
        assert bridge.quote_key_request().fee_gwei == before, "an hour is longer than a call takes"
        system.world[HERE].advance_time(3_600 - QUOTE_SECONDS // 2)
        assert price(system, HERE, Door.KEY_REQUEST) == before
        assert bridge.quote_key_request().fee_gwei == before * 3 // 2
        quote = bridge.quote_key_request()
        system.world[HERE].advance_time(QUOTE_SECONDS)
        bridge.set_key(roles.depositor, AccountId(3), 99, quote)

    def test_set_key__less_than_the_price__the_contracts_reason(self, system: LocalSystem) -> None:
        quote = Quote(price(system, HERE, Door.KEY_REQUEST) - 1)
        with pytest.raises(CallReverted, match="fee: below the price"):
            system.bridges[HERE].set_key(system.world.roles.depositor, AccountId(3), 99, quote)


class TestFunds:
    """What goes along, and what is left; what is missing is told in tests/l1/test_bridge.py."""

    def test_swap__with_a_permit_for_more__asks_for_no_allowance_and_leaves_the_rest(self, system: LocalSystem) -> None:
        bridge, owner = system.bridges[HERE], system.world.roles.depositor
        order = build_order(system, HERE, USDC, ONE_USDC, THERE, USDC)
        permit = system.token(HERE, USDC).sign_permit(owner, bridge.address, 2 * ONE_USDC, order.deadline)
        event = requested(system, HERE, bridge.swap_with_permit(owner, order, permit))
        assert event.request.native_fee_gwei == price(system, HERE, THERE)
        assert system.token(HERE, USDC).allowance(owner.address, bridge.address) == ONE_USDC, "more than the amount"

    def test_swap__up_to__takes_whole_units_and_leaves_the_rest(self, system: LocalSystem) -> None:
        """Dollars have 18 decimals on this chain and six on layer 2."""
        bridge, owner = system.bridges[THERE], system.world.roles.depositor
        asked = 5 * 10**18 + 123_456
        approve(system, THERE, asked)
        order = replace(build_order(system, THERE, USDC, ONE_USDC, HERE, USDC), l1_amount=asked)
        with pytest.raises(CallReverted, match="not convertible"):
            bridge.swap(owner, order)
        assert bridge.round_order(order).l1_amount == 5 * 10**18
        event = requested(system, THERE, bridge.swap(owner, order, is_up_to=True))
        assert isinstance(event, SwapRequested)
        assert (event.request.amount, event.l1_amount) == (5 * ONE_USDC, 5 * 10**18)

    def test_deposit__up_to_of_coin__the_rest_of_the_coin_is_not_taken(self, system: LocalSystem) -> None:
        bridge, owner = system.bridges[THERE], system.world.roles.depositor
        order = DepositOrder(BNB, 10**17, owner_of(system))
        event = requested(system, THERE, bridge.deposit(owner, order, is_up_to=True))
        assert isinstance(event, DepositRequested) and event.l1_amount == 10**17
        assert event.request.native_fee_gwei == price(system, THERE, Door.DEPOSIT)


class TestTokensAsRecipients:
    def test_swap__the_contract_says_so_where_the_recipient_is_on_its_chain(self, system: LocalSystem) -> None:
        token = system.token(HERE, USDC).address
        order = build_order(system, HERE, USDC, ONE_USDC, THERE, USDC)
        approve(system, HERE, ONE_USDC)
        with pytest.raises(CallReverted, match="refund to a token"):
            system.bridges[HERE].swap(system.world.roles.depositor, replace(order, refund_to=token))


class TestKeys:
    def test_key_by_signature__longer_than_the_bridge_takes__is_told_before_it_is_sent(
        self, system: LocalSystem
    ) -> None:
        bridge, roles = system.bridges[HERE], system.world.roles
        wallet, signature = system.token(HERE, USDC).address, bytes(MAX_SIGNATURE_BYTES + 1)
        with pytest.raises(SignatureTooLong, match=str(len(signature))):
            bridge.set_key_by_signature(roles.depositor, wallet, AccountId(7), 1, signature)
        # One byte less reaches the contract, which asks the wallet.
        with pytest.raises(CallReverted, match="key: "):
            bridge.set_key_by_signature(roles.depositor, wallet, AccountId(7), 1, signature[1:])
