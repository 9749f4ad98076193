"""Pool slots: the circuit gives what the package gives, and refuses what lies beside each accepted operation."""

from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.circuits import account_mutants as mutants
from tests.support.account_scene import (
    ALICE,
    BOB,
    DOMAIN,
    KEYS,
    NEXT_SHARES,
    POOL,
    SHARES,
    TIMESTAMP,
    X,
    Y,
    Z,
    apply,
    build_state,
    signed,
)
from tests.support.account_slots import (
    carry_out,
    change_last,
    compute_outputs,
    find_loose,
    open_slot,
    pool_inputs,
    pool_outputs,
)
from tests.support.circuits import Mutation
from tests.support.tries import at_least
from tests.support.upholds import upholds
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.create_pool import CreatePool
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signable, sign
from zklink.primitives.eddsa import Signature
from zklink.protocol.errors import OperationError, WitnessUnsatisfied
from zklink.protocol.ids import AccountId, Amount, Nonce, TokenId
from zklink.protocol.packing import pack_fee, split_fee
from zklink.witness.signals import Signals, list_path, qualify, qualify_all

PoolOperation = CreatePool | AddLiquidity | RemoveLiquidity | PoolSwap
A = Amount
ALICE_NONCE, BOB_NONCE = Nonce(5), Nonce(2**32 - 3)
CREATE = CreatePool(ALICE, ALICE_NONCE, TIMESTAMP, Y, Z, 9_999, A(20), X)
ADD = AddLiquidity(ALICE, ALICE_NONCE, TIMESTAMP, X, Y, A(1_000), A(3_000), A(1), A(2_000), SHARES)
REMOVE = RemoveLiquidity(BOB, BOB_NONCE, TIMESTAMP, X, Y, A(1), A(1), A(1_777), A(0), X)
SWAP = PoolSwap(BOB, BOB_NONCE, TIMESTAMP, Y, X, A(1_234), A(1), A(3), Y)
OPERATIONS: list[PoolOperation] = [CREATE, ADD, REMOVE, SWAP]
FREE = ("row_id", "fees", "pair[", "pool[")


def build_inputs(operation: PoolOperation) -> Signals:
    """The honest inputs of a slot with this operation on the scene's state."""
    return pool_inputs(apply(build_state(), signed(operation)))


def build(kind: type[PoolOperation], tokens: tuple[TokenId, TokenId], **fields: Any) -> PoolOperation:
    """An operation on a pair."""
    return kind(token_a=tokens[0], token_b=tokens[1], **fields)


def is_accepted(inputs: Signals, mutation: Mutation | None = None) -> bool:
    """Whether the slot has a witness."""
    try:
        compute_outputs(open_slot("PoolSlot", mutation), inputs)
    except WitnessUnsatisfied:
        return False
    return True


def put_signature(signature: Signature) -> Signals:
    """The signals of a signature, without the key's."""
    return qualify("signature", {"r_x": signature.r8.x, "r_y": signature.r8.y, "s": signature.s})


def sign_again(inputs: Signals, operation: Signable, domain: int = DOMAIN) -> Signals:
    """The inputs with the signature of another operation."""
    again = sign(operation, domain, KEYS[operation.account])
    return inputs | put_signature(again.signature)


@upholds("CIR-8")
@pytest.mark.parametrize("operation", [*OPERATIONS, None], ids=lambda op: type(op).__name__)
def test_slot__of_each_kind_and_none__gives_what_the_package_gives(operation: PoolOperation | None) -> None:
    state = build_state()
    block = apply(state, *([signed(operation)] if operation else []))
    expected = pool_outputs(block, state.account_root)
    got = compute_outputs(open_slot("PoolSlot"), pool_inputs(block))
    assert {name: got[name] for name in expected} == expected


pairs = st.sampled_from([(X, Y)] * 4 + [*permutations([X, Y, Z], 2)])
new_pairs = st.sampled_from([(Y, Z), (X, Z), (X, Y), (Z, Y)])
low, high = st.integers(0, 600).map(A), st.integers(400, 3_000).map(A)
common = {
    "account": st.just(BOB),
    "nonce": st.sampled_from([BOB_NONCE] * 9 + [Nonce(BOB_NONCE + 1)]),
    "valid_until": st.sampled_from([TIMESTAMP] * 9 + [TIMESTAMP - 1]),
    "fee": st.sampled_from([0, 7, 2_047, 28_000]).map(A),
    "fee_token": st.sampled_from([X, Y, Z, SHARES]),
}
limits = {"limit_a": high, "limit_b": high}
least = {"limit_a": low, "limit_b": low, "limit_shares": high}
operations = st.one_of(
    st.builds(partial(build, CreatePool), tokens=new_pairs, pool_fee=st.integers(0, 9_999), **common),
    st.builds(partial(build, AddLiquidity), tokens=pairs, limit_shares=low, **limits, **common),
    st.builds(partial(build, RemoveLiquidity), tokens=pairs, **least, **common),
    st.builds(partial(build, PoolSwap), tokens=pairs, limit_a=high, limit_b=low, **common),
)


@upholds("CIR-8", "DAT-1")
def test_slot__of_any_operation__says_what_the_package_says() -> None:
    """Both accept it and give the same, or both refuse it: the circuit although all its inputs are made to fit."""
    seen: Counter[tuple[str, bool]] = Counter()

    @at_least(70)
    @given(operations, st.sampled_from([BOB] * 9 + [ALICE]))
    def check(operation: PoolOperation, signer: AccountId) -> None:
        again = signed(operation, KEYS[signer])
        name, state = type(operation).__name__, build_state()
        try:
            block = apply(state, again)
        except OperationError:
            forged = carry_out(state, again)
            if forged is not None:
                assert not is_accepted(pool_inputs(forged))
                seen[name, False] += 1
            return
        expected = pool_outputs(block, state.account_root)
        got = compute_outputs(open_slot("PoolSlot"), pool_inputs(block))
        assert {name: got[name] for name in expected} == expected
        seen[name, True] += 1

    check()
    assert len(+seen) == 2 * len(OPERATIONS), seen


@upholds("CIR-6", "CIR-3")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: type(op).__name__)
def test_slot__with_any_field_changed__is_refused(operation: PoolOperation) -> None:
    inputs = build_inputs(operation)
    assert is_accepted(inputs)
    for name, signal in inputs.items():
        if not name.startswith(FREE):
            assert not is_accepted(inputs | {name: change_last(signal)}), name


@upholds("CIR-3", "CIR-6")
@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        (CREATE, {"pool_fee": 10_000}),
        (CREATE, {"valid_until": TIMESTAMP - 1}),
        (CREATE, {"nonce": 6}),
        (ADD, {"limit_shares": A(79_000)}),
        (ADD, {"limit_a": A(999)}),
        (ADD, {"limit_b": A(1_000)}),
        (ADD, {"nonce": 4}),
        (REMOVE, {"limit_a": A(POOL.reserve_lower * 1_777 // POOL.lp_supply + 1)}),
        (REMOVE, {"limit_b": A(POOL.reserve_higher * 1_777 // POOL.lp_supply + 1)}),
        (REMOVE, {"limit_shares": A(1_778)}),
        (REMOVE, {"limit_shares": A(1_776)}),
        (SWAP, {"limit_a": A(1_235)}),
        (SWAP, {"limit_b": A(950)}),
        (SWAP, {"valid_until": TIMESTAMP - 1}),
    ],
)
def test_slot__whose_signed_terms_are_not_met__is_refused(operation: PoolOperation, changes: dict[str, Any]) -> None:
    changed = replace(operation, **changes)
    inputs = build_inputs(operation)
    shown = {"owner.account.nonce" if name == "nonce" else f"op.{name}": value for name, value in changes.items()}
    assert is_accepted(sign_again(inputs, operation))
    assert not is_accepted(sign_again(inputs, changed) | shown)


@upholds("CIR-6", "VER-6")
def test_slot__signed_for_another_deployment_or_by_another_key__is_refused() -> None:
    inputs = build_inputs(SWAP)
    assert not is_accepted(sign_again(inputs, SWAP, DOMAIN + 1))
    key = KEYS[ALICE].public_key
    stranger = inputs | qualify("signature", {"key_x": key.x, "key_y": key.y})
    assert not is_accepted(sign_again(stranger, replace(SWAP, account=ALICE)))
    signature = KEYS[ALICE].sign(SWAP.message(DOMAIN))
    own = stranger | put_signature(signature)
    assert not is_accepted(own)


@upholds("CIR-4")
def test_slot__with_a_fee_above_the_balance__is_refused() -> None:
    inputs = build_inputs(replace(ADD, fee=A(100), fee_token=Z))
    for fee, is_covered in ((2_000_000, True), (2_001_000, False)):
        exponent, mantissa = split_fee(pack_fee(A(fee)))
        forged = inputs | {"op.fee_mantissa": mantissa, "op.fee_exponent": exponent}
        assert is_accepted(sign_again(forged, replace(ADD, fee=A(fee), fee_token=Z))) == is_covered


@upholds("CIR-9")
@pytest.mark.parametrize(("operation", "lp_token"), [(CREATE, NEXT_SHARES), (ADD, 0), (REMOVE, 0), (SWAP, 0)])
def test_slot__of_a_pool_that_exists_or_does_not__is_refused(operation: PoolOperation, lp_token: int) -> None:
    inputs = build_inputs(operation)
    lower, higher = sorted((operation.token_a, operation.token_b))
    pairs = [(inputs[f"pair[{p}].lower"], inputs[f"pair[{p}].higher"]) for p in range(2)]
    assert not is_accepted(inputs | {f"pool[{pairs.index((lower, higher))}].lp_token": lp_token})


@upholds("CIR-9")
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: type(op).__name__)
def test_slot__whose_rows_are_not_loaded__is_refused(operation: PoolOperation) -> None:
    inputs = build_inputs(operation)
    needed = {operation.fee_token} | ({TokenId(0)} if operation is CREATE else set())
    rows = inputs["row_id"]
    assert isinstance(rows, list)
    for token in needed:
        assert token in rows
        assert not is_accepted(inputs | {"row_id": [9 if row == token else row for row in rows]}), token
    assert not is_accepted(inputs | {"pair[0].higher": 12, "pair[1].higher": 13})


@upholds("CIR-3")
@pytest.mark.parametrize(("token_a", "token_b"), [(Z, Y), (Y, Y), (TokenId(0), Z), (Y, SHARES)])
def test_create__of_a_pair_that_cannot_have_a_pool__is_refused(token_a: TokenId, token_b: TokenId) -> None:
    state = build_state()
    inputs = pool_inputs(apply(state, signed(CREATE)))
    balances = [state.balance(ALICE, token) for token in (token_a, token_b)]
    paths = [list_path(tuple(state.balance_path(ALICE, token))) for token in (token_a, token_b)]
    assert is_accepted(inputs)
    for place, (balance, path) in enumerate(zip(balances, paths, strict=True)):
        inputs |= {f"owner.balance[{place}].amount": balance, f"owner.balance[{place}].path": path}
    lower, higher = (token_a, token_b) if token_b == SHARES or not token_a else (Y, Z)
    inputs |= {"op.token_a": token_a, "op.token_b": token_b}
    inputs |= qualify_all("pair", [{"lower": lower, "higher": higher}, {"lower": 14, "higher": 15}])
    inputs |= {name: 0 for name in inputs if name.startswith("pool[")}
    assert not is_accepted(sign_again(inputs, replace(CREATE, token_a=token_a, token_b=token_b)))


@upholds("CIR-2")
@pytest.mark.parametrize(
    "name", ["account", "token_a", "lp_token", "pool_fee", "amount_a", "amount_b", "shares", "fee_mantissa"]
)
def test_empty_slot__with_a_field__is_refused(name: str) -> None:
    inputs = pool_inputs(apply(build_state()))
    assert is_accepted(inputs)
    assert not is_accepted(inputs | {f"op.{name}": 1})


def forge_lp_token() -> Signals:
    """A creation that takes the LP token that another pool already has."""
    state = build_state()
    inputs = pool_inputs(apply(state, signed(replace(CREATE, fee=A(0)))))
    own = list_path(tuple(state.balance_path(ALICE, SHARES)))
    held = state.balance(ALICE, SHARES)
    return inputs | {"op.lp_token": SHARES, "owner.balance[2].amount": held, "owner.balance[2].path": own}


@upholds("CIR-9")
def test_create__with_another_pools_lp_token__passes_only_the_mutant() -> None:
    forged = forge_lp_token()
    assert not is_accepted(forged)
    assert is_accepted(forged, mutants.LP_TOKENS_COLLIDE)


@upholds("SOL-2")
@pytest.mark.parametrize("operation", [ADD, REMOVE], ids=["AddLiquidity", "RemoveLiquidity"])
def test_supply__not_written__is_seen(operation: PoolOperation) -> None:
    state = build_state()
    block = apply(state, signed(operation))
    got = compute_outputs(open_slot("PoolSlot", mutants.SUPPLY_NOT_WRITTEN), pool_inputs(block))
    expected = pool_outputs(block, state.account_root)
    assert {name for name in expected if got[name] != expected[name]} == {"next_pool[1].supply"}


@upholds("VER-4", "CIR-2")
@pytest.mark.parametrize("operation", [*OPERATIONS, None], ids=lambda op: type(op).__name__)
def test_wires__of_each_kind_and_none__are_all_pinned_down(operation: PoolOperation | None) -> None:
    inputs = pool_inputs(apply(build_state(), *([signed(operation)] if operation else [])))
    assert find_loose(open_slot("PoolSlot"), inputs) == []
