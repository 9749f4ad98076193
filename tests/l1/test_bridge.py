"""The clients against real contracts: orders become requests of both lanes, the watcher finds them, reasons come
through.
"""

from dataclasses import replace

import pytest

from tests.support.chains import build_order, send_deposit, send_swap
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import AVAX, BNB, USDC, USDT
from zklink.l1.contracts.bridge_events import DepositRequested, FullExitRequested, KeyRequested, SwapRequested
from zklink.l1.contracts.bridge_structs import DepositOrder, RequestCounts, universal_address
from zklink.l1.contracts.ends import MemberEndClient, PrimaryEndClient
from zklink.l1.contracts.histories import MemberHistoryClient, PrimaryHistoryClient
from zklink.l1.contracts.registries import sign_key_change
from zklink.l1.tallies import lane_of
from zklink.l1.watcher import L1Watcher
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import AllowanceShort, CallReverted, RequestRewritten, RpcUnavailable, TokensShort
from zklink.protocol.ids import AccountId, ChainId, Lane, Nonce, RequestId, TokenId

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
    assert (request.recipient, request.refund_to) == (order.recipient, universal_address(depositor.address))
    assert event.l1_amount == 5 * ONE_USDC
    expected = next_queue_hash(system.deployment.deployment_hash, request.words())
    assert bridge.queue_hash(Lane.SWAP, 1) == expected
    assert bridge.next_requests(Lane.SWAP) == (0, system.deployment.deployment_hash)
    assert bridge.request_counts(Lane.SWAP) == RequestCounts(1, 0)
    assert bridge.request_status(Lane.SWAP, 1) == 1


def test_swap__eighteen_decimals_here__amount_in_layer_2_units(system: LocalSystem) -> None:
    order = build_order(system, BSC.chain_id, USDC, 5 * ONE_USDC, POLYGON.chain_id, USDC)
    assert order.l1_amount == 5 * 10**18
    event = system.bridges[BSC.chain_id].events_of(send_swap(system, BSC.chain_id, order))[0]
    assert isinstance(event, SwapRequested)
    assert event.request.amount == 5 * ONE_USDC


def test_swap__native_coin__custody_and_balance_grow_alike(system: LocalSystem) -> None:
    bridge = system.bridges[AVALANCHE.chain_id]
    before, fees = bridge.solvency(AVAX), bridge.fees()
    send_swap(
        system, AVALANCHE.chain_id, build_order(system, AVALANCHE.chain_id, AVAX, 10**18, ETHEREUM.chain_id, USDC)
    )
    after = bridge.solvency(AVAX)
    fee = bridge.fees().open_wei - fees.open_wei
    assert fee == bridge.quotes()[ETHEREUM.chain_id] * 10**9
    assert (after.balance - before.balance, after.custody - before.custody) == (10**18 + fee, 10**18)


def test_swap_with_permit__no_approval__is_queued(system: LocalSystem) -> None:
    bridge, depositor = system.bridges[POLYGON.chain_id], system.world.roles.depositor
    order = build_order(system, POLYGON.chain_id, USDC, ONE_USDC, BSC.chain_id, USDC)
    permit = system.token(POLYGON.chain_id, USDC).sign_permit(
        depositor, bridge.address, order.l1_amount, order.deadline
    )
    assert system.token(POLYGON.chain_id, USDC).allowance(depositor.address, bridge.address) == 0
    assert bridge.swap_with_permit(depositor, order, permit).is_success
    assert bridge.request_counts(Lane.SWAP).total == 1


def test_swap__unknown_token__the_contracts_reason(system: LocalSystem) -> None:
    order = replace(build_order(system, POLYGON.chain_id, USDC, ONE_USDC, BSC.chain_id, USDT), token_in=TokenId(15))
    with pytest.raises(CallReverted) as caught:
        system.bridges[POLYGON.chain_id].swap(system.world.roles.depositor, order)
    assert caught.value.chain == "polygon"
    assert caught.value.reason == "bridge: unknown token"


def test_pause_token__stranger__refused(system: LocalSystem) -> None:
    with pytest.raises(CallReverted, match="not the owner"):
        system.bridges[BSC.chain_id].tokens.pause_token(system.world.roles.stranger, USDC)


def test_deposit__erc20_and_coin__become_the_requests_that_were_asked_for(system: LocalSystem) -> None:
    bridge, depositor = system.bridges[BSC.chain_id], system.world.roles.depositor
    owner = universal_address(system.world.roles.provider.address)
    receipts = [
        send_deposit(system, BSC.chain_id, USDC, 5 * ONE_USDC, owner=owner),
        send_deposit(system, BSC.chain_id, BNB, 7 * 10**16, owner=owner),
    ]
    queue_hash = system.deployment.deployment_hash
    for request_id, (receipt, token, amount) in enumerate(
        zip(receipts, (USDC, BNB), (5 * ONE_USDC, 7 * 10**16), strict=True), start=1
    ):
        event = bridge.events_of(receipt)[0]
        assert isinstance(event, DepositRequested)
        request = event.request
        assert (request.source, request.request_id, request.token) == (BSC.chain_id, request_id, token)
        assert (request.amount, request.owner) == (amount, owner)
        assert request.refund_to == universal_address(depositor.address)
        assert event.l1_amount == amount * bridge.tokens.token_scale(token)
        queue_hash = next_queue_hash(queue_hash, request.words())
        assert bridge.queue_hash(Lane.ACCOUNT, request_id) == queue_hash
    assert bridge.request_counts(Lane.ACCOUNT) == RequestCounts(2, 0)
    assert bridge.request_counts(Lane.SWAP) == RequestCounts(0, 0)


def test_deposit_with_permit__no_approval__is_queued(system: LocalSystem) -> None:
    bridge, depositor = system.bridges[POLYGON.chain_id], system.world.roles.depositor
    token, deadline = system.token(POLYGON.chain_id, USDC), bridge.client.head().timestamp + 600
    permit = token.sign_permit(depositor, bridge.address, ONE_USDC, deadline)
    order = DepositOrder(USDC, ONE_USDC, universal_address(depositor.address))
    assert bridge.deposit_with_permit(depositor, order, permit).is_success
    assert bridge.request_counts(Lane.ACCOUNT).total == 1


def test_deposit__named_account_and_refund_address__stand_in_the_request(system: LocalSystem) -> None:
    bridge, roles = system.bridges[POLYGON.chain_id], system.world.roles
    system.token(POLYGON.chain_id, USDC).approve(roles.depositor, bridge.address, ONE_USDC)
    owner, refund_to = universal_address(roles.depositor.address), roles.recipient.address
    (event,) = bridge.events_of(
        bridge.deposit(roles.depositor, DepositOrder(USDC, ONE_USDC, owner, AccountId(3), refund_to))
    )
    assert isinstance(event, DepositRequested)
    request = event.request
    assert (request.account, request.by_owner) == (3, True)
    assert request.refund_to == universal_address(refund_to)
    expected = next_queue_hash(system.deployment.deployment_hash, request.words())
    assert bridge.queue_hash(Lane.ACCOUNT, 1) == expected


def test_full_exit__any_account_and_chains__becomes_the_request_that_was_asked_for(system: LocalSystem) -> None:
    bridge, owner, roles = system.bridges[POLYGON.chain_id], system.world.roles.depositor, system.world.roles
    second = universal_address(roles.recipient.address)
    event = bridge.events_of(bridge.full_exit(owner, AccountId(3), USDC, [BSC.chain_id], second))[0]
    assert isinstance(event, FullExitRequested)
    request = event.request
    assert (request.source, request.request_id, request.account, request.token) == (POLYGON.chain_id, 1, 3, USDC)
    assert request.owner == universal_address(owner.address)
    assert (request.second, request.mask) == (second, make_chain_set([POLYGON.chain_id, BSC.chain_id]))
    expected = next_queue_hash(system.deployment.deployment_hash, request.words())
    assert bridge.queue_hash(Lane.ACCOUNT, 1) == expected


def test_set_key__owner__becomes_the_request_that_was_asked_for(system: LocalSystem) -> None:
    bridge, owner = system.bridges[BSC.chain_id], system.world.roles.depositor
    (event,) = bridge.events_of(bridge.set_key(owner, AccountId(3), 99))
    assert isinstance(event, KeyRequested)
    request = event.request
    assert (request.source, request.request_id, request.account, request.public_key_hash) == (BSC.chain_id, 1, 3, 99)
    assert request.owner == universal_address(owner.address)
    expected = next_queue_hash(system.deployment.deployment_hash, request.words())
    assert bridge.queue_hash(Lane.ACCOUNT, 1) == expected
    assert bridge.request_counts(Lane.ACCOUNT) == RequestCounts(1, 0)


def test_sign_key_change__any_key__is_one_signature(system: LocalSystem) -> None:
    owner, salt = system.world.roles.depositor, system.deployment.deployment_hash
    assert len(sign_key_change(owner, salt, AccountId(3), Nonce(0), 99, 1_700_000_000)) == 65


def test_parts__every_chain__are_the_deployments_contracts(system: LocalSystem) -> None:
    for chain, bridge in system.bridges.items():
        record, is_primary = system.deployment.chains[chain], chain == system.deployment.primary
        assert bridge.is_primary() == is_primary
        assert isinstance(bridge.history, PrimaryHistoryClient if is_primary else MemberHistoryClient)
        assert isinstance(bridge.end, PrimaryEndClient if is_primary else MemberEndClient)
        addresses = (bridge.history.address, bridge.end.address, bridge.exodus.address, bridge.groups.address)
        assert addresses == (record.history, record.end, record.exodus, record.groups)


def test_exodus__running_chain__says_so(system: LocalSystem) -> None:
    bridge = system.bridges[POLYGON.chain_id]
    assert not bridge.is_frozen()
    assert bridge.frozen_at() == (0, 0)
    assert not bridge.exodus.is_begun()
    assert not bridge.exodus.is_exited(0, USDC)
    assert bridge.exodus.vk_hash() == system.deployment.vk_hashes.exit
    with pytest.raises(CallReverted, match="may not begin"):
        bridge.exodus.begin_exodus(system.world.roles.stranger)


def test_watcher__requests_of_both_lanes__given_out_once_confirmed(system: LocalSystem) -> None:
    watcher, chain = _watcher(system, POLYGON.chain_id), system.world[POLYGON.chain_id]
    ids = [(Lane.SWAP, RequestId(1)), (Lane.ACCOUNT, RequestId(1)), (Lane.SWAP, RequestId(2))]
    for lane, _ in ids:
        if lane is Lane.SWAP:
            order = build_order(system, POLYGON.chain_id, USDC, ONE_USDC, BSC.chain_id, USDT)
            send_swap(system, POLYGON.chain_id, order)
        else:
            send_deposit(system, POLYGON.chain_id, USDC, ONE_USDC)
    seen = [(lane_of(event), event.request.request_id) for event in watcher.poll()]
    assert seen == ids[: len(seen)]
    assert len(seen) < len(ids)
    chain.mine(chain.profile.confirmations - 1)
    seen += [(lane_of(event), event.request.request_id) for event in watcher.poll()]
    assert seen == ids
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
    (event,) = watcher.poll()
    assert isinstance(event, SwapRequested)
    assert event.request.amount == 2 * ONE_USDC
    chain.restore(before)
    with pytest.raises(RpcUnavailable):
        watcher.poll()  # a shorter chain proves nothing: the node may only lag behind
    assert watcher.last_request_id(Lane.SWAP) == 1
    chain.mine(watcher.next_block - 1 - chain.client.confirmed_height())
    with pytest.raises(RequestRewritten):
        watcher.poll()
    assert watcher.rewind() == {Lane.SWAP: 0, Lane.ACCOUNT: 0}


def test_swap__tokens_or_allowance_short__says_how_much_and_sends_nothing(system: LocalSystem) -> None:
    bridge, owner = system.bridges[POLYGON.chain_id], system.world.roles.depositor
    token = system.token(POLYGON.chain_id, USDC)
    has = token.balance(owner.address)
    order = build_order(system, POLYGON.chain_id, USDC, ONE_USDC, BSC.chain_id, USDC)
    before = bridge.client.nonce(owner.address)
    with pytest.raises(AllowanceShort) as allowance:
        bridge.swap(owner, order)
    assert (allowance.value.needed, allowance.value.found, allowance.value.spender) == (ONE_USDC, 0, bridge.address)
    with pytest.raises(TokensShort) as short:
        bridge.swap(owner, replace(order, l1_amount=has + 1))
    assert (short.value.needed, short.value.found) == (has + 1, has)
    with pytest.raises(AllowanceShort):
        bridge.deposit(owner, DepositOrder(USDC, ONE_USDC, universal_address(owner.address)))
    assert bridge.client.nonce(owner.address) == before
