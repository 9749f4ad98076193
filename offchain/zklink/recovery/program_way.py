"""A member whose bridge is a program, on its way to its end: it imports what the primary has accepted, executes and
pays it, END is raised, contested and stands, its exits open, requests and exits are paid.

Takes what was read of all chains and who pays for transactions; each step does one thing, in as many transactions as
that takes. Everything is asked before it is sent: others may do the same, and a restart changes nothing.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from solders.pubkey import Pubkey

from zklink.l1.contracts.bridge_structs import EndState, EndWord
from zklink.primitives.base58 import encode_base58
from zklink.protocol.errors import CallReverted, ExitsRefused, TransactionReverted
from zklink.protocol.facts import Accepted, Group
from zklink.protocol.ids import EXPIRY_SECONDS, FREEZE_DELAY_SECONDS, BlockNumber, ChainId, Lane
from zklink.protocol.limits import MAX_LATER
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.accepted_history import list_commitments
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.common_steps import FREEZE_DUE
from zklink.recovery.contests import (
    choose_end,
    contest_window,
    describe_felled,
    describe_raised,
    explain_contest,
    explain_peace,
    find_contradiction,
)
from zklink.recovery.denials import describe_denial, find_denial
from zklink.recovery.exit_proofs import ExitOrder
from zklink.recovery.exit_sender import describe_paid
from zklink.recovery.import_steps import NOT_READ, find_fact
from zklink.recovery.outcome import Done, Finished, Outcome, Waiting, Window, show_count, show_time
from zklink.recovery.program_blocks import ProgramBlocks
from zklink.recovery.program_view import ProgramView, is_exodus, list_open, read_end_state, read_freeze_call
from zklink.recovery.words_kept import Both
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.client.ending import Ender, Lead
from zklink.solana.client.importing import Evidence, Importer
from zklink.solana.client.leaving import Leaver, is_cancelled, queue_of
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.paying import Payer
from zklink.solana.client.sending import Sender
from zklink.solana.interface.refusals import Refusal
from zklink.solana.keys import load_keypair

Say = Callable[[str], None]


class ProgramWay:
    """The Way of a program (`recovery/ways.py`); the sender's payer pays, and lends rent."""

    def __init__(self, view: ProgramView, read: ChainsRead, chain: ChainId, sender: Sender) -> None:
        self._view, self._read, self._chain, self._sender = view, read, chain, sender
        program = view.program
        self._importer, self._leaver = Importer(view.bridge, program, sender), Leaver(view.bridge, program, sender)
        self._ender = Ender(self._importer, program, sender)
        self._blocks = ProgramBlocks(view, self._importer, Payer(program, sender, view.deployment_hash))

    def advance(self, *, may_freeze: bool) -> Outcome:
        reading = self._view.bridge.read_queues(CONFIRMED)
        if is_exodus(reading):
            return self._cancel(reading)
        done: Outcome | None = self._blocks.settle()
        state = read_end_state(reading)
        if state.stands:
            done = done or self._import(reading, Accepted(state.number, state.sync_hash), NOT_READ)
            return done or self._begin_exodus() or Waiting("END stands, and blocks are still to be executed")
        done = done or self._import_accepted(reading) or self._fell_end(state)
        has_ended = done is None and self._read.has_ended(self._chain)
        if done is None and state.word is not EndWord.NONE:
            raised = self._raise_end(reading, state, is_contested=True) if has_ended else None
            if isinstance(raised, Done):
                return raised
            return self._stand_end(reading, state) or Waiting(self._explain_contest(reading, state))
        if has_ended:
            done = self._raise_end(reading, state)
        if done is None and not reading.is_frozen:
            done = self._freeze(reading, may_freeze)
        return done or Waiting(explain_peace(self._read, is_frozen=reading.is_frozen))

    def deny_end(self) -> Done | None:
        state = read_end_state(self._view.read())
        found = find_denial(self._read, self._chain, state)
        if found is None:
            return None
        group, evidence = found
        both = (evidence, b"") if group is Group.VALIDATORS else (b"", evidence)
        try:
            self._ender.deny_end(*both)
        except (CallReverted, TransactionReverted):
            if read_end_state(self._view.read()) == state:
                raise
            return None  # somebody else was faster
        return describe_denial(state, group)

    def push(self) -> Done | None:
        """Nobody is owed anything but payouts there, which `advance` pays."""
        return None

    def send_exits(self, orders: Sequence[ExitOrder], say: Say) -> None:
        name, refused, payer = self._view.name, list[str](), self._sender.payer.pubkey()
        for order in orders:
            what, to = f"{name}: token {order.token} of account {order.account}", encode_base58(order.recipient)
            has_left = self._leaver.has_left(order.account, order.token)
            if not has_left and not order.is_signed and order.recipient != bytes(payer):
                refused.append(f"{what}: only {to}, whom it pays, may send it, not {payer}")
                continue
            try:
                if not has_left:
                    statement = order.call.x0, order.call.recipient_lo, order.call.x1
                    self._leaver.exit(statement, order.call.proof)
                receipts = self._leaver.pay_exit(order.account, order.token)
            except (CallReverted, TransactionReverted) as error:
                refused.append(f"{what}: {error.reason or 'refused without a reason'}")
                continue
            if has_left:
                say(f"{what} has left already{': what was owed is paid' if receipts else ''}")
            else:
                say(f"{name}: account {order.account} is paid {describe_paid(self._read.deployment, order)} at {to}")
        if refused:
            raise ExitsRefused(tuple(refused))

    # -- blocks ------------------------------------------------------------------------------------------------------

    def _import_accepted(self, reading: BridgeReading) -> Outcome | None:
        tip = reading.tip
        if tip.number >= self._read.history().height:
            return None
        found = find_fact(self._read, self._chain, tip)
        return None if found is None else self._import(reading, *found)

    def _import(self, reading: BridgeReading, top: Accepted, both: Both) -> Outcome | None:
        """Import the next block of the way to `top`, or show that the queue cannot match it; None if all are there."""
        if reading.tip.number == top.number:
            return None
        blocks = self._read.lead(self._chain, reading.tip, top)
        block, later, lead = blocks[0], list_commitments(blocks[1:]), self._path_on(blocks[0], blocks[1:])
        evidence = Evidence(*both, () if lead is not None else later)
        try:
            with self._ender.lend_path(lead) as path:
                self._blocks.bring(block, self._chain, evidence, path)
        except (CallReverted, TransactionReverted) as error:
            if error.reason != Refusal.REQUESTS.value:
                raise
            return self._show_mismatch(reading, block, lead, is_end=both is NOT_READ)
        return Done(f"block {block.number} imported")

    def _path_on(self, block: AcceptedBlock, later: list[AcceptedBlock]) -> Lead | None:
        """The way from a block to END, if it is too long for the block's own account."""
        if len(later) <= MAX_LATER:
            return None
        return Lead(Accepted(block.number, block.sync_hash), list_commitments(later))

    def _show_mismatch(
        self, reading: BridgeReading, block: AcceptedBlock, lead: Lead | None, *, is_end: bool
    ) -> Outcome | None:
        if not is_end and reading.is_frozen:
            return None
        queue = queue_of(reading.fields, block.full.block.lane)
        account = self._importer.account_of(block.number, block.full.block.commitment)
        self._ender.show_mismatch(account, queue, lead)
        self._importer.close(account)
        if is_end:
            return Done(f"seceded: its queue cannot match block {block.number}; it ends at block {block.number - 1}")
        return Done(f"frozen: its queue cannot match block {block.number}")

    # -- END -----------------------------------------------------------------------------------------------------------

    def _raise_end(self, reading: BridgeReading, state: EndState, *, is_contested: bool = False) -> Outcome:
        fields = reading.fields
        is_governor = bytes(fields["governor"]) == bytes(self._sender.payer.pubkey())
        tip = reading.tip
        found = choose_end(self._read, self._chain, tip, state.round, is_governor, is_contested=is_contested)
        if isinstance(found, Waiting):
            return found
        path = Lead(Accepted(tip.number, tip.sync_hash), list_commitments(found.blocks))
        says = bool(found.validators)
        governor = Pubkey(fields["governor"])
        self._ender.raise_end(
            path, found.validators or found.seal, found.watchers, validators_say=says, governor=governor
        )
        return describe_raised(found)

    def _stand_end(self, reading: BridgeReading, state: EndState) -> Outcome | None:
        if not contest_window(state, reading.fields["slots_per_day"]).is_over(self._view.head()):
            return None
        tip = reading.tip
        blocks = self._read.lead(self._chain, tip, Accepted(state.number, state.sync_hash))
        self._ender.stand_end(Lead(Accepted(tip.number, tip.sync_hash), list_commitments(blocks)))
        return Done(f"END at block {state.number} stands")

    def _fell_end(self, state: EndState) -> Outcome | None:
        if state.word is EndWord.NONE:
            return None
        history = self._read.history()
        base = Accepted(BlockNumber(0), history.sync_hash(0))
        blocks = history.lead(0, base.sync_hash, state.sync_hash)
        way = () if blocks is None else list_commitments(blocks)
        top = Accepted(state.number, state.sync_hash) if blocks is None else base
        found = find_contradiction(self._read, self._chain, state, top, way)
        if found is None:
            return None
        path = Lead(Accepted(found.place.number, found.own), found.path) if found.place.number <= state.number else None
        self._ender.fell_end(found.place, *found.both, path)
        return describe_felled(state, found.place)

    def _explain_contest(self, reading: BridgeReading, state: EndState) -> str:
        return explain_contest(state, contest_window(state, reading.fields["slots_per_day"]), self._view.head())

    # -- requests ------------------------------------------------------------------------------------------------------

    def _freeze(self, reading: BridgeReading, may_freeze: bool) -> Outcome | None:
        head, waits = self._view.head(), list[tuple[int, str]]()
        for lane in Lane:
            first = next(iter(list_open(reading, lane)), None)
            if first is None:
                continue
            called, what = (
                read_freeze_call(reading, lane),
                f"request {first.request_id} of the {lane.name.lower()} lane",
            )
            if called.request_id == first.request_id:
                pace = reading.fields["slots_per_day"]
                window = Window(called.called_at, called.called_in, FREEZE_DELAY_SECONDS, pace)
                if window.is_over(head):
                    if not may_freeze:
                        return Waiting(f"{FREEZE_DUE} over {what}: anyone can confirm it now")
                    self._leaver.confirm_freeze(lane)
                    return Done(f"frozen: {what} is in no block")
                waits.append((window.ends_at, f"a freeze is called over {what}: anyone can confirm it"))
            elif head.timestamp > first.queued_at + EXPIRY_SECONDS:
                if not may_freeze:
                    return Waiting(f"{FREEZE_DUE} over {what}: anyone can call it now")
                self._leaver.call_freeze(lane)
                return Done(f"freeze called: {what} waits too long; anyone can confirm it a day from now")
            else:
                until = first.queued_at + EXPIRY_SECONDS
                waits.append((until, f"{what} is in no block yet: anyone can call a freeze"))
        if not waits:
            return None
        due, what = min(waits)
        return Waiting(f"{what} after {show_time(due)}")

    def _cancel(self, reading: BridgeReading) -> Outcome:
        """Pay every request back that no block contains; one whose account cannot take it holds up no other."""
        paid, left = 0, list[str]()
        for lane in Lane:
            for request in list_open(reading, lane):
                if is_cancelled(reading, lane, request.request_id):
                    continue
                try:
                    self._leaver.cancel(lane, request.request_id)
                    paid += 1
                except (CallReverted, TransactionReverted) as error:
                    left.append(f"request {request.request_id} of the {lane.name.lower()} lane: {error.reason}")
        if paid:
            return Done(f"{show_count(paid, 'request')} paid back")
        return Waiting(f"exits are open; not paid back yet: {'; '.join(left)}") if left else Finished()

    def _begin_exodus(self) -> Outcome | None:
        try:
            self._leaver.begin_exodus()
        except (CallReverted, TransactionReverted) as error:
            if error.reason != Refusal.MAY_NOT_BEGIN.value:
                raise
            return None
        return Done(f"exits are open at block {self._view.tip().number}")


def open_way(view: ProgramView, read: ChainsRead, chain: ChainId, keypair: Path) -> ProgramWay:
    """The way of a program, paid from a file of `solana-keygen`. Raises FileUnreadable, KeyFileInvalid."""
    return ProgramWay(view, read, chain, Sender(view.node, load_keypair(keypair)))
