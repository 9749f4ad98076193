"""A ledger slot: kinds 4 to 11, 18 and 19 as one plan for its two sides and its rows (docs/protocol.md, section 5).

An operation's own file has its rules and makes the plan; here the plan is tried (`check_plan`) and carried out
(`apply_plan`), always in the same order: side A, side B, token row, fee row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.ledger_data import LedgerData
from zklink.operations.payout import Payout
from zklink.operations.requests import AccountRequest
from zklink.operations.signed import Signable, Signed
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.ids import Amount, ChainId, Kind
from zklink.protocol.words import ACCOUNT_REQUEST_WORDS, LEDGER_SLOT_WORDS, PAYOUT_WORDS
from zklink.state.state import State
from zklink.transition.account_openings import AccountOpening, OpenSide
from zklink.transition.block_frame import Record
from zklink.transition.checks import Trial, check_fees, check_reserve
from zklink.transition.context import Context
from zklink.transition.hot_rows import accrue

ChainRecord = DepositRequest | FullExitRequest | FullExitPart | KeyRequest | KeyChange
"""The record in a chain's slice: a request that the slot consumes or serves in part, or a key change that is authorised
there.
"""

NO_RECORD: Final = (0,) * ACCOUNT_REQUEST_WORDS
NO_PAYOUT: Final = (0,) * PAYOUT_WORDS


@dataclass(frozen=True, slots=True)
class LedgerPlan:
    """The changes that a ledger operation makes, and the data that it publishes; unused fields are 0 or None.

    A's balance of the fee token loses `debit`, and B's balance of the token gains `credit` (both may be negative);
    `reserve_change` goes to the token's reserve on the chain, `claimed` leaves the token's accrued fees. `party` and
    `second` are the two addresses of the slot (docs/protocol.md, sections 4 and 5), a key as 32 bytes. A's and B's
    owner become known on `knows_a` and `knows_b`; `uses_nonce` takes A's nonce.
    """

    data: LedgerData
    is_used: bool = True
    debit: int = 0
    credit: int = 0
    reserve_change: int = 0
    claimed: int = 0
    new_owner: bytes | None = None
    new_key_hash: int | None = None
    uses_nonce: bool = False
    knows_a: ChainId | None = None
    knows_b: ChainId | None = None
    chain_record: ChainRecord | None = None
    payout: Payout | None = None
    party: bytes = ZERO_ADDRESS
    second: bytes = ZERO_ADDRESS
    fill_fee: int = 0
    nonce: int = 0
    valid_until: int = 0
    request: AccountRequest | None = None
    signed: Signed[Signable] | None = None

    @property
    def fee(self) -> Amount:
        """The operator's fee."""
        return self.data.fee


@dataclass(frozen=True, slots=True)
class LedgerSlot:
    """A ledger slot as it was carried out; the sides are those before it."""

    plan: LedgerPlan
    a: AccountOpening
    b: AccountOpening

    @property
    def sides(self) -> tuple[AccountOpening, ...]:
        """The openings of accounts, in the order in which they are proven."""
        return (self.a, self.b)

    def with_sides(self, sides: Sequence[AccountOpening]) -> "LedgerSlot":
        """The same slot with other openings, as many."""
        a, b = sides
        return replace(self, a=a, b=b)

    @property
    def is_used(self) -> bool:
        """Whether an operation stands in it."""
        return self.plan.is_used

    @property
    def payout(self) -> Payout | None:
        """The payout that a chain owes for it."""
        return self.plan.payout

    @property
    def chain_record(self) -> ChainRecord | None:
        """The request it consumes or serves in part, or the key change that a chain authorises."""
        return self.plan.chain_record

    def records(self) -> Iterator[Record]:
        """The request's or key change's words, the payout's, and the data."""
        plan = self.plan
        if plan.chain_record is not None:
            yield plan.data.record_chain, plan.chain_record.words()
        if plan.payout is not None:
            yield plan.payout.chain, plan.payout.words()
        if plan.is_used:
            yield 0, plan.data.words()

    def elements(self) -> tuple[int, ...]:
        """r0..r3, e0, e1, p0..p2."""
        plan = self.plan
        if not plan.is_used:
            return (0,) * LEDGER_SLOT_WORDS
        record = NO_RECORD if plan.chain_record is None else plan.chain_record.words()
        payout = NO_PAYOUT if plan.payout is None else plan.payout.words()
        return (*record, *plan.data.elements(), *payout)


EMPTY_PLAN: Final = LedgerPlan(LedgerData(Kind.DEPOSIT), is_used=False)


def check_plan(state: State, plan: LedgerPlan) -> None:
    """BalanceTooSmall, BalanceOverflow, ReserveTooSmall or FeesTooSmall if the state does not allow the plan."""
    data = plan.data
    trial = Trial(state)
    trial.move(data.account, data.fee_token, -plan.debit)
    trial.move(data.target, data.token, plan.credit)
    if plan.reserve_change:
        check_reserve(state, data.token, data.chain, plan.reserve_change)
    if plan.fee or plan.claimed:
        check_fees(state, data.fee_token, plan.claimed, plan.fee)


def apply_plan(state: State, plan: LedgerPlan, context: Context) -> LedgerSlot:
    """Carry out a plan that `check_plan` lets pass."""
    data = plan.data
    a = OpenSide(state, data.account, context.with_paths)
    a.move(data.fee_token, -plan.debit)
    if plan.signed is not None or plan.uses_nonce:
        a.use_nonce()
    if plan.new_key_hash is not None:
        state.set_public_key_hash(data.account, plan.new_key_hash)
    if plan.knows_a is not None:
        a.add_known(plan.knows_a)

    b = OpenSide(state, data.target, context.with_paths)
    b.move(data.token, plan.credit)
    if plan.new_owner is not None:
        state.set_owner(data.target, plan.new_owner)
    if plan.knows_b is not None:
        b.add_known(plan.knows_b)

    if plan.reserve_change:
        state.set_token(data.token, state.token(data.token).add(data.chain, plan.reserve_change))
    accrue(state, data.fee_token, plan.fee - plan.claimed)
    return LedgerSlot(plan, a.close(), b.close())
