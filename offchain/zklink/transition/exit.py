"""A chain's debt to an account in one token, in exodus (docs/protocol.md, section 11).

Takes the state of the block at which a chain ends; gives the statement of an exit with every Merkle opening that its
proof needs. The arithmetic is in `compute_share` and `compute_parts`. Never changes the state.
"""

from dataclasses import dataclass
from typing import NamedTuple

from zklink.protocol.ids import NO_TOKEN, OPERATOR_ACCOUNT, POOL_COUNT_ROW, AccountId, Amount, ChainId, TokenId
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State
from zklink.transition.account_openings import AccountOpening, OpenSide
from zklink.transition.checks import check_account, check_chain, check_token
from zklink.transition.hot_rows import Path

ANY_POOL: PoolId = (TokenId(0), TokenId(1))
"""The pair in place of the pool if the token is an ordinary one: a pair that never has a pool."""


class Claim(NamedTuple):
    """One side of an account's claim: an amount of a token, before it is shared between the chains."""

    token: TokenId
    amount: int


@dataclass(frozen=True, slots=True)
class ExitRow:
    """A token row in the common state."""

    token_id: TokenId
    row: TokenRow
    path: Path


@dataclass(frozen=True, slots=True)
class ExitStatement:
    """`chain` pays `amount_a` of `token_a` and `amount_b` of `token_b` (0 of 0 for an ordinary token) for `account`.

    The openings lead to `root`: the account with its balance of `token`, the rows of token, token_a and token_b, and
    the pool of an LP token.
    """

    root: int
    account_root: int
    token_root: int
    pool_root: int
    account: AccountId
    token: TokenId
    chain: ChainId
    token_a: TokenId
    token_b: TokenId
    amount_a: Amount
    amount_b: Amount
    side: AccountOpening
    rows: tuple[ExitRow, ExitRow, ExitRow]
    pool_id: PoolId
    pool: Pool
    pool_path: Path


def compute_exit(state: State, account: AccountId, token: TokenId, chain: ChainId) -> ExitStatement:
    """The statement; NoSuchAccount, NoSuchToken or FieldInvalid (no such chain). Its amounts may be 0."""
    check_chain("exit", chain)
    check_token(token, state.preset.lp_base + state.token(POOL_COUNT_ROW).fees)
    check_account(state, account)
    pool_id = find_pool(state, token)
    pool = state.pool(*pool_id)
    claim_a, claim_b = compute_claims(state, account, token)
    opened = OpenSide(state, account, with_paths=True)
    opened.move(token, 0)
    return ExitStatement(
        root=state.root,
        account_root=state.account_root,
        token_root=state.token_root,
        pool_root=state.pool_root,
        account=account,
        token=token,
        chain=chain,
        token_a=claim_a.token,
        token_b=claim_b.token,
        amount_a=compute_share(claim_a.amount, state.token(claim_a.token), chain),
        amount_b=compute_share(claim_b.amount, state.token(claim_b.token), chain),
        side=opened.close(),
        rows=(_open_row(state, token), _open_row(state, claim_a.token), _open_row(state, claim_b.token)),
        pool_id=pool_id,
        pool=pool,
        pool_path=tuple(state.pool_path(*pool_id)),
    )


def compute_claims(state: State, account: AccountId, token: TokenId) -> tuple[Claim, Claim]:
    """Both sides of an account's claim in a token; the second is 0 for an ordinary token.

    The operator's account has the accrued fees too.
    """
    amount: int = state.balance(account, token)
    if account == OPERATOR_ACCOUNT:
        amount += state.token(token).fees
    if token < state.preset.lp_base:
        return Claim(token, amount), Claim(NO_TOKEN, 0)
    lower, higher = find_pool(state, token)
    parts = compute_parts(state.pool(lower, higher), amount)
    return Claim(lower, parts[0]), Claim(higher, parts[1])


def compute_parts(pool: Pool, shares: int) -> tuple[int, int]:
    """The two amounts that shares of a pool are worth, rounded down; (0, 0) for a pool without supply."""
    if not pool.lp_supply:
        return 0, 0
    return shares * pool.reserve_lower // pool.lp_supply, shares * pool.reserve_higher // pool.lp_supply


def compute_share(amount: int, row: TokenRow, chain: ChainId) -> Amount:
    """The part of `amount` that `chain` pays, in proportion to its reserve, rounded down; 0 if no chain has a
    reserve.
    """
    total = sum(row.reserves)
    return Amount(amount * row.reserve(chain) // total if total else 0)


def find_pool(state: State, token: TokenId) -> PoolId:
    """The pool whose shares an LP token stands for; ANY_POOL for any other token."""
    pools = (pool_id for pool_id, pool in state.pools() if pool.lp_token == token)
    return next(pools, ANY_POOL) if token >= state.preset.lp_base else ANY_POOL


def _open_row(state: State, token: TokenId) -> ExitRow:
    return ExitRow(token, state.token(token), tuple(state.token_path(token)))
