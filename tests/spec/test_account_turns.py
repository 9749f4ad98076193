"""Turns in Merkle trees, in many small ones and of accounts: as opening and replacing one after the other.

The law: each path is the one that the tree had when the turn came, and the tree ends as if every turn had been hashed.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Dice, rolled
from tests.support.refute import check_refuted
from tests.support.tries import tries
from zklink.primitives.field import R
from zklink.primitives.merkle import ForestTurn, Opened, SparseMerkleTree, Turn, take_turns_in_forest
from zklink.protocol.ids import AccountId, Amount, ChainSet, Nonce, OrderSlot, TokenId
from zklink.protocol.presets import COMPACT
from zklink.state import account_turns
from zklink.state.account_tree import SMALL
from zklink.state.account_turns import AccountTurn, BalanceTurn, Head, OpenedTurn, OrderTurn
from zklink.state.state import State

DEPTH = 3
leaves = st.sampled_from((0, 1, R - 1)) | st.integers(0, R - 1)
places = st.integers(0, 7) | st.integers(0, 4**DEPTH - 1)
turns = st.lists(st.builds(Turn, places, st.none() | leaves), max_size=12)
grown = st.dictionaries(places, leaves, max_size=6)


def open_plainly(tree: SparseMerkleTree, turn: Turn) -> Opened:
    """One turn by itself."""
    path = tuple(tree.path(turn.index))
    if turn.leaf is not None:
        tree.set(turn.index, turn.leaf)
    return Opened(path, tree.root)


def grow(base: dict[int, int], empty: int = 0) -> SparseMerkleTree:
    tree = SparseMerkleTree(DEPTH, empty)
    tree.update(base)
    return tree


@given(grown, turns, leaves)
@tries(80)
def test_take_turns__any_turns__as_one_after_the_other(base: dict[int, int], steps: list[Turn], empty: int) -> None:
    tree, plain = grow(base, empty), grow(base, empty)
    assert tree.take_turns(steps) == [open_plainly(plain, turn) for turn in steps]
    assert tree.root == plain.root and all(tree.path(index) == plain.path(index) for index in (0, 5, 4**DEPTH - 1))


def check_forest(case: tuple[list[dict[int, int]], list[tuple[int, Turn]]]) -> None:
    bases, steps = case
    plain = [grow(base) for base in bases]
    forest = [ForestTurn(number % len(bases), turn) for number, turn in steps]
    changed: set[int] = set()
    for item, opened in zip(forest, take_turns_in_forest(bases, forest, DEPTH, 0), strict=True):
        expected = open_plainly(plain[item.tree], item.turn)
        changed |= {item.tree} if item.turn.leaf is not None else set()
        assert opened.path == expected.path
        assert opened.root == (expected.root if item.tree in changed else None)


forests = st.tuples(
    st.lists(grown, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 5), st.builds(Turn, places, st.none() | leaves)), max_size=12),
)


@given(forests)
@tries(80)
def test_take_turns_in_forest__any_turns__as_in_trees_of_their_own(
    case: tuple[list[dict[int, int]], list[tuple[int, Turn]]],
) -> None:
    check_forest(case)


TOKENS = 24
"""More than an account's tree is built anew for."""
ACCOUNTS = 4


def roll_state(dice: Dice) -> State:
    """Accounts with few and with many balances; some trees are kept, some are not."""
    state = State(COMPACT)
    for account in map(AccountId, range(ACCOUNTS)):
        for token in range(dice.pick((0, 1, SMALL, SMALL + 1, TOKENS))):
            state.set_balance(account, TokenId(token), Amount(1 + token))
        state.set_order(account, OrderSlot(1), Nonce(1), Amount(dice.pick((0, 5))))
    _ = state.root
    return state.copy() if dice.pick((True, False)) else state


def take_turn(state: State, dice: Dice) -> AccountTurn:
    """Change an account of a state by chance: nothing, balances, its order, its head."""
    account = AccountId(dice.pick(range(ACCOUNTS)))
    head = read_head(state, account)
    balances: list[BalanceTurn] = []
    order: OrderTurn | None = None
    for _ in range(dice.pick((0, 1, 2, 3))):
        token = TokenId(dice.pick(range(TOKENS)))
        before = state.balance(account, token)
        after = Amount(dice.pick((before, 0, 7, 1 << 100)))
        state.set_balance(account, token, after)
        balances.append(BalanceTurn(token, before, after))
    if dice.pick((True, False)):
        slot = OrderSlot(dice.pick((0, 1)))
        leaf = state.order(account, slot)
        changed = dice.pick((leaf, (Nonce(2), Amount(3)), (Nonce(0), Amount(0))))
        state.set_order(account, slot, *changed)
        order = OrderTurn(slot, leaf, changed)
    if dice.pick((True, False)):
        state.set_nonce(account, Nonce(head.nonce + 1))
        state.set_known(account, ChainSet(3))
    return AccountTurn(account, head, read_head(state, account), tuple(balances), order)


def read_head(state: State, account: AccountId) -> Head:
    now = state.account(account)
    return Head(now.owner, now.nonce, now.public_key_hash, now.known)


def open_turn(state: State, turn: AccountTurn) -> OpenedTurn:
    """Open a turn by itself on a state before it, and carry it out there."""
    path, order_root = tuple(state.account_path(turn.account)), state.order_root(turn.account)
    paths = []
    for balance in turn.balances:
        paths.append(tuple(state.balance_path(turn.account, balance.token)))
        state.set_balance(turn.account, balance.token, balance.after)
    order_path = () if turn.order is None else tuple(state.order_path(turn.account, turn.order.slot))
    if turn.order is not None:
        state.set_order(turn.account, turn.order.slot, *turn.order.after)
    state.set_nonce(turn.account, turn.after.nonce)
    state.set_known(turn.account, turn.after.known)
    return OpenedTurn(path, order_root, tuple(paths), order_path)


def check_accounts(dice: Dice) -> None:
    state = roll_state(dice)
    plain, root, mark = state.copy(), state.root, state.begin()
    rolled_turns = [take_turn(state, dice) for _ in range(dice.pick(range(8)))]
    assert state.take_turns(rolled_turns) == [open_turn(plain, turn) for turn in rolled_turns]
    assert state.root == plain.root == state.copy().root
    state.rollback(mark)
    assert state.root == root


dice = rolled(lambda own: own)


@given(dice)
@tries(40)
def test_take_turns__any_accounts__as_one_after_the_other(dice: Dice) -> None:
    check_accounts(dice)


def test_check_accounts__trees_as_they_end__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in accounts' own trees as if all turns had come before."""
    monkeypatch.setattr(account_turns, "rewind", lambda leaves, _: dict(leaves))
    check_refuted(check_accounts, dice, examples=100)
