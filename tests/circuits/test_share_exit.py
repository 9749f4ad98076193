"""The full exit of shares in its pool slot: the circuit gives what the package gives, and nothing else can be proven.

Each forged plan has roots, words and balances that fit; each mutant lets the forgeries of its rules through.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.support.account_scene import (
    ALICE,
    BOB,
    KEYLESS,
    NEXT_SHARES,
    OPERATOR,
    SHARES,
    TIMESTAMP,
    X,
    Y,
    Z,
    apply,
    build_state,
    owner_of,
    signed,
)
from tests.support.account_slots import (
    change_last,
    compute_outputs,
    find_loose,
    forge_pool,
    open_slot,
    pool_inputs,
    pool_outputs,
)
from tests.support.circuits import Mutation
from tests.support.upholds import upholds
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.create_pool import CreatePool
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.chain_sets import ALL_CHAINS, make_chain_set
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import AccountId, Amount, ChainId, Nonce, RequestId, TokenId
from zklink.protocol.packing import pack_fee
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import TokenRow
from zklink.state.state import State
from zklink.transition.account_block import AccountBlock
from zklink.transition.pool_slot import PoolPlan
from zklink.transition.remove_liquidity import compute_remove_liquidity
from zklink.transition.rules import AccountOperation
from zklink.witness.signals import Signals

A, B = ChainId(1), ChainId(2)
STRANGER = b"\xe5" * 32
NOBODY = AccountId(9)
ALL_SHARES = Amount(50_000)
"""Alice's."""


def share_exit(account: AccountId = ALICE, token: TokenId = SHARES, **changes: Any) -> FullExitRequest:
    owner = owner_of(account)
    request = FullExitRequest(B, RequestId(2**64 - 1), account, token, owner, STRANGER, ALL_CHAINS, TIMESTAMP - 60)
    return replace(request, **changes)


def build_last_shares() -> State:
    """Alice has all shares that there are."""
    state = build_state()
    state.set_balance(ALICE, SHARES, Amount(79_000))
    for account in (AccountId(0), AccountId(2)):
        state.set_balance(account, SHARES, Amount(0))
    state.set_token(SHARES, TokenRow((0,) * 8, 0))
    return state


def build_empty_pool() -> State:
    """The pool of Y and Z exists and has no supply."""
    state = build_state()
    apply(state, signed(CreatePool(ALICE, Nonce(5), TIMESTAMP, Y, Z, 30, Amount(0), X)))
    return state


def build_two_pools() -> State:
    """Alice has more shares of the pool of Y and Z than of the other one."""
    state, limit = build_empty_pool(), Amount(500_000)
    apply(state, signed(AddLiquidity(ALICE, Nonce(6), TIMESTAMP, Y, Z, limit, limit, Amount(1), Amount(0), X)))
    return state


HONEST: dict[str, tuple[FullExitRequest, Callable[[], State]]] = {
    "own shares": (share_exit(), build_state),
    "own shares, with the dearest fee": (share_exit(OPERATOR, native_fee_gwei=2**40 - 1), build_state),
    "own shares, where the owner is known": (share_exit(source=A, mask=make_chain_set([A])), build_state),
    "no shares": (share_exit(KEYLESS), build_state),
    "a stranger's request": (share_exit(owner=STRANGER), build_state),
    "an account that is not there": (share_exit(NOBODY), build_state),
    "the last shares": (share_exit(), build_last_shares),
    "a pool without supply": (share_exit(token=NEXT_SHARES), build_empty_pool),
    "the second pool": (share_exit(token=NEXT_SHARES), build_two_pools),
    "shares that no pool has issued": (share_exit(token=NEXT_SHARES), build_state),
    "shares that no pool has issued, by a stranger": (share_exit(token=NEXT_SHARES, owner=STRANGER), build_state),
    "the last token": (share_exit(token=TokenId(MINIMAL.token_limit - 1)), build_two_pools),
}


def is_accepted(block: AccountBlock, account_root: int, changes: Signals, mutation: Mutation | None = None) -> bool:
    """Whether there is a witness whose outputs are the block's."""
    try:
        got = compute_outputs(open_slot("PoolSlot", mutation), pool_inputs(block) | changes)
    except WitnessUnsatisfied:
        return False
    expected = pool_outputs(block, account_root)
    return {name: got[name] for name in expected} == expected


@upholds("CIR-8", "CIR-2", "DAT-1")
@pytest.mark.parametrize("case", HONEST)
def test_slot__of_a_share_exit__agrees_with_the_transition(case: str) -> None:
    request, build = HONEST[case]
    state = build()
    block = apply(state, request)
    expected = pool_outputs(block, state.account_root)
    got = compute_outputs(open_slot("PoolSlot"), pool_inputs(block))
    assert {name: got[name] for name in expected} == expected


UNSIGNED = {"account_root", "domain", "timestamp", "signature.s"}
"""Nobody signs: no time limit, domain or S to bind here. The block binds its time and domain."""


@upholds("CIR-8", "CIR-2")
@pytest.mark.parametrize("case", ["own shares", "a stranger's request", "shares that no pool has issued"])
def test_input__changed_alone__is_refused_or_shows(case: str) -> None:
    request, build = HONEST[case]
    state = build()
    block = apply(state, request)
    inputs = pool_inputs(block)
    assert is_accepted(block, state.account_root, {})
    for name, signal in inputs.items():
        is_index = name.startswith(("row_id", "pair[", "pool[", "fees"))
        if not is_index and name not in UNSIGNED:
            assert not is_accepted(block, state.account_root, {name: change_last(signal)}), name


@upholds("VER-4", "CIR-2")
@pytest.mark.parametrize("case", HONEST)
def test_wires__of_a_share_exit__are_all_pinned_down(case: str) -> None:
    """But for the words with the fee and the second recipient: any are served, and the queue of the chain has them."""
    request, build = HONEST[case]
    free = ["main.records.request[2]", "main.records.request[3]"]
    assert find_loose(open_slot("PoolSlot"), pool_inputs(apply(build(), request))) == free


@dataclass(frozen=True)
class Attack:
    """What the forger makes of an honest request. `loads` is the operation whose rows and pool are loaded."""

    request: FullExitRequest
    bend: Callable[[PoolPlan], PoolPlan] = lambda plan: plan
    build: Callable[[], State] = build_state
    loads: AccountOperation | None = None

    def is_accepted(self, mutation: Mutation | None = None) -> bool:
        state = self.build()
        plan = self.bend(apply(state.copy(), self.request).pool[0].plan)
        block = forge_pool(self.loads or self.request, plan, state)
        return is_accepted(block, state.account_root, {}, mutation)


def take(shares: int, more: int = 0) -> Callable[[PoolPlan], PoolPlan]:
    """So many shares leave, for their worth and `more`."""

    def bend(plan: PoolPlan) -> PoolPlan:
        assert plan.request is not None
        pool = build_state().pool(X, Y)
        amount_a, amount_b = compute_remove_liquidity(pool, shares) if shares else (0, 0)
        a, b, burnt = Amount(amount_a + more), Amount(amount_b + more), Amount(shares)
        left = replace(
            pool,
            reserve_lower=pool.reserve_lower - a,
            reserve_higher=pool.reserve_higher - b,
            lp_supply=pool.lp_supply - burnt,
        )
        data = plan.request.share_data(X, Y, a, b, burnt)
        return replace(plan, data=data, change_a=a, change_b=b, change_shares=-burnt, pool=left)

    return bend


def rename(request: FullExitRequest, **changes: Any) -> Callable[[PoolPlan], PoolPlan]:
    """The same is done for another request."""

    def bend(plan: PoolPlan) -> PoolPlan:
        data = replace(plan.data, account=request.account, lp_token=request.token)
        return replace(plan, data=data, request=request, **changes)

    return bend


def burn_in_the_other_pool(plan: PoolPlan) -> PoolPlan:
    """Shares of X and Y give what as many of Y and Z give."""
    pool = build_two_pools().pool(Y, Z)
    a, b = compute_remove_liquidity(pool, ALL_SHARES)
    assert plan.request is not None
    data = plan.request.share_data(Y, Z, a, b, ALL_SHARES)
    left = replace(
        pool,
        reserve_lower=pool.reserve_lower - a,
        reserve_higher=pool.reserve_higher - b,
        lp_supply=pool.lp_supply - ALL_SHARES,
    )
    return replace(plan, data=data, change_a=a, change_b=b, change_shares=-ALL_SHARES, pool=left)


def set_plan(**changes: Any) -> Callable[[PoolPlan], PoolPlan]:
    return lambda plan: replace(plan, **changes)


def set_data(**changes: Any) -> Callable[[PoolPlan], PoolPlan]:
    return lambda plan: replace(plan, data=replace(plan.data, **changes))


UNISSUED = share_exit(KEYLESS, NEXT_SHARES)
REMOVE = signed(RemoveLiquidity(ALICE, Nonce(5), TIMESTAMP, X, Y, Amount(0), Amount(0), ALL_SHARES, Amount(0), X))
ATTACKS: dict[str, Attack] = {
    "not all shares": Attack(share_exit(), take(ALL_SHARES - 1)),
    "no shares though there are": Attack(share_exit(), take(0)),
    "one unit too much": Attack(share_exit(), take(ALL_SHARES, 1)),
    "one unit too little": Attack(share_exit(), take(ALL_SHARES, -1)),
    "shares leave at a stranger's request": Attack(share_exit(owner=STRANGER), take(ALL_SHARES)),
    "another pool": Attack(share_exit(), burn_in_the_other_pool, build_two_pools, loads=share_exit(token=NEXT_SHARES)),
    "unissued though issued": Attack(UNISSUED, rename(share_exit(KEYLESS))),
    "unissued though issued, the second": Attack(
        share_exit(KEYLESS, TokenId(SHARES + 2)),
        rename(share_exit(KEYLESS, NEXT_SHARES)),
        build_two_pools,
    ),
    "unissued though it has its balance": Attack(share_exit(ALICE, NEXT_SHARES), rename(share_exit())),
    "a token that is no share": Attack(
        share_exit(token=NEXT_SHARES, owner=STRANGER), rename(share_exit(token=X, owner=STRANGER))
    ),
    "of no token": Attack(
        share_exit(token=NEXT_SHARES, owner=STRANGER), rename(share_exit(token=TokenId(0), owner=STRANGER))
    ),
    "with a time limit": Attack(share_exit(), set_plan(valid_until=1)),
    "with a fee token": Attack(share_exit(), set_data(fee_token=X)),
    "with a fee": Attack(share_exit(), set_data(fee_token=X, packed_fee=pack_fee(Amount(3))), loads=REMOVE),
    "with a limit of a": Attack(share_exit(), set_plan(limit_a=1)),
    "with a limit of b": Attack(share_exit(), set_plan(limit_b=1)),
    "with a limit of shares": Attack(share_exit(), set_plan(limit_shares=1)),
    "with a pool fee": Attack(share_exit(), set_data(pool_fee=1)),
    "with a nonce": Attack(share_exit(), set_plan(signed=REMOVE)),
    "shows nobody": Attack(share_exit(), set_plan(knows=None)),
    "shows elsewhere": Attack(share_exit(), set_plan(knows=ChainId(3))),
    "shows the owner at a stranger's request": Attack(share_exit(owner=STRANGER), set_plan(knows=B)),
    "asked by nobody": Attack(share_exit(NOBODY), rename(share_exit(NOBODY, owner=ZERO_ADDRESS), knows=B)),
    "asked where nothing may be paid": Attack(share_exit(), rename(share_exit(mask=make_chain_set([A])))),
    "for another account": Attack(share_exit(BOB), rename(share_exit(BOB, owner=owner_of(ALICE)))),
    "another request in the data": Attack(share_exit(), set_data(chain=A)),
}


@upholds("CIR-3", "CIR-8", "CIR-9")
@pytest.mark.parametrize("attack", ATTACKS)
def test_slot__carried_out_otherwise__is_refused(attack: str) -> None:
    assert not ATTACKS[attack].is_accepted()


BUGS: dict[str, tuple[str, str]] = {
    "not all shares": ("is_exit * (op.shares - leaving) === 0;", ""),
    "another pool": ("(1 - is_unissued_exit) * (op.lp_token", "(1 - is_exit) * (op.lp_token"),
    "unissued though issued": ("RangeCheck(2 * DT)(still_to_come);", ""),
    "with a time limit": ("is_exit * op.valid_until === 0;", ""),
    "with a limit of a": ("(1 - has_limits) * op.limit_a === 0;", "(1 - has_limits - is_exit) * op.limit_a === 0;"),
    "shows the owner at a stranger's request": ("AddKnown()(leaves, is_asker", "AddKnown()(is_exit, is_asker"),
    "asked by nobody": ("is_exit * is_asked_by_nobody === 0;", ""),
    "asked where nothing may be paid": ("is_exit * (1 - asker_may_pay) === 0;", "is_exit * 0 === 0;"),
}
OTHER_BUGS: dict[str, tuple[str, str]] = {
    "shares leave at a stranger's request": ("leaving <== leaves *", "leaving <== is_exit *"),
    "unissued though issued, the second": ("(is_create + is_unissued_exit, 0, row_id)", "(is_create, 0, row_id)"),
    "shows nobody": ("AddKnown()(leaves, is_asker", "AddKnown()(0 * leaves, is_asker"),
}
"""Seeded bugs that the others would hide."""


def seed(name: str, bugs: dict[str, tuple[str, str]]) -> Mutation:
    """The mutant with all these bugs."""
    return Mutation(name, tuple(("pool_slot.circom", old, new) for old, new in bugs.values()))


# breaks: CIR-3, CIR-9
SHARE_EXIT_RULES_DROPPED = seed("share_exit_rules_dropped", BUGS)
# breaks: CIR-3
SHARE_EXIT_FOR_ANYONE = seed("share_exit_for_anyone", OTHER_BUGS)


@upholds("CIR-3", "CIR-9")
@pytest.mark.parametrize("attack", [*BUGS, *OTHER_BUGS])
def test_mutant__without_the_rule__lets_the_forgery_through(attack: str) -> None:
    assert not ATTACKS[attack].is_accepted()
    assert ATTACKS[attack].is_accepted(SHARE_EXIT_RULES_DROPPED if attack in BUGS else SHARE_EXIT_FOR_ANYONE)
