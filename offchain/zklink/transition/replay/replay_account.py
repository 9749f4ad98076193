"""The effects of a published account block: reads slice 0 in slot order, and takes each chain's requests, key changes
and payouts in their order (docs/protocol.md, section 12).
"""

from collections import deque
from typing import TypeVar

from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.ledger_data import UNSIGNED_KINDS, LedgerData
from zklink.operations.order_match import OrderData
from zklink.operations.payout import NO_CHAIN, Payout, compute_operation_id
from zklink.operations.pool_data import PoolData
from zklink.primitives.field import R
from zklink.protocol.chain_sets import with_chain
from zklink.protocol.errors import ReplayIncomplete, ReplayMismatch
from zklink.protocol.ids import (
    FEE_DENOMINATOR,
    LAST_NONCE,
    POOL_COUNT_ROW,
    AccountId,
    Amount,
    ChainId,
    Kind,
    Nonce,
    OrderSlot,
)
from zklink.state.rows import Pool
from zklink.state.state import State
from zklink.transition.order_match import compute_filled
from zklink.transition.replay.replay_records import ChainRecord, Records
from zklink.transition.replay.replay_sums import Sums

T = TypeVar("T")


def replay_account(state: State, records: Records) -> None:
    """Add an account block's effects; ReplayIncomplete, ReplayMismatch or StateError."""
    replay = _Replay(state, records)
    for data in records.data:
        replay.apply(data)
    replay.finish()


class _Replay:
    def __init__(self, state: State, records: Records) -> None:
        self._state = state
        self._records = records
        self._sums = Sums(state)
        self._ledger_slot = 0

    def apply(self, data: LedgerData | PoolData | OrderData) -> None:
        if isinstance(data, OrderData):
            self._apply_order(data)
            return
        if data.kind not in (*UNSIGNED_KINDS, Kind.SHARE_EXIT):
            self._use_nonce(data.account)
        self._sums.move(data.account, data.fee_token, -data.fee)
        self._sums.accrue(data.fee_token, data.fee)
        if isinstance(data, PoolData):
            self._apply_pool(data)
        else:
            self._apply_ledger(data)
            self._ledger_slot += 1

    def finish(self) -> None:
        for what, left in (
            ("a request or key change", self._records.chain_records),
            ("a payout", self._records.payouts),
        ):
            for chain, queue in left.items():
                if queue:
                    raise ReplayIncomplete(self._records.number, chain, f"{what} belongs to no operation")
        self._sums.store()

    # -- ledger slots --------------------------------------------------------------------------------------------------

    def _apply_ledger(self, data: LedgerData) -> None:
        token, amount = data.token, data.amount
        if data.kind == Kind.DEPOSIT:
            self._deposit(data)
        elif data.kind == Kind.FULL_EXIT:
            self._full_exit(data, self._take_record(data.source, FullExitRequest, "the request of a full exit"))
        elif data.kind == Kind.FULL_EXIT_PART:
            part = self._take_record(data.source, FullExitPart, "the record of a full exit in part")
            self._full_exit(data, part.request)
        elif data.kind == Kind.KEY_REQUEST:
            self._request_key(data)
        elif data.kind in (Kind.TRANSFER, Kind.TRANSFER_NEW):
            self._sums.move(data.account, token, -amount)
            self._sums.move(data.target, token, amount)
            if data.kind == Kind.TRANSFER_NEW:
                self._state.set_owner(data.target, data.owner)
        elif data.kind == Kind.WITHDRAW:
            self._sums.move(data.account, token, -amount)
            self._pay(data, Kind.WITHDRAW_PAYOUT)
        elif data.kind == Kind.FORCED_EXIT:
            self._sums.move(data.target, token, -amount)
            self._pay(data, Kind.FORCED_EXIT_PAYOUT)
        elif data.kind == Kind.CHANGE_PUB_KEY:
            self._change_key(data)
        else:
            self._sums.move(data.account, token, amount)
            self._sums.accrue(token, -amount)

    def _deposit(self, data: LedgerData) -> None:
        request = self._take_record(data.chain, DepositRequest, "the request of a deposit")
        self._match("a deposit's token", request.token, data.token)
        self._match("a deposit's amount", request.amount, data.amount)
        self._match("a deposit's account", request.account, data.account)
        self._state.set_owner(data.target, request.owner)
        if request.by_owner:
            self._add_known(data.target, data.chain)
        self._sums.move(data.target, data.token, data.amount)
        self._sums.add(data.token, data.chain, data.amount)

    def _full_exit(self, data: LedgerData, request: FullExitRequest) -> None:
        self._match("a full exit's token", request.token, data.token)
        self._match("a full exit's account", request.account, data.target)
        self._recognise(data.target, request)
        self._sums.move(data.target, data.token, -data.amount)
        self._sums.add(data.token, data.chain, -data.amount)
        payout = self._take(self._records.payouts, data.chain, "the payout of a full exit")
        slot = self._ledger_slot
        self._match_payout(request.payout(data.chain, data.amount, self._records.number, slot), payout)

    def _request_key(self, data: LedgerData) -> None:
        request = self._take_record(data.chain, KeyRequest, "the request of a key")
        self._match("a key request's account", request.account, data.account)
        if self._recognise(data.account, request):
            self._use_nonce(data.account)
            self._state.set_public_key_hash(data.account, request.public_key_hash % R)

    def _pay(self, data: LedgerData, kind: Kind) -> None:
        """A signed operation's payout; only this record has its recipient and fill fee."""
        self._sums.add(data.token, data.chain, -data.amount)
        payout = self._take(self._records.payouts, data.chain, "a payout")
        expected = Payout(
            kind=kind,
            source=NO_CHAIN,
            chain=data.chain,
            id=compute_operation_id(data.account, self._used_nonce(data.account)),
            token=data.token,
            amount=data.amount,
            recipient=payout.recipient,
            fill_fee=payout.fill_fee,
        )
        self._match_payout(expected, payout)

    def _change_key(self, data: LedgerData) -> None:
        change = self._take_record(data.chain, KeyChange, "the record of a key change")
        self._match("a key change's account", change.account, data.account)
        self._match("a key change's nonce", change.nonce, self._used_nonce(data.account))
        self._state.set_public_key_hash(data.account, change.public_key_hash % R)

    # -- pool and order slots ------------------------------------------------------------------------------------------

    def _apply_pool(self, data: PoolData) -> None:
        if data.kind == Kind.SHARE_EXIT and not self._share_exit(data):
            return
        pool = self._sums.pool(data.token_a, data.token_b)
        amounts = data.amount_a, data.amount_b, data.shares
        if data.kind == Kind.CREATE_POOL:
            self._sums.accrue(POOL_COUNT_ROW, 1)
            pool = Pool(0, 0, 0, data.pool_fee, data.lp_token)
        elif data.kind == Kind.POOL_SWAP:
            self._sums.move(data.account, data.token_a, -data.amount_a)
            self._sums.move(data.account, data.token_b, data.amount_b)
            pool = pool.traded(data.token_a, data.token_b, data.amount_a, data.amount_b)
        else:
            self._match("the LP token of a pool", pool.lp_token, data.lp_token)
            sign = 1 if data.kind == Kind.ADD_LIQUIDITY else -1
            a, b, shares = (sign * amount for amount in amounts)
            self._sums.move(data.account, data.token_a, -a)
            self._sums.move(data.account, data.token_b, -b)
            self._sums.move(data.account, data.lp_token, shares)
            pool = Pool(
                pool.reserve_lower + a, pool.reserve_higher + b, pool.lp_supply + shares, pool.fee, pool.lp_token
            )
        self._sums.set_pool(data.token_a, data.token_b, pool)

    def _share_exit(self, data: PoolData) -> bool:
        """Whether there is a pool to take the shares back."""
        request = self._take_record(data.chain, FullExitRequest, "the request of a full exit of shares")
        self._match("a full exit's token", request.token, data.lp_token)
        self._match("a full exit's account", request.account, data.account)
        self._recognise(data.account, request)
        return data.token_b != 0

    def _apply_order(self, data: OrderData) -> None:
        fee_maker = data.amount_b * data.maker_fee_rate // FEE_DENOMINATOR
        fee_taker = data.amount_a * data.taker_fee_rate // FEE_DENOMINATOR
        self._sums.move(data.maker, data.token_a, -data.amount_a)
        self._sums.move(data.maker, data.token_b, data.amount_b - fee_maker)
        self._fill(data.maker, data.maker_slot, data.maker_nonce, data.amount_a)
        self._sums.move(data.taker, data.token_b, -data.amount_b)
        self._sums.move(data.taker, data.token_a, data.amount_a - fee_taker)
        self._fill(data.taker, data.taker_slot, data.taker_nonce, data.amount_b)
        self._sums.accrue(data.token_b, fee_maker)
        self._sums.accrue(data.token_a, fee_taker)

    def _fill(self, account: AccountId, slot: OrderSlot, nonce: Nonce, amount: Amount) -> None:
        leaf = self._state.order(account, slot)
        filled = compute_filled(leaf, nonce)
        if filled is None:
            raise ReplayMismatch(self._records.number, f"an order nonce of account {account}", leaf[0], nonce)
        self._state.set_order(account, slot, nonce, Amount(filled + amount))

    # -- accounts ------------------------------------------------------------------------------------------------------

    def _use_nonce(self, account: AccountId) -> None:
        self._state.set_nonce(account, Nonce(min(self._state.account(account).nonce + 1, LAST_NONCE)))

    def _recognise(self, account: AccountId, request: FullExitRequest | KeyRequest) -> bool:
        """Whether the account belongs to who asks; its owner is then known where it did."""
        is_of_owner = self._state.account(account).owner == request.owner
        if is_of_owner:
            self._add_known(account, request.source)
        return is_of_owner

    def _add_known(self, account: AccountId, chain: ChainId) -> None:
        self._state.set_known(account, with_chain(self._state.account(account).known, chain))

    def _used_nonce(self, account: AccountId) -> Nonce:
        return Nonce(self._state.account(account).nonce - 1)

    # -- pairing -------------------------------------------------------------------------------------------------------

    def _take_record(self, chain: ChainId, type_: type[T], what: str) -> T:
        record: ChainRecord = self._take(self._records.chain_records, chain, what)
        if not isinstance(record, type_):
            raise ReplayIncomplete(self._records.number, chain, f"{what} is missing: another record stands there")
        return record

    def _take(self, queues: dict[ChainId, deque[T]], chain: ChainId, what: str) -> T:
        queue = queues.get(chain)
        if not queue:
            raise ReplayIncomplete(self._records.number, chain, f"{what} is missing")
        return queue.popleft()

    def _match(self, what: str, expected: int, found: int) -> None:
        if expected != found:
            raise ReplayMismatch(self._records.number, what, expected, found)

    def _match_payout(self, expected: Payout, found: Payout) -> None:
        for what, right, wrong in zip(("p0", "p1", "p2"), expected.words(), found.words(), strict=True):
            self._match(f"{what} of payout {found.id} on chain {found.chain}", right, wrong)
