"""A pool slot: kinds 12 to 15 and 23 as one plan for one account, one pool and two rows (docs/protocol.md, section 5).

An operation's own file has its rules and makes the plan; here the plan is tried (`check_plan`) and carried out
(`apply_plan`): the balances of token_a, token_b, the LP token and the fee token in this order, then pool and rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zklink.operations.full_exit import FullExitRequest
from zklink.operations.pool_data import PoolData
from zklink.operations.signed import Signable, Signed
from zklink.protocol.errors import AmountOutOfRange, BalanceOverflow
from zklink.protocol.ids import POOL_COUNT_ROW, AccountId, ChainId, Kind, TokenId
from zklink.protocol.words import ACCOUNT_REQUEST_WORDS, POOL_SLOT_WORDS
from zklink.state.rows import EMPTY_POOL, Pool
from zklink.state.state import State
from zklink.transition.account_openings import AccountOpening, OpenSide
from zklink.transition.block_frame import Record
from zklink.transition.checks import Trial, check_fees
from zklink.transition.context import Context
from zklink.transition.hot_rows import accrue

POOL_BALANCES: Final = 4
NO_RECORD: Final = (0,) * ACCOUNT_REQUEST_WORDS


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """The changes that a pool operation makes, and the data that it publishes; unused fields are 0.

    `change_*` go to the account's balances of token_a, token_b and the LP token; `pool` is the pair's pool afterwards,
    None for a request whose shares no pool has issued. The account's owner becomes known on `knows`.
    """

    data: PoolData
    is_used: bool = True
    change_a: int = 0
    change_b: int = 0
    change_shares: int = 0
    pool: Pool | None = EMPTY_POOL
    limit_a: int = 0
    limit_b: int = 0
    limit_shares: int = 0
    nonce: int = 0
    valid_until: int = 0
    knows: ChainId | None = None
    request: FullExitRequest | None = None
    signed: Signed[Signable] | None = None

    @property
    def moves(self) -> tuple[tuple[TokenId, int], ...]:
        """The four balances and their changes, in the slot's order."""
        data = self.data
        return (
            (data.token_a, self.change_a),
            (data.token_b, self.change_b),
            (data.lp_token, self.change_shares),
            (data.fee_token, -data.fee),
        )


@dataclass(frozen=True, slots=True)
class PoolSlot:
    """A pool slot as it was carried out; `side` is the account before it."""

    plan: PoolPlan
    side: AccountOpening

    @property
    def sides(self) -> tuple[AccountOpening, ...]:
        """The openings of accounts, in the order in which they are proven."""
        return (self.side,)

    def with_sides(self, sides: Sequence[AccountOpening]) -> "PoolSlot":
        """The same slot with other openings, as many."""
        (side,) = sides
        return replace(self, side=side)

    @property
    def is_used(self) -> bool:
        """Whether an operation stands in it."""
        return self.plan.is_used

    @property
    def request(self) -> FullExitRequest | None:
        """The request that it consumes."""
        return self.plan.request

    def records(self) -> Iterator[Record]:
        """The request's words, and the data."""
        if self.request is not None:
            yield self.request.source, self.request.words()
        if self.is_used:
            yield 0, self.plan.data.words()

    def elements(self) -> tuple[int, ...]:
        """r0..r3, d0, d1."""
        if not self.is_used:
            return (0,) * POOL_SLOT_WORDS
        record = NO_RECORD if self.request is None else self.request.words()
        return (*record, *self.plan.data.words())


EMPTY_PLAN: Final = PoolPlan(
    PoolData(
        Kind.CREATE_POOL,
        account=AccountId(0),
        token_a=TokenId(0),
        token_b=TokenId(0),
        packed_fee=0,
        fee_token=TokenId(0),
    ),
    is_used=False,
)


def check_plan(state: State, plan: PoolPlan) -> None:
    """BalanceTooSmall or BalanceOverflow if the state does not allow the plan."""
    trial = Trial(state)
    for token, delta in plan.moves:
        trial.move(plan.data.account, token, delta)
    check_fees(state, plan.data.fee_token, 0, plan.data.fee)
    try:
        if plan.pool is not None:
            plan.pool.check()
    except AmountOutOfRange as error:
        raise BalanceOverflow(error.what, error.value, error.limit) from error


def apply_plan(state: State, plan: PoolPlan, context: Context) -> PoolSlot:
    """Carry out a plan that `check_plan` lets pass."""
    data = plan.data
    side = OpenSide(state, data.account, context.with_paths)
    for token, delta in plan.moves:
        side.move(token, delta)
    if not plan.is_used:
        return PoolSlot(plan, side.close())
    if plan.signed is not None:
        side.use_nonce()
    if plan.knows is not None:
        side.add_known(plan.knows)
    accrue(state, data.fee_token, data.fee)
    if data.kind == Kind.CREATE_POOL:
        accrue(state, POOL_COUNT_ROW, 1)
    if plan.pool is not None:
        state.set_pool(data.token_a, data.token_b, plan.pool)
    return PoolSlot(plan, side.close())
