"""Exits: the circuit proves what the package computes, for the recipient that the owner named, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.account_scene import ALICE, BOB, KEYLESS, KEYS, OPERATOR, SHARES, X, Y, Z, build_state, owner_of
from tests.support.account_slots import change_last
from tests.support.circuits import Circuit
from tests.support.r1cs import Assignment
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.primitives.field import R
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import AccountId, Amount, ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.prover.build import ensure_compiled
from zklink.prover.source import exit_source
from zklink.state.state import State
from zklink.transition.exit import ExitRow, ExitStatement, compute_exit
from zklink.transition.exit_authority import ExitAuthority, sign_exit
from zklink.witness.exit import compute_inputs
from zklink.witness.signals import Signal, Signals, list_path, qualify, qualify_all

DOMAIN = 987_654_321
RECIPIENT = bytes([0xEE] * 32)
PUBLICS = ("domain", "root", "x0", "recipient_lo", "x1")
CHAINS = [ChainId(k) for k in (1, 2, 4)]
"""Two with reserves and one without."""


@cache
def open_exit() -> Circuit:
    """The exit circuit of preset `minimal`, as it is proven."""
    return Circuit(ensure_compiled(exit_source(MINIMAL)))


@cache
def common_state() -> State:
    """The scene; nothing here changes it."""
    return build_state()


def sign(statement: ExitStatement, account: AccountId | None = None, domain: int = DOMAIN) -> ExitAuthority:
    """The account's key, or another account's, names RECIPIENT."""
    return sign_exit(statement, RECIPIENT, domain, KEYS[statement.account if account is None else account])


def is_accepted(inputs: Signals) -> bool:
    """Whether the exit has a witness; each row of one is checked."""
    try:
        values = open_exit().compute(inputs)
    except WitnessUnsatisfied:
        return False
    assert open_exit().checker.find_violations(values) == []
    return True


def build_inputs(
    account: AccountId = ALICE, token: TokenId = SHARES, chain: int = 2, *, is_signed: bool = True
) -> Signals:
    """The honest inputs of an exit."""
    statement = compute_exit(common_state(), account, token, ChainId(chain))
    return compute_inputs(statement, sign(statement) if is_signed else None, DOMAIN)


def claim(inputs: Signals, **fields: int) -> Signals:
    """The inputs with other fields, and with the public words that say so."""
    changed = inputs | fields
    shifts = {"account": 72, "token": 56, "chain": 48, "recipient_hi": 40, "is_signed": 32, "token_a": 16, "token_b": 0}
    x0 = sum(number(changed[name]) << shift for name, shift in shifts.items())
    return changed | {"x0": x0 % R, "x1": (number(changed["amount_a"]) * 2**112 + number(changed["amount_b"])) % R}


def number(signal: Signal) -> int:
    """The signal, which is no array."""
    assert isinstance(signal, int)
    return signal


def restate(statement: ExitStatement, **fields: Any) -> Signals:
    """The inputs of a false statement, signed by the account's key as it stands."""
    false = replace(statement, **fields)
    return compute_inputs(false, sign(false), DOMAIN)


@upholds("CIR-8", "EXI-1", "DAT-1")
@pytest.mark.parametrize("account", [OPERATOR, ALICE, BOB, KEYLESS])
@pytest.mark.parametrize("token", [X, Z, SHARES])
def test_exit__of_each_account_and_token__proves_what_the_package_computes(account: AccountId, token: TokenId) -> None:
    for chain in CHAINS:
        statement = compute_exit(common_state(), account, token, chain)
        authorities = [None, sign(statement)] if account in KEYS else [None]
        for authority in authorities:
            inputs = compute_inputs(statement, authority, DOMAIN)
            assert is_accepted(inputs)
            assert claim(inputs) == inputs


@upholds("EXI-1", "CIR-4")
@tries(12)
@given(
    held=st.integers(0, 2**111),
    fees=st.integers(0, 2**64),
    reserves=st.lists(st.integers(0, 2**111), min_size=8, max_size=8),
    chain=st.integers(1, 8),
)
def test_exit__of_any_balance_that_is_covered__is_proven(held: int, fees: int, reserves: list[int], chain: int) -> None:
    state = build_state()
    covered = sum(reserves)
    state.set_balance(OPERATOR, Z, Amount(min(held, covered)))
    state.set_token(Z, replace(state.token(Z), reserves=tuple(reserves), fees=min(fees, covered - min(held, covered))))
    statement = compute_exit(state, OPERATOR, Z, ChainId(chain))
    inputs = compute_inputs(statement, None, DOMAIN)
    assert is_accepted(inputs)
    for slip in (1, -1):
        assert not is_accepted(claim(inputs, amount_a=(statement.amount_a + slip) % R))


@upholds("VER-4", "EXI-1")
@pytest.mark.parametrize(("token", "is_signed"), [(SHARES, True), (X, False)])
def test_exit__with_any_input_changed__is_refused(token: TokenId, is_signed: bool) -> None:
    """Where nobody signs any domain and any S will do, and for an ordinary token any pool, as long as it is opened."""
    inputs = build_inputs(token=token, is_signed=is_signed)
    free = set() if is_signed else {"domain", "signature.s", "pair.lower", "pair.higher"}
    for name, signal in inputs.items():
        if name not in free:
            assert not is_accepted(inputs | {name: change_last(signal)}), name


@upholds("EXI-1", "DAT-3")
@pytest.mark.parametrize(
    "fields",
    [
        {"chain": 1},
        {"chain": 0},
        {"chain": 9},
        {"amount_a": 1},
        {"amount_a": -1},
        {"amount_b": 1},
        {"amount_b": -1},
        {"token_b": 1},
        {"is_signed": 0},
        {"is_signed": 2},
        {"recipient_hi": 256},
        {"account": 2},
        {"token": 1},
    ],
    ids=str,
)
def test_exit__that_claims_something_else__is_refused(fields: Mapping[str, int]) -> None:
    """The amounts are relative to the honest ones; all else is what the public words say."""
    inputs = build_inputs()
    wrong = {name: number(inputs[name]) + n if name.startswith("amount") else n for name, n in fields.items()}
    assert is_accepted(claim(inputs))
    assert not is_accepted(claim(inputs, **wrong))


@upholds("EXI-1", "DAT-3")
def test_exit__signed_anew_with_another_chains_reserve__is_refused() -> None:
    """Chain 1 holds more than chain 2, and nothing of the statement but the amounts is wrong."""
    here, there = (compute_exit(common_state(), ALICE, SHARES, chain) for chain in CHAINS[1::-1])
    assert (here.chain, there.chain) == (2, 1) and there.amount_a > here.amount_a
    assert is_accepted(restate(here))
    assert not is_accepted(restate(here, amount_a=there.amount_a, amount_b=there.amount_b))


@upholds("EXI-1")
def test_exit__of_shares_that_are_not_converted__is_refused() -> None:
    statement = compute_exit(common_state(), ALICE, SHARES, ChainId(2))
    own, none = statement.rows[0], ExitRow(TokenId(0), *open_row(TokenId(0)))
    assert not is_accepted(restate(statement, token_a=SHARES, token_b=TokenId(0), rows=(own, own, none)))
    swapped = replace(statement, token_a=Y, token_b=X, rows=(own, statement.rows[2], statement.rows[1]))
    assert not is_accepted(restate(swapped, amount_a=statement.amount_b, amount_b=statement.amount_a))


def open_row(token: TokenId) -> tuple[Any, Any]:
    """A row of the common state and its path."""
    return common_state().token(token), tuple(common_state().token_path(token))


@upholds("EXI-1")
def test_exit__of_an_ordinary_token_with_a_pool__is_refused() -> None:
    """X is no LP token, so the pool that is shown beside it gives nothing; the operator's fees are the operator's."""
    shares = compute_exit(common_state(), ALICE, SHARES, ChainId(2))
    plain = compute_exit(common_state(), ALICE, X, ChainId(2))
    pool = {"pool_id": shares.pool_id, "pool": shares.pool, "pool_path": shares.pool_path}
    assert is_accepted(restate(plain, **pool))
    assert not is_accepted(restate(plain, token_b=Y, rows=(*plain.rows[:2], shares.rows[2]), **pool))
    total = common_state().balance(ALICE, X) + common_state().token(X).fees
    row = plain.rows[0].row
    with_fees = total * row.reserve(ChainId(2)) // sum(row.reserves)
    assert with_fees > plain.amount_a
    assert not is_accepted(restate(plain, amount_a=Amount(with_fees)))


@upholds("EXI-1")
def test_exit__of_token_0__is_refused() -> None:
    """Row 0 counts pools, and account 0 would have its fees."""
    state = common_state()
    inputs = build_inputs(OPERATOR, X, is_signed=False)
    reserves: Signal = [0] * 8
    path = list_path(tuple(state.token_path(TokenId(0))))
    row: Signals = {"leaf.reserve": reserves, "leaf.fees": 1, "path": path}
    inputs |= qualify_all("row", [row] * 3)
    own = list_path(tuple(state.balance_path(OPERATOR, TokenId(0))))
    inputs |= {"owner.balance[0].amount": 0, "owner.balance[0].path": own}
    assert not is_accepted(claim(inputs, token=0, token_a=0, token_b=0, amount_a=0, amount_b=0))


@upholds("EXI-1", "CIR-6")
def test_exit__unsigned_to_another_than_the_owner__is_refused() -> None:
    inputs = build_inputs(is_signed=False)
    owner_hi, owner_lo = owner_of(ALICE)[0], int.from_bytes(owner_of(ALICE)[1:], "big")
    assert (inputs["recipient_hi"], inputs["recipient_lo"]) == (owner_hi, owner_lo)
    assert is_accepted(inputs)
    assert not is_accepted(claim(inputs, recipient_lo=owner_lo + 1))
    assert not is_accepted(claim(inputs, recipient_hi=owner_hi + 1))


@upholds("CIR-6", "VER-6", "EXI-1")
def test_exit__signed_by_or_for_another__is_refused() -> None:
    statement = compute_exit(common_state(), ALICE, SHARES, ChainId(2))
    honest = compute_inputs(statement, sign(statement), DOMAIN)
    wrong = [
        sign(statement, BOB),
        sign(statement, domain=DOMAIN + 1),
        sign(replace(statement, chain=ChainId(1))),
        sign(replace(statement, token=X)),
        sign(replace(statement, account=BOB), ALICE),
        sign(replace(statement, root=statement.root + 1)),
        replace(sign_exit(statement, RECIPIENT[::-1][:31] + b"\x01", DOMAIN, KEYS[ALICE]), recipient=RECIPIENT),
    ]
    for authority in wrong:
        (key_x, key_y), (r8, s) = authority.public_key, authority.signature
        forged = honest | qualify("signature", {"key_x": key_x, "key_y": key_y, "r_x": r8.x, "r_y": r8.y, "s": s})
        assert not is_accepted(forged)
    assert is_accepted(honest)


@upholds("EXI-1")
def test_exit__with_another_owner_read_from_the_leaf__is_refused() -> None:
    """The owner's hi and the nonce share a field of the leaf: only one split of it is allowed."""
    inputs = build_inputs(is_signed=False)
    hi, nonce = number(inputs["owner.account.owner.hi"]), number(inputs["owner.account.nonce"])
    for step in (1, -1):
        split = {"owner.account.owner.hi": hi - step, "owner.account.nonce": (nonce + step * 2**32) % R}
        assert not is_accepted(claim(inputs, recipient_hi=hi - step, **split))


@upholds("VER-4")
@pytest.mark.parametrize(("token", "is_signed"), [(SHARES, True), (X, False)])
def test_wires__of_an_exit__are_all_pinned_down(token: TokenId, is_signed: bool) -> None:
    circuit = open_exit()
    values = circuit.compute(build_inputs(token=token, is_signed=is_signed))
    assignment: Assignment = circuit.checker.assign(values)
    names = circuit.symbols.names()
    assert [circuit.symbols.wires[f"main.{name}"] for name in PUBLICS] == [1, 2, 3, 4, 5]
    assert circuit.checker.public_count == len(PUBLICS)
    assert [names[wire] for wire in assignment.find_loose_wires()] == []
