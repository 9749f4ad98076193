"""The bridge client against real bridges: orders become requests, the watcher finds them, reasons come through."""

from dataclasses import replace

import pytest

from tests.support.chains import build_order, send_swap
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import AVAX, USDC, USDT
from zklink.l1.events import SwapRequested
from zklink.l1.structs import RequestCounts, universal_address
from zklink.l1.watcher import L1Watcher
from zklink.protocol.chain import next_queue_hash
from zklink.protocol.errors import CallReverted, RequestRewritten, RpcUnavailable
from zklink.protocol.ids import ChainId, TokenId

ONE_USDC = 10**6


def _watcher(system: LocalSystem, chain: ChainId) -> L1Watcher:
    deployment = system.deployment
    return L1Watcher(system.bridges[chain], deployment.chains[chain].from_block, deployment.deployment_hash)


def test_swap__erc20__becomes_the_request_that_was_asked_for(system: LocalSystem) -> None:
    order = build_order(system, POLYGON.chain_id, USDC, 5 * ONE_USDC, BSC.chain_id, USDT, min_out=7, fill_fee=3)
    bridge, depositor = system.bridges[POLYGON.chain_id], system.world.roles.depositor
    event = bridge.events_of(send_swap(system, POLYGON.chain_id, order))[0]
    assert isinstance(event, SwapRequested)
    request = event.request
    assert (request.source, request.destination, request.request_id) == (POLYGON.chain_id, BSC.chain_id, 1)
    assert (request.token_in, request.token_out, request.amount) == (USDC, USDT, 5 * ONE_USDC)
    assert (request.min_out, request.operator_fee, request.fill_fee) == (7, 0, 3)
    assert (request.recipient, request.sender) == (order.recipient, universal_address(depositor.address))
    assert event.l1_amount == 5 * ONE_USDC
    expected = next_queue_hash(system.deployment.deployment_hash, request.words())
    assert bridge.queue_hash(1) == expected
    assert bridge.request_counts() == RequestCounts(1, 0, 0)
    assert bridge.request_status(1) == 1


def test_swap__eighteen_decimals_here__amount_in_layer_2_units(system: LocalSystem) -> None:
    order = build_order(system, BSC.chain_id, USDC, 5 * ONE_USDC, POLYGON.chain_id, USDC)
    assert order.l1_amount == 5 * 10**18
    event = system.bridges[BSC.chain_id].events_of(send_swap(system, BSC.chain_id, order))[0]
    assert isinstance(event, SwapRequested)
    assert event.request.amount == 5 * ONE_USDC


def test_swap__native_coin__custody_and_balance_grow_alike(system: LocalSystem) -> None:
    bridge = system.bridges[AVALANCHE.chain_id]
    before = bridge.solvency(AVAX)
    send_swap(
        system, AVALANCHE.chain_id, build_order(system, AVALANCHE.chain_id, AVAX, 10**18, ETHEREUM.chain_id, USDC)
    )
    after = bridge.solvency(AVAX)
    assert (after.balance - before.balance, after.custody - before.custody) == (10**18, 10**18)


def test_swap_with_permit__no_approval__is_queued(system: LocalSystem) -> None:
    bridge, depositor = system.bridges[POLYGON.chain_id], system.world.roles.depositor
    order = build_order(system, POLYGON.chain_id, USDC, ONE_USDC, BSC.chain_id, USDC)
    permit = system.token(POLYGON.chain_id, USDC).sign_permit(
        depositor, bridge.address, order.l1_amount, order.deadline
    )
    assert system.token(POLYGON.chain_id, USDC).allowance(depositor.address, bridge.address) == 0
    assert bridge.swap_with_permit(depositor, order, permit).is_success
    assert bridge.request_counts().total == 1


def test_swap__unknown_token__the_contracts_reason(system: LocalSystem) -> None:
    order = replace(build_order(system, POLYGON.chain_id, USDC, ONE_USDC, BSC.chain_id, USDT), token_in=TokenId(15))
    with pytest.raises(CallReverted) as caught:
        system.bridges[POLYGON.chain_id].swap(system.world.roles.depositor, order)
    assert caught.value.chain == "polygon"
    assert caught.value.reason.startswith("swap: ")


def test_set_paused__stranger__refused(system: LocalSystem) -> None:
    with pytest.raises(CallReverted, match="governor"):
        system.bridges[BSC.chain_id].set_paused(system.world.roles.stranger, USDC, True)


def test_watcher__swaps_on_a_chain__given_out_once_confirmed(system: LocalSystem) -> None:
    watcher, chain = _watcher(system, POLYGON.chain_id), system.world[POLYGON.chain_id]
    amounts = [ONE_USDC, 2 * ONE_USDC, 3 * ONE_USDC]
    for amount in amounts:
        send_swap(system, POLYGON.chain_id, build_order(system, POLYGON.chain_id, USDC, amount, BSC.chain_id, USDT))
    seen = [event.request.amount for event in watcher.poll()]
    assert seen == amounts[: len(seen)]
    assert len(seen) < len(amounts)
    chain.mine(chain.profile.confirmations - 1)
    seen += [event.request.amount for event in watcher.poll()]
    assert seen == amounts
    assert watcher.poll() == []


def test_watcher__chain_set_back__unconfirmed_requests_are_never_seen_and_confirmed_ones_missed(
    system: LocalSystem,
) -> None:
    watcher, chain = _watcher(system, POLYGON.chain_id), system.world[POLYGON.chain_id]
    before = chain.snapshot()
    send_swap(system, POLYGON.chain_id, build_order(system, POLYGON.chain_id, USDC, ONE_USDC, BSC.chain_id, USDT))
    assert watcher.poll() == []
    chain.restore(before)
    before = chain.snapshot()
    send_swap(system, POLYGON.chain_id, build_order(system, POLYGON.chain_id, USDC, 2 * ONE_USDC, BSC.chain_id, USDT))
    chain.mine(chain.profile.confirmations - 1)
    assert [event.request.amount for event in watcher.poll()] == [2 * ONE_USDC]
    chain.restore(before)
    with pytest.raises(RpcUnavailable):
        watcher.poll()  # a shorter chain proves nothing: the node may only lag behind
    assert watcher.last_request_id == 1
    chain.mine(watcher.next_block - 1 - chain.client.confirmed_height())
    with pytest.raises(RequestRewritten):
        watcher.poll()
    assert watcher.rewind() == 0
