"""Accounts in the state: against plain dictionaries and trees built by hand, undone, packed away and many."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import Dice, rolled
from tests.support.refute import check_refuted
from tests.support.tries import tries
from zklink.primitives import merkle
from zklink.primitives.merkle import SparseMerkleTree, compute_root
from zklink.primitives.poseidon import poseidon, poseidon_encoded
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import (
    AccountOutOfRange,
    AmountOutOfRange,
    NotAScalar,
    OrderSlotOutOfRange,
    TokenOutOfRange,
    WrongAddressLength,
)
from zklink.protocol.ids import AMOUNT_LIMIT, NONCE_LIMIT, AccountId, Amount, ChainSet, Nonce, OrderSlot, TokenId
from zklink.protocol.presets import MAIN, MINIMAL
from zklink.state import account_tree
from zklink.state.account import Record
from zklink.state.genesis_state import Genesis
from zklink.state.state import State

OWNERS = (ZERO_ADDRESS, b"\x01" * 32, b"\x02" * 32, b"\xff" * 32)
Step = tuple[str, tuple[Any, ...]]


@dataclass
class Plain:
    """An account as section 3 says it."""

    owner: bytes = ZERO_ADDRESS
    nonce: int = 0
    public_key_hash: int = 0
    known: int = 0
    balances: dict[int, int] = field(default_factory=dict)
    orders: dict[int, tuple[int, int]] = field(default_factory=dict)

    def leaf(self) -> int:
        balances, orders = SparseMerkleTree(MINIMAL.token_depth, 0), SparseMerkleTree(MINIMAL.order_depth, 0)
        balances.update(self.balances)
        orders.update({slot: nonce * 2**112 + filled for slot, (nonce, filled) in self.orders.items()})
        owner = int.from_bytes(self.owner, "big")
        owner_hi, owner_lo = owner >> 248, owner % 2**248
        second = self.known * 2**40 + owner_hi * 2**32 + self.nonce
        return poseidon([owner_lo, second, self.public_key_hash, balances.root, orders.root])


Model = dict[int, Plain]


def _apply(state: State, model: Model, step: Step) -> None:
    name, (account, *values) = step
    if name == "hash":
        assert state.account_root if values[0] else state.balance_root(account)
        return
    plain = model.setdefault(account, Plain())
    if name == "balance":
        state.set_balance(account, *values)
        plain.balances[values[0]] = values[1]
    elif name == "order":
        state.set_order(account, *values)
        plain.orders[values[0]] = values[1], values[2]
    else:
        getattr(state, f"set_{name}")(account, *values)
        setattr(plain, name, values[0])


def _roll_step(dice: Dice) -> Step:
    account = AccountId(dice.below(5))
    amount = Amount(dice.pick((0, dice.below(1 << 16), AMOUNT_LIMIT - 1)))
    kind = dice.below(10)
    if kind == 9:
        return "known", (account, ChainSet(dice.below(256)))
    if kind == 8:
        return "hash", (account, dice.below(2))
    if kind < 3:
        return "balance", (account, TokenId(dice.below(MINIMAL.token_limit)), amount)
    if kind < 5:
        return "order", (account, OrderSlot(dice.below(4)), Nonce(dice.below(3)), amount)
    if kind < 6:
        return "nonce", (account, Nonce(dice.pick((0, 1, NONCE_LIMIT - 1))))
    if kind < 7:
        return "public_key_hash", (account, dice.below(2) * 99)
    return "owner", (account, dice.pick(OWNERS))


def check_state(state: State, model: Model) -> None:
    """The state reads and hashes as the model."""
    tree = SparseMerkleTree(MINIMAL.account_depth, Plain().leaf())
    tree.update({account: plain.leaf() for account, plain in model.items()})
    assert state.account_root == tree.root
    for number, plain in model.items():
        account = AccountId(number)
        found = state.account(account)
        assert (found.owner, found.nonce, found.public_key_hash) == (plain.owner, plain.nonce, plain.public_key_hash)
        assert found.known == plain.known
        assert found.balances == {token: amount for token, amount in plain.balances.items() if amount}
        assert found.orders == {slot: leaf for slot, leaf in plain.orders.items() if any(leaf)}
        assert compute_root(plain.leaf(), account, state.account_path(account)) == tree.root
    for owner in OWNERS[1:]:
        assert state.accounts_of(owner) == sorted(a for a, plain in model.items() if plain.owner == owner)
    free = (a for a in range(MINIMAL.account_limit) if model.get(a, Plain()).owner == ZERO_ADDRESS)
    assert state.next_account_id() == next(free)


def check_undo(rounds: list[tuple[list[Step], bool]]) -> None:
    """Rounds of steps, each kept or rolled back: the state is what the kept ones made of it."""
    state, model = State(MINIMAL), Model()
    outer = state.begin()
    for steps, is_kept in rounds:
        before, mark = deepcopy(model), state.begin()
        for step in steps:
            _apply(state, model, step)
        if not is_kept:
            state.rollback(mark)
            model = before
        check_state(state, model)
    twin = state.copy()
    state.rollback(outer)
    check_state(state, {})
    check_state(twin, model)


def _roll_rounds(dice: Dice) -> list[tuple[list[Step], bool]]:
    return [([_roll_step(dice) for _ in range(dice.below(9))], bool(dice.below(2))) for _ in range(1 + dice.below(5))]


rounds_of_steps = rolled(_roll_rounds, size=1024)


class TestAccounts:
    """Whatever is set, undone, packed away and taken out again: roots, paths and owners are those of section 3."""

    @given(rounds_of_steps)
    @tries(150)
    def test_rollback__any_steps__are_undone(self, rounds: list[tuple[list[Step], bool]]) -> None:
        check_undo(rounds)

    @pytest.mark.parametrize(("open_limit", "small"), [(0, 16), (1, 0), (2, 1)])
    def test_rollback__packed_accounts_and_kept_trees__are_undone(
        self, monkeypatch: pytest.MonkeyPatch, open_limit: int, small: int
    ) -> None:
        monkeypatch.setattr(account_tree, "OPEN_LIMIT", open_limit)
        monkeypatch.setattr(account_tree, "SMALL", small)
        tries(100)(given(rounds_of_steps)(check_undo))()


def test_check_undo__a_balance_not_recorded__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original: Callable[..., None] = account_tree.AccountTree.set_balance

    def mutant(self: account_tree.AccountTree, account: AccountId, token: TokenId, amount: Amount) -> None:
        living, self._undo_log._living = self._undo_log._living, []
        original(self, account, token, amount)
        self._undo_log._living = living

    monkeypatch.setattr(account_tree.AccountTree, "set_balance", mutant)
    check_refuted(check_undo, rounds_of_steps, examples=100)


@pytest.mark.parametrize("name", ["_freshen", "_freshen_balance", "_freshen_orders"])
def test_check_undo__fresh_although_hashed_in_between__refutes(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    original: Callable[..., None] = getattr(account_tree.AccountTree, name)

    def mutant(self: account_tree.AccountTree, *arguments: int) -> None:
        original(self, *arguments[:-1], self._hashings)

    monkeypatch.setattr(account_tree.AccountTree, name, mutant)
    check_refuted(check_undo, rounds_of_steps)


def test_rollback__nothing_hashed_in_between__hashes_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    state, account = State(MINIMAL), AccountId(1)
    state.set_balance(account, TokenId(1), Amount(5))
    root, hashed = state.account_root, list[int]()
    monkeypatch.setattr(merkle, "poseidon_encoded", lambda count, _: hashed.append(count))
    mark = state.begin()
    state.set_owner(account, OWNERS[1])
    state.set_balance(account, TokenId(2), Amount(7))
    state.set_order(account, OrderSlot(1), Nonce(1), Amount(1))
    state.rollback(mark)
    assert (state.account_root, hashed) == (root, [])


def test_rollback__of_a_mark_that_was_undone__is_refused() -> None:
    state = State(MINIMAL)
    outer = state.begin()
    state.set_balance(AccountId(1), TokenId(1), Amount(5))
    inner = state.begin()
    state.rollback(outer)
    with pytest.raises(ValueError, match="rolled back"):
        state.rollback(inner)


def test_begin__mark_dropped__nothing_is_remembered() -> None:
    state = State(MINIMAL)
    mark = state.begin()
    state.set_balance(AccountId(1), TokenId(1), Amount(5))
    assert len(state._undo_log._steps) > 0
    del mark
    assert len(state._undo_log._steps) == 0
    state.set_balance(AccountId(1), TokenId(1), Amount(6))
    assert len(state._undo_log._steps) == 0


def test_begin__oldest_mark_dropped__only_what_it_needed_is_forgotten() -> None:
    state, account, token = State(MINIMAL), AccountId(1), TokenId(1)
    marks = []
    for amount in range(1, 6):
        marks.append(state.begin())
        state.set_balance(account, token, Amount(amount))
    del marks[0], marks[1]
    assert len(state._undo_log._steps) == 4, "the mark before amount 2 lives"
    state.rollback(marks[1])
    assert state.balance(account, token) == 3
    state.rollback(marks[0])
    assert state.balance(account, token) == 1
    marks.clear()
    assert len(state._undo_log._steps) == 0


def test_paths__balance_and_order__lead_to_their_roots() -> None:
    state, account = State(MINIMAL), AccountId(3)
    for token in range(1, 16):
        state.set_balance(account, TokenId(token), Amount(token * 7))
    state.set_order(account, OrderSlot(5), Nonce(2), Amount(9))
    path = state.balance_path(account, TokenId(4))
    assert compute_root(28, 4, path) == state.balance_root(account)
    leaf = 2 * 2**112 + 9
    assert compute_root(leaf, 5, state.order_path(account, OrderSlot(5))) == state.order_root(account)
    assert compute_root(0, 6, state.order_path(account, OrderSlot(6))) == state.order_root(account)


def test_balance_path__large_account_changed__keeps_its_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_tree, "SMALL", 1)
    state, account = State(MINIMAL), AccountId(3)
    for token in (1, 2, 3):
        state.set_balance(account, TokenId(token), Amount(token))
        assert compute_root(token, token, state.balance_path(account, TokenId(token))) == state.balance_root(account)


@given(st.binary(min_size=32, max_size=32), rolled(lambda dice: [dice.amount() for _ in range(6)]))
@tries(200)
def test_pack__any_record__unpacks(owner: bytes, amounts: list[Amount]) -> None:
    balances = {TokenId(token): amount for token, amount in enumerate(amounts[:4])}
    orders = {OrderSlot(slot): (Nonce(slot), amount) for slot, amount in enumerate(amounts[4:])}
    record = Record(5, 6, owner, Nonce(NONCE_LIMIT - 1), 7, ChainSet(amounts[0] % 256), balances, orders)
    packed = record.pack()
    assert Record.unpack(packed) == record
    assert Record.owner_of(packed) == owner
    assert len(packed) == 135 + 16 * 4 + 19 * 2


@pytest.mark.parametrize("account", [-1, MINIMAL.account_limit])
def test_access__account_outside_the_tree__is_refused(account: int) -> None:
    state, bad = State(MINIMAL), AccountId(account)
    for access in (
        lambda: state.account(bad),
        lambda: state.account_path(bad),
        lambda: state.balance(bad, TokenId(1)),
        lambda: state.balance_path(bad, TokenId(1)),
        lambda: state.balance_root(bad),
        lambda: state.order(bad, OrderSlot(1)),
        lambda: state.order_root(bad),
        lambda: state.set_owner(bad, OWNERS[1]),
        lambda: state.set_nonce(bad, Nonce(1)),
        lambda: state.set_public_key_hash(bad, 1),
        lambda: state.set_known(bad, ChainSet(1)),
        lambda: state.set_balance(bad, TokenId(1), Amount(1)),
        lambda: state.set_order(bad, OrderSlot(1), Nonce(1), Amount(1)),
    ):
        with pytest.raises(AccountOutOfRange):
            access()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda s: s.set_owner(AccountId(1), bytes(31)), WrongAddressLength),
        (lambda s: s.set_nonce(AccountId(1), NONCE_LIMIT), AmountOutOfRange),
        (lambda s: s.set_public_key_hash(AccountId(1), 1 << 254), NotAScalar),
        (lambda s: s.set_known(AccountId(1), 256), AmountOutOfRange),
        (lambda s: s.set_balance(AccountId(1), TokenId(1), AMOUNT_LIMIT), AmountOutOfRange),
        (lambda s: s.set_balance(AccountId(1), TokenId(1), -1), AmountOutOfRange),
        (lambda s: s.set_balance(AccountId(1), TokenId(16), 1), TokenOutOfRange),
        (lambda s: s.set_order(AccountId(1), OrderSlot(16), 1, 1), OrderSlotOutOfRange),
        (lambda s: s.set_order(AccountId(1), OrderSlot(-1), 1, 1), OrderSlotOutOfRange),
        (lambda s: s.set_order(AccountId(1), OrderSlot(1), NONCE_LIMIT, 1), AmountOutOfRange),
        (lambda s: s.set_order(AccountId(1), OrderSlot(1), 1, AMOUNT_LIMIT), AmountOutOfRange),
    ],
)
def test_set__out_of_range__is_refused_and_changes_nothing(
    change: Callable[[State], None], error: type[Exception]
) -> None:
    state = State(MINIMAL)
    root = state.root
    with pytest.raises(error):
        change(state)
    assert state.root == root
    assert not list(state.accounts())


def test_root__block_of_many_transfers__hashes_each_path_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random, state = Random(1), Genesis("main", OWNERS[1]).state()
    for number in range(1, 1_001):
        state.set_owner(AccountId(number), random.randbytes(32))
        state.set_balance(AccountId(number), TokenId(1), Amount(number))
    assert state.root
    hashed = []
    original = poseidon_encoded

    def counting(count: int, rows: bytes) -> bytes:
        hashed.append(len(rows) // (32 * count))
        return original(count, rows)

    monkeypatch.setattr(merkle, "poseidon_encoded", counting)
    for _ in range(16):
        state.set_balance(AccountId(random.randrange(1, 1_001)), TokenId(1), Amount(1))
        state.set_balance(AccountId(random.randrange(1, 1_001)), TokenId(2), Amount(2))
    assert state.root
    levels = 32 * (MAIN.token_depth + MAIN.account_depth)
    assert 0 < sum(hashed) < levels, "paths share their upper nodes"
    assert sum(map(bool, hashed)) == MAIN.token_depth + MAIN.account_depth, "each level is one batch"
