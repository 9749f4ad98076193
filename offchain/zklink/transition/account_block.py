"""An account block: operations applied to the state, with everything its chains and its circuit need.

Takes a state and operations, gives an `AccountBlock`; the state changes only if the whole block is possible
(docs/protocol.md, sections 6 and 7).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from zklink.operations.change_pub_key import KeyChange
from zklink.operations.full_exit import FullExitPart
from zklink.operations.payout import Payout
from zklink.operations.requests import AccountRequest
from zklink.protocol.commitment import BlockHeader
from zklink.protocol.errors import RequestOvertakes
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.protocol.presets import Preset
from zklink.state.state import State
from zklink.transition import ledger_slot, pool_slot
from zklink.transition.account_openings import fill_paths
from zklink.transition.block_frame import SealedFrame, SwapResult, compute_slices, seal
from zklink.transition.block_needs import Needs, compute_needs
from zklink.transition.context import Context
from zklink.transition.hot_rows import RowOpening, choose_rows, compare, read_rows, reopen
from zklink.transition.ledger_slot import ChainRecord, LedgerSlot
from zklink.transition.order_match import MatchSlot, open_empty_match
from zklink.transition.pool_slot import PoolSlot
from zklink.transition.rules import (
    LEDGER_RULES,
    ORDER_RULES,
    POOL_RULES,
    AccountOperation,
    AccountSlot,
    Rule,
    type_of,
)

Slots = tuple[tuple[LedgerSlot, ...], tuple[PoolSlot, ...], tuple[MatchSlot, ...]]
Slot = TypeVar("Slot", LedgerSlot, PoolSlot, MatchSlot)


@dataclass(frozen=True, slots=True)
class AccountBlock(SealedFrame):
    """An applied block; each kind of slots is complete, the empty ones last. Without paths it makes no witness."""

    preset: Preset
    ledger: tuple[LedgerSlot, ...]
    pool: tuple[PoolSlot, ...]
    order: tuple[MatchSlot, ...]
    opening: RowOpening
    with_paths: bool

    def slots(self) -> Iterator[AccountSlot]:
        """Every slot, in the block's order."""
        return chain(self.ledger, self.pool, self.order)

    def chain_records(self, chain_id: ChainId) -> tuple[ChainRecord, ...]:
        """The requests, servings in part and key changes in a chain's slice, in order."""
        ledger = (slot.chain_record for slot in self.ledger if slot.plan.data.record_chain == chain_id)
        pool = (slot.request for slot in self.pool if slot.plan.data.chain == chain_id)
        return tuple(record for record in (*ledger, *pool) if record is not None)

    def requests(self, chain_id: ChainId) -> tuple[AccountRequest, ...]:
        """The requests of a chain that the block consumes, in order; not one that it serves in part."""
        records = self.chain_records(chain_id)
        return tuple(record for record in records if isinstance(record, AccountRequest))

    def key_changes(self, chain_id: ChainId) -> tuple[KeyChange, ...]:
        """The key changes in a chain's slice, in order."""
        return tuple(record for record in self.chain_records(chain_id) if isinstance(record, KeyChange))

    def results(self) -> tuple[SwapResult, ...]:
        """Always empty: there are no swaps in this lane."""
        return ()

    def payouts(self, chain_id: ChainId) -> tuple[Payout, ...]:
        """The payouts that a chain owes for the block, in slice order."""
        payouts = (slot.payout for slot in self.ledger)
        return tuple(payout for payout in payouts if payout is not None and payout.chain == chain_id)


def apply_account_block(
    state: State,
    operations: Sequence[AccountOperation],
    number: BlockNumber,
    timestamp: int,
    domain: int,
    preset: Preset,
    *,
    with_paths: bool = True,
) -> AccountBlock:
    """Apply operations, kind of slot by kind of slot and each kind in order, and move `state` to the new root.

    A full exit stands in `operations` once for each serving. Raises, leaving the state as it was: BlockFull if the
    preset has no room, RequestOvertakes if a request would come before an earlier one of its chain, FieldOutOfRange for
    an impossible header, and the errors of each operation's check. Without paths it is faster and makes no witness.
    """
    needs = compute_needs(operations, state)
    needs.check(preset)
    ids = choose_rows(*needs.rows(preset), preset, preset.account.token_rows, preset.account.pool_rows)
    context = Context(preset, domain, timestamp, block_number=number)
    before = read_rows(state, ids)
    roots = state.account_root, state.token_root, state.pool_root
    old_root = state.root
    mark = state.begin()
    try:
        ledger, pool, order = _apply_slots(state, needs, context)
        _check_order(ledger, pool)
        if with_paths:
            ledger, pool, order = _open_slots(state, (ledger, pool, order))
        slots: tuple[AccountSlot, ...] = (*ledger, *pool, *order)
        slices = compute_slices(slots)
        counts = tuple(map(len, slices))
        BlockHeader(domain, number, timestamp, counts, old_root, new_root=0).elements()
        after = read_rows(state, ids)
        opening = RowOpening(*roots, *(reopen(state, before, after) if with_paths else compare(before, after)))
    except BaseException:
        state.rollback(mark)
        raise
    header = BlockHeader(domain, number, timestamp, counts, old_root, state.root)
    elements = chain.from_iterable(slot.elements() for slot in slots)
    frame = seal(Lane.ACCOUNT, header, slices, elements)
    return AccountBlock(
        **frame.parts(),
        preset=preset,
        ledger=ledger,
        pool=pool,
        order=order,
        opening=opening,
        with_paths=with_paths,
    )


def _apply_slots(state: State, needs: Needs, context: Context) -> Slots:
    places = context.preset.account
    ledger = _apply(state, needs.ledger, LEDGER_RULES, context)
    for _ in range(places.ledger - len(ledger)):
        ledger.append(ledger_slot.apply_plan(state, ledger_slot.EMPTY_PLAN, context))
    pool = _apply(state, needs.pool, POOL_RULES, context)
    for _ in range(places.pool - len(pool)):
        pool.append(pool_slot.apply_plan(state, pool_slot.EMPTY_PLAN, context))
    order = _apply(state, needs.order, ORDER_RULES, context)
    for _ in range(places.order - len(order)):
        order.append(open_empty_match(state, context))
    return tuple(ledger), tuple(pool), tuple(order)


def _open_slots(state: State, slots: Slots) -> Slots:
    """The slots with the paths of their accounts."""
    ledger, pool, order = slots
    every: tuple[AccountSlot, ...] = (*ledger, *pool, *order)
    filled = fill_paths(state, [side for slot in every for side in slot.sides])

    def fill(slot: Slot) -> Slot:
        return slot.with_sides([next(filled) for _ in slot.sides])

    return tuple(map(fill, ledger)), tuple(map(fill, pool)), tuple(map(fill, order))


def _apply(
    state: State, operations: Sequence[AccountOperation], rules: Mapping[type, Rule[Slot]], context: Context
) -> list[Slot]:
    slots: list[Slot] = []
    for index, operation in enumerate(operations):
        rule, here = rules[type_of(operation)], replace(context, slot=index)
        rule.check(state, operation, here)
        slots.append(rule.apply(state, operation, here))
    return slots


def _check_order(ledger: Sequence[LedgerSlot], pool: Sequence[PoolSlot]) -> None:
    """RequestOvertakes unless a request that is served in part is its chain's next one again, if there is one."""
    waiting: dict[ChainId, AccountRequest] = {}
    for record in (*(slot.chain_record for slot in ledger), *(slot.request for slot in pool)):
        if record is None or isinstance(record, KeyChange):
            continue
        request = record.request if isinstance(record, FullExitPart) else record
        if waiting.pop(request.source, request) != request:
            raise RequestOvertakes(request.source)
        if isinstance(record, FullExitPart):
            waiting[request.source] = request
