"""The full exit of share tokens: the balances that it leaves, what it needs of a block, and the order of requests."""

from dataclasses import replace

import pytest

from tests.support.account_scene import (
    ALICE,
    BOB,
    DOMAIN,
    KEYLESS,
    NEXT_SHARES,
    POOL,
    SHARES,
    TIMESTAMP,
    X,
    Y,
    Z,
    build_state,
    owner_of,
    signed,
)
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.pool_data import PoolData
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.requests import AccountRequest
from zklink.protocol.chain_sets import ALL_CHAINS, has_chain
from zklink.protocol.errors import RequestOvertakes
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Kind, Nonce, RequestId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.block_needs import compute_needs, has_room
from zklink.transition.rules import AccountOperation

A, B = ChainId(1), ChainId(2)
WIDE = replace(MINIMAL, account=replace(MINIMAL.account, ledger=6, pool=3))


def share_exit(account: AccountId = ALICE, token: TokenId = SHARES, source: ChainId = B) -> FullExitRequest:
    owner = owner_of(account)
    return FullExitRequest(source, RequestId(1), account, token, owner, owner, ALL_CHAINS, TIMESTAMP)


def deposit(source: ChainId = A) -> DepositRequest:
    return DepositRequest(source, RequestId(2), X, Amount(5), owner_of(BOB), owner_of(BOB), TIMESTAMP)


def apply(state: State, *operations: AccountOperation) -> AccountBlock:
    return apply_account_block(state, operations, BlockNumber(1), TIMESTAMP, DOMAIN, WIDE)


def data_of(block: AccountBlock) -> PoolData:
    return block.pool[0].plan.data


def test_apply_share_exit__shares__are_what_their_removal_gives() -> None:
    state, twin = build_state(), build_state()
    block = apply(state, share_exit())
    shares = Amount(50_000)
    apply(twin, signed(RemoveLiquidity(ALICE, Nonce(5), TIMESTAMP, X, Y, Amount(0), Amount(0), shares, Amount(0), X)))
    assert state.account(ALICE).balances == twin.account(ALICE).balances
    assert SHARES not in state.account(ALICE).balances
    assert state.pool(X, Y) == twin.pool(X, Y)
    assert (data_of(block).kind, data_of(block).chain, data_of(block).shares) == (Kind.SHARE_EXIT, B, shares)
    assert block.requests(B) == (share_exit(),)
    assert not any(block.payouts(ChainId(k)) for k in range(1, 9))
    account = state.account(ALICE)
    assert has_chain(account.known, B)
    assert account.nonce == 5
    state.check_conservation()


@pytest.mark.parametrize(
    ("request_", "is_known", "pair"),
    [
        (share_exit(KEYLESS), True, (X, Y)),  # no shares
        (share_exit(token=NEXT_SHARES), True, (0, 0)),  # of no pool
        (replace(share_exit(), owner=owner_of(BOB)), False, (X, Y)),
        (replace(share_exit(token=NEXT_SHARES), owner=owner_of(BOB)), False, (0, 0)),
        (share_exit(AccountId(9)), False, (X, Y)),  # nobody's account
    ],
)
def test_apply_share_exit__nothing_to_burn__is_consumed(
    request_: FullExitRequest, is_known: bool, pair: tuple[int, int]
) -> None:
    state = build_state()
    before = state.account(request_.account)
    block = apply(state, request_)
    after = state.account(request_.account)
    assert (after.balances, after.nonce, state.pool(X, Y)) == (before.balances, before.nonce, POOL)
    assert has_chain(after.known, B) == (has_chain(before.known, B) or is_known)
    data = data_of(block)
    assert (data.token_a, data.token_b) == pair
    assert not (data.amount_a or data.amount_b or data.shares)
    assert block.requests(B) == (request_,)


def test_apply_share_exit__last_shares__take_the_whole_pool() -> None:
    state = build_state()
    state.set_balance(ALICE, SHARES, Amount(79_000))
    for account in (AccountId(0), BOB):
        state.set_balance(account, SHARES, Amount(0))
    state.set_token(SHARES, TokenRow((0,) * 8, 0))
    apply(state, share_exit())
    pool = state.pool(X, Y)
    assert (pool.reserve_lower, pool.reserve_higher, pool.lp_supply, pool.lp_token) == (0, 0, 0, SHARES)
    apply(state, share_exit())
    state.check_conservation()


def test_apply_share_exit__pool_made_in_the_same_block__is_found() -> None:
    state = build_state()
    block = apply(
        state,
        signed(CreatePool(BOB, Nonce(2**32 - 3), TIMESTAMP, Y, Z, 30, Amount(10), Z)),
        share_exit(token=NEXT_SHARES),
    )
    assert (block.pool[1].plan.data.token_a, block.pool[1].plan.data.token_b) == (Y, Z)


def test_compute_needs__share_exit__reads_its_pool_or_the_number_of_pools() -> None:
    state = build_state()
    of_a_pool, of_none = (compute_needs([share_exit(token=token)], state) for token in (SHARES, NEXT_SHARES))
    assert (of_a_pool.tokens, of_a_pool.pools) == (set(), {(X, Y)})
    assert (of_none.tokens, of_none.pools) == ({TokenId(0)}, set())


OVERTAKEN: list[list[AccountRequest]] = [
    [share_exit(source=A), deposit(A)],
    [deposit(B), share_exit(source=A), deposit(A)],
]
IN_ORDER: list[list[AccountRequest]] = [
    [deposit(A), share_exit(source=A)],
    [share_exit(source=A), deposit(B)],
    [share_exit(source=A), share_exit(KEYLESS, source=A)],
]


@pytest.mark.parametrize("requests", OVERTAKEN)
def test_has_room__a_later_request_in_an_earlier_slot__waits_for_the_next_block(
    requests: list[AccountRequest],
) -> None:
    state = build_state()
    root = state.root
    assert not has_room(requests, state)
    with pytest.raises(RequestOvertakes) as caught:
        apply(state, *requests)
    assert caught.value.chain == A
    assert state.root == root


@pytest.mark.parametrize("requests", IN_ORDER)
def test_has_room__requests_in_order__have_room(requests: list[AccountRequest]) -> None:
    state = build_state()
    state.set_balance(KEYLESS, SHARES, Amount(0))
    block = apply_account_block(
        state, requests, BlockNumber(1), TIMESTAMP, DOMAIN, replace(WIDE, account=replace(WIDE.account, pool=3))
    )
    assert block.requests(A) == tuple(request for request in requests if request.source == A)


@pytest.mark.parametrize(
    ("servings", "others"), [(1, [deposit(A)]), (1, [share_exit(source=A)]), (2, []), (1, []), (1, [deposit(B)])]
)
def test_apply_account_block__after_a_serving_in_part__comes_the_same_request(
    servings: int, others: list[AccountRequest]
) -> None:
    """Two servings are needed: chain A holds too little."""
    state = build_state()
    row = state.token(X)
    moved = row.reserves[0] - 1_000
    state.set_token(X, row.add(A, -moved).add(B, moved))
    request = FullExitRequest(A, RequestId(1), ALICE, X, owner_of(ALICE), owner_of(BOB), ALL_CHAINS, TIMESTAMP)
    operations = [*[request] * servings, *others]
    if any(other.source == A for other in others):
        with pytest.raises(RequestOvertakes):
            apply(state, *operations)
        return
    block = apply(state, *operations)
    assert block.requests(A) == (request,) * (servings == 2)
    assert [payout.amount for k in (A, B) for payout in block.payouts(k)] == [1_000, 2_000_000 - 1_000][:servings]
    assert len(block.slices[A]) == (4 + 3) + 4 * (servings - 1)
