"""Exits: nobody is owed more than they have, no chain more than it holds, and the statement opens against the root."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given

from tests.strategies import Dice, rolled
from tests.support.account_world import (
    ALICE,
    BOB,
    HASHES,
    KEYS,
    NO_SHARES,
    OPERATOR,
    SECOND,
    SHARES,
    TOKENS,
    X,
    Y,
    owner_of,
    roll_state,
)
from tests.support.refute import check_refuted
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.primitives import eddsa
from zklink.primitives.merkle import compute_root
from zklink.primitives.poseidon import poseidon
from zklink.protocol.errors import FieldInvalid, NoSuchAccount, NoSuchToken, SignatureInvalid, WrongKey
from zklink.protocol.ids import MAX_CHAINS, AccountId, ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.state import State
from zklink.transition import exit as exit_module
from zklink.transition.exit import ExitStatement, compute_exit
from zklink.transition.exit_authority import check_authority, compute_exit_inputs, sign_exit
from zklink.witness.exit import compute_inputs

DOMAIN = 0xE817
states = rolled(roll_state)
chains = [ChainId(k) for k in range(1, MAX_CHAINS + 1)]
recipient = bytes([0xC3]) * 32


def check_solvent(state: State) -> None:
    """When everybody leaves, on every chain and with every token: each chain can pay, and nobody gets more than they
    have. An owner of shares gets at most its part of the pool.
    """
    paid: Counter[tuple[int, int]] = Counter()
    for account in (AccountId(i) for i in range(5)):
        for token in (*TOKENS, SHARES):
            exits = [compute_exit(state, account, token, chain) for chain in chains]
            for exit_ in exits:
                paid[exit_.token_a, exit_.chain] += exit_.amount_a
                paid[exit_.token_b, exit_.chain] += exit_.amount_b
            side = state.balance(account, token) + (state.token(token).fees if account == OPERATOR else 0)
            total_a, total_b = sum(exit_.amount_a for exit_ in exits), sum(exit_.amount_b for exit_ in exits)
            if token != SHARES:
                assert side - MAX_CHAINS < total_a <= side and not total_b
            elif supply := state.pool(X, Y).lp_supply:
                assert total_a * supply <= side * state.pool(X, Y).reserve_lower
                assert total_b * supply <= side * state.pool(X, Y).reserve_higher
    for (paid_token, k), amount in paid.items():
        assert not amount or amount <= state.token(TokenId(paid_token)).reserve(ChainId(k))


def check_opens(state: State) -> None:
    """Every opening of the statement leads to the state's root, as the circuit follows it."""
    for account, token in ((ALICE, X), (BOB, SHARES), (OPERATOR, Y), (SECOND, X)):
        exit_ = compute_exit(state, account, token, ChainId(2))
        assert exit_.root == state.root == poseidon([exit_.account_root, exit_.token_root, exit_.pool_root])
        _check_account(exit_)
        for row in exit_.rows:
            leaf = poseidon([*row.row.reserves, row.row.fees])
            assert compute_root(leaf, row.token_id, row.path) == exit_.token_root
        assert [row.token_id for row in exit_.rows] == [token, exit_.token_a, exit_.token_b]
        pool, index = exit_.pool, exit_.pool_id[0] * MINIMAL.token_limit + exit_.pool_id[1]
        leaf = poseidon([pool.reserve_lower, pool.reserve_higher, pool.lp_supply, pool.fee, pool.lp_token])
        assert compute_root(leaf, index, exit_.pool_path) == exit_.pool_root
        assert pool.lp_token == (token if token == SHARES else 0)


def _check_account(exit_: ExitStatement) -> None:
    side, number = exit_.side, int.from_bytes(exit_.side.owner, "big")
    (balance,) = side.balances
    balance_root = compute_root(balance.before, exit_.token, balance.path)
    owner = number % (1 << 248), side.known << 40 | (number >> 248) << 32 | side.nonce
    leaf = poseidon([*owner, side.public_key_hash, balance_root, side.order_root])
    assert compute_root(leaf, exit_.account, side.path) == exit_.account_root


@upholds("EXI-1")
class TestExits:
    """Paid once per account, token and chain, all exits together are covered."""

    @given(states)
    @tries(40)
    def test_compute_exit__everybody_leaves__is_covered(self, state: State) -> None:
        check_solvent(state)

    @given(states)
    @tries(20)
    def test_compute_exit__any_state__opens_against_its_root(self, state: State) -> None:
        check_opens(state)


def _fees_for_all(original: Callable[..., object]) -> Callable[..., object]:
    return lambda state, account, token: original(state, OPERATOR, token)


# breaks: EXI-1
def test_check_solvent__everybody_is_the_operator__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exit_module, "compute_claims", _fees_for_all(exit_module.compute_claims))
    check_refuted(check_solvent, states, examples=50)


@given(states)
@tries(10)
def test_compute_exit_inputs__signed_or_not__name_who_is_paid(state: State) -> None:
    """x0 and x1 as section 11 writes them; without a signature it is the owner."""
    exit_ = compute_exit(state, ALICE, SHARES, ChainId(8))
    for authority in (None, sign_exit(exit_, recipient, DOMAIN, KEYS[ALICE])):
        payee = owner_of(ALICE) if authority is None else recipient
        inputs = compute_exit_inputs(exit_, authority, DOMAIN)
        words = (ALICE, 32), (SHARES, 16), (8, 8), (payee[0], 8), (authority is not None, 8), (X, 16), (Y, 16)
        x0 = 0
        for value, bits in words:
            x0 = x0 << bits | value
        expected = DOMAIN, exit_.root, x0, int.from_bytes(payee[1:], "big"), exit_.amount_a << 112 | exit_.amount_b
        assert inputs == expected
        signals = compute_inputs(exit_, authority, DOMAIN)
        assert [signals[name] for name in inputs._fields] == list(expected)


def test_check_authority__forged__is_refused() -> None:
    state = roll_state(Dice(bytes(range(200))))
    exit_ = compute_exit(state, ALICE, X, ChainId(1))
    elsewhere = compute_exit(state, ALICE, X, ChainId(2))
    good = sign_exit(exit_, recipient, DOMAIN, KEYS[ALICE])
    check_authority(exit_, good, DOMAIN)
    message = poseidon(
        [DOMAIN, (ALICE << 16 | X) << 16 | 1 << 8 | recipient[0], int.from_bytes(recipient[1:], "big"), exit_.root]
    )
    assert eddsa.verify(good.public_key, message, good.signature)
    with pytest.raises(WrongKey):
        compute_inputs(exit_, sign_exit(exit_, recipient, DOMAIN, KEYS[BOB]), DOMAIN)
    with pytest.raises(WrongKey):
        second = compute_exit(state, SECOND, X, ChainId(1))
        compute_inputs(second, sign_exit(second, recipient, DOMAIN, KEYS[ALICE]), DOMAIN)
    for statement, domain in ((elsewhere, DOMAIN), (exit_, DOMAIN + 1)):
        with pytest.raises(SignatureInvalid):
            check_authority(statement, good, domain)
    state.set_public_key_hash(BOB, HASHES[ALICE])
    with pytest.raises(SignatureInvalid):
        check_authority(compute_exit(state, ALICE, X, ChainId(1)), good, DOMAIN)  # another root


@pytest.mark.parametrize(
    ("account", "token", "chain", "error"),
    [
        (AccountId(9), X, 1, NoSuchAccount),
        (AccountId(MINIMAL.account_limit), X, 1, NoSuchAccount),
        (ALICE, TokenId(0), 1, NoSuchToken),
        (ALICE, TokenId(NO_SHARES + 1), 1, NoSuchToken),
        (ALICE, X, 0, FieldInvalid),
        (ALICE, X, 9, FieldInvalid),
    ],
)
def test_compute_exit__of_nothing__is_refused(
    account: AccountId, token: TokenId, chain: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        compute_exit(roll_state(Dice(b"\x07" * 99)), account, token, ChainId(chain))


def test_compute_exit__shares_of_an_empty_pool__are_worth_nothing() -> None:
    exit_ = compute_exit(roll_state(Dice(b"\x07" * 99)), ALICE, NO_SHARES, ChainId(1))
    assert (exit_.amount_a, exit_.amount_b) == (0, 0)
    assert (exit_.token_a, exit_.token_b) == (X, TOKENS[2])
