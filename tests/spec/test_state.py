"""The state's root against trees built by hand, and what it refuses."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Rows, row_sets
from tests.support.tries import tries
from zklink.primitives.merkle import SparseMerkleTree, compute_root
from zklink.primitives.poseidon import poseidon
from zklink.protocol.errors import (
    AmountOutOfRange,
    ConservationBroken,
    NotAPool,
    PoolsMiscounted,
    TokenOutOfRange,
    WrongReserveCount,
)
from zklink.protocol.ids import AMOUNT_LIMIT, MAX_CHAINS, POOL_COUNT_ROW, AccountId, Amount, TokenId
from zklink.protocol.presets import COMPACT, MINIMAL
from zklink.state.rows import EMPTY_POOL, EMPTY_TOKEN, Pool, TokenRow
from zklink.state.state import State

ONE, TWO, THREE = TokenId(1), TokenId(2), TokenId(3)
ROW = TokenRow((5, 6, 0, 0, 0, 0, 0, 7), 1)
LP = TokenId(MINIMAL.lp_base)
POOL = Pool(3, 4, 5, 30, LP)


def _root_by_hand(rows: Rows, account_root: int) -> int:
    tokens = SparseMerkleTree(MINIMAL.token_depth, poseidon([0] * 9))
    counter = {POOL_COUNT_ROW: TokenRow((0,) * MAX_CHAINS, len(rows.pools))}
    for token, row in {**rows.tokens, **counter}.items():
        tokens.set(token, poseidon([*row.reserves, row.fees]))
    pools = SparseMerkleTree(MINIMAL.pool_depth, poseidon([0] * 5))
    for (lower, higher), pool in rows.pools.items():
        leaf = poseidon([pool.reserve_lower, pool.reserve_higher, pool.lp_supply, pool.fee, pool.lp_token])
        pools.set(lower * 16 + higher, leaf)
    return poseidon([account_root, tokens.root, pools.root])


@given(row_sets())
@tries(100)
def test_root__any_rows__is_the_trees(rows: Rows) -> None:
    state = rows.state()
    state.check_conservation()
    assert state.root == _root_by_hand(rows, state.account_root)


@given(row_sets(), st.integers(0, 15), st.sampled_from(((0, 1), (1, 2), (3, 2), (14, 15))))
@tries(25)
def test_paths__any_row__prove_it(rows: Rows, token: int, pair: tuple[int, int]) -> None:
    state = rows.state()
    token_id, (a, b) = TokenId(token), (TokenId(pair[0]), TokenId(pair[1]))
    assert compute_root(state.token(token_id).leaf(), token_id, state.token_path(token_id)) == state.token_root
    index = min(a, b) * 16 + max(a, b)
    assert compute_root(state.pool(a, b).leaf(), index, state.pool_path(a, b)) == state.pool_root


def test_state__nothing_set__reads_empty() -> None:
    state = State(MINIMAL)
    assert state.token(THREE) == EMPTY_TOKEN
    assert state.pool(TWO, THREE) == EMPTY_POOL
    assert state.pool(TWO, THREE).is_empty
    assert not POOL.is_empty


def test_root__same_rows_in_another_order__is_the_same() -> None:
    first, second = State(MINIMAL), State(MINIMAL)
    first.set_token(ONE, ROW)
    first.set_pool(ONE, TWO, POOL)
    assert first.root
    first.set_token(TWO, ROW)
    second.set_token(TWO, ROW)
    second.set_token(ONE, POOL_ROW := replace(ROW, fees=9))
    assert second.token(ONE) == POOL_ROW
    second.set_token(ONE, ROW)
    second.set_pool(TWO, ONE, POOL)
    assert first.root == second.root


def test_root__row_set_back_to_zero__is_the_empty_root() -> None:
    state = State(MINIMAL)
    empty = state.root
    state.set_token(ONE, ROW)
    assert state.root != empty
    state.set_token(ONE, EMPTY_TOKEN)
    assert state.root == empty


def test_copy__changed__leaves_the_original() -> None:
    state = State(MINIMAL)
    state.set_token(ONE, ROW)
    twin = state.copy()
    root = state.root
    twin.set_token(ONE, replace(ROW, fees=2))
    twin.set_pool(ONE, TWO, POOL)
    assert (state.root, state.token(ONE)) == (root, ROW)
    assert twin.root != root


@pytest.mark.parametrize("token", [-1, MINIMAL.token_limit])
def test_access__token_outside_the_tree__is_refused(token: int) -> None:
    state, bad = State(MINIMAL), TokenId(token)
    for access in (
        lambda: state.token(bad),
        lambda: state.set_token(bad, ROW),
        lambda: state.token_path(bad),
        lambda: state.pool(bad, ONE),
        lambda: state.set_pool(ONE, bad, POOL),
        lambda: state.pool_path(bad, ONE),
    ):
        with pytest.raises(TokenOutOfRange):
            access()


def test_pool__of_one_token__is_refused() -> None:
    with pytest.raises(NotAPool):
        State(MINIMAL).pool(ONE, ONE)


@pytest.mark.parametrize("value", [-1, AMOUNT_LIMIT])
def test_set__out_of_range__is_refused_and_changes_nothing(value: int) -> None:
    state = State(MINIMAL)
    state.set_token(ONE, ROW)
    root = state.root
    for row in (replace(ROW, fees=value), replace(ROW, reserves=(value, *ROW.reserves[1:]))):
        with pytest.raises(AmountOutOfRange):
            state.set_token(ONE, row)
    for name in ("reserve_lower", "reserve_higher", "lp_supply", "fee", "lp_token"):
        with pytest.raises(AmountOutOfRange):
            state.set_pool(ONE, TWO, replace(POOL, **{name: value}))
    with pytest.raises(AmountOutOfRange):
        state.set_pool(ONE, TWO, replace(POOL, fee=10_000))
    with pytest.raises(WrongReserveCount):
        state.set_token(ONE, TokenRow((1,) * (MAX_CHAINS - 1), 0))
    assert state.root == root


def test_check_conservation__a_pool_without_reserves__is_refused() -> None:
    state = State(MINIMAL)
    state.set_pool(ONE, TWO, POOL)
    state.set_token(POOL_COUNT_ROW, TokenRow((0,) * MAX_CHAINS, 1))
    with pytest.raises(ConservationBroken) as caught:
        state.check_conservation()
    assert (caught.value.token_id, caught.value.held, caught.value.owed) == (ONE, 0, 3)


def _balanced() -> State:
    state = State(MINIMAL)
    state.set_token(POOL_COUNT_ROW, TokenRow((0,) * MAX_CHAINS, 1))
    state.set_token(ONE, TokenRow((3, 0, 0, 0, 4, 0, 0, 0), 1))
    state.set_token(TWO, TokenRow((0, 4, 0, 0, 0, 0, 0, 0), 0))
    state.set_token(LP, TokenRow((0,) * MAX_CHAINS, 2))
    state.set_pool(ONE, TWO, POOL)
    state.set_balance(AccountId(1), ONE, Amount(3))
    state.set_balance(AccountId(1), LP, Amount(2))
    state.set_balance(AccountId(2), LP, Amount(1))
    return state


@pytest.mark.parametrize(
    ("token", "row"),
    [
        (ONE, TokenRow((3, 0, 0, 0, 4, 0, 0, 0), 2)),
        (ONE, TokenRow((3, 0, 0, 0, 5, 0, 0, 0), 1)),
        (LP, TokenRow((0,) * MAX_CHAINS, 3)),
        (LP, TokenRow((1, 0, 0, 0, 0, 0, 0, 0), 3)),
        (TokenId(0), TokenRow((1, 0, 0, 0, 0, 0, 0, 0), 1)),
    ],
)
def test_check_conservation__a_row_that_is_not_covered__is_refused(token: TokenId, row: TokenRow) -> None:
    state = _balanced()
    state.check_conservation()
    state.set_token(token, row)
    with pytest.raises(ConservationBroken):
        state.check_conservation()


@pytest.mark.parametrize(("token", "amount"), [(ONE, 4), (ONE, 2), (LP, 1), (THREE, 1), (TokenId(0), 1)])
def test_check_conservation__a_balance_from_nowhere__is_refused(token: TokenId, amount: int) -> None:
    state = _balanced()
    state.set_balance(AccountId(1), token, Amount(amount))
    with pytest.raises(ConservationBroken):
        state.check_conservation()


@pytest.mark.parametrize("lp_token", [0, LP + 1])
def test_check_conservation__a_pool_out_of_number__is_refused(lp_token: int) -> None:
    state = _balanced()
    state.set_pool(ONE, TWO, replace(POOL, lp_token=lp_token))
    with pytest.raises(PoolsMiscounted):
        state.check_conservation()


def test_presets__depths__give_the_limits() -> None:
    assert (MINIMAL.token_limit, MINIMAL.lp_base, MINIMAL.pool_depth) == (16, 8, 4)
    assert (MINIMAL.account_limit, MINIMAL.order_slots) == (64, 16)
    assert (COMPACT.token_limit, COMPACT.lp_base, COMPACT.pool_depth) == (1024, 512, 10)
    assert (COMPACT.account_limit, COMPACT.order_slots) == (1 << 24, 64)
