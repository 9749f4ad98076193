"""The broker: chooses payouts of sealed blocks, fills them on their chain, and keeps books of the repayments that it is
owed.

Takes payouts of sealed blocks and the confirmations of their requests; sends `fill`. Never fills a refund, never fills
more than it holds and has approved, and never fills one payout twice: it asks the bridge's own record first, so a lost
receipt or a restart is harmless. It asks for its fills until their repayment is final: a reorganisation can take both.
It asks also for those that are in doubt, until the payout is executed for somebody else: a transaction whose answer was
lost may be mined late, and a fill that a node did not show may be there. Its books are kept before it acts on them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from zklink.broker.books import FORGETFUL, FillBooks, Kept, Standing
from zklink.broker.leads import Leads
from zklink.broker.policy import FillPolicy, Verdict
from zklink.broker.records import (
    AGAIN,
    NOTHING_KNOWN,
    Attempt,
    Books,
    Candidate,
    FillOutcome,
    FillPort,
    FillState,
    Look,
    Outlook,
    Position,
    Repayment,
    Settlement,
)
from zklink.broker.waiting import WaitingList
from zklink.operations.payout import Payout
from zklink.protocol.errors import CallReverted, TransactionReverted, ZkLinkError
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, BlockNumber, ChainId, TokenId

Place = tuple[ChainId, TokenId]


class Broker:
    """One broker's books and fills. Its books belong to the caller's thread (`offer`, `select`, `record`, `settle`);
    `attempt` and `look` only ask and send, so they can run on workers.
    """

    def __init__(
        self,
        deployment_hash: bytes,
        ports: Mapping[ChainId, FillPort],
        policy: FillPolicy,
        required: Mapping[ChainId, int],
        books: FillBooks = FORGETFUL,
    ) -> None:
        """Raises what `books.load` raises: fills of an earlier run are on the books again, except those repaid for
        good.
        """
        self._deployment_hash = deployment_hash
        self._ports = ports
        self._policy = policy
        self._required = required
        self._waiting = WaitingList()
        self._positions: dict[bytes, Position] = {}
        self._doubts: dict[bytes, Position] = {}
        self._gone: dict[bytes, int] = {}
        self._final: set[bytes] = set()
        self._books, self._kept = books, {kept.position.key: kept for kept in books.load()}
        for kept in self._kept.values():
            (self._doubts if kept.standing is Standing.DOUBTFUL else self._positions)[kept.position.key] = kept.position
        self.leads, self._past = Leads(policy.first_lead_seconds), dict[Place, Books]()
        for position in books.load_final():
            _add(self._past, position)
            if position.repayment is not None:
                self.leads.note(position.candidate.payout.chain, position.repayment.lead_seconds)

    @property
    def positions(self) -> tuple[Position, ...]:
        """Every fill of this broker, the oldest first."""
        return tuple(self._positions.values())

    @property
    def waiting(self) -> tuple[Candidate, ...]:
        """Payouts that may still be filled, those that are refused at present behind the others."""
        return tuple(self._waiting)

    def offer(self, candidates: Iterable[Candidate]) -> dict[Candidate, Verdict]:
        """Take the payouts of a sealed block; gives those that the broker declines for good, with the reason."""
        declined: dict[Candidate, Verdict] = {}
        for candidate in candidates:
            verdict = self._assess(candidate, NOTHING_KNOWN)
            if verdict not in KEPT or candidate.payout.chain not in self._ports:
                declined[candidate] = verdict
                continue
            key = candidate.payout.fill_key(self._deployment_hash)
            if key not in self._positions:
                self._waiting.put_offered(key, candidate)
            for books in (self._positions, self._doubts):
                if key in books:
                    books[key] = replace(books[key], candidate=candidate, is_retracted=False)
                    self._keep(key)
        return declined

    def retract(self, after: BlockNumber) -> None:
        """Blocks after `after` were unsealed: their payouts may change. Fills that are done stay on the books."""
        self._waiting.retract(after)
        for books in (self._positions, self._doubts):
            for key, position in books.items():
                if position.candidate.block > after:
                    books[key] = replace(position, is_retracted=True)
                    self._keep(key)

    def select(self, chain: ChainId, outlook: Outlook) -> Candidate | None:
        """The next payout to fill on `chain`: the oldest, those that failed behind the others, and those that are
        refused at present behind all. None while a fill that tries for a lead is not repaid.
        """
        if self.leads.is_trying(chain) and self.open_positions(chain):
            return None
        for entry in self._waiting.list_waiting(chain):
            candidate = entry.candidate
            if not self._has_room(candidate.payout):
                continue
            verdict = self._assess(candidate, outlook)
            if candidate.block > outlook.paying.get(chain, 0):
                entry.verdict = verdict
            if verdict is Verdict.FILL:
                return candidate
        return None

    def _has_room(self, payout: Payout) -> bool:
        """Whether a fill stays within what may be open on its chain."""
        terms = self._policy.tokens.get(payout.token)
        if terms is None or terms.most_open is None:
            return True
        positions = (*self.open_positions(payout.chain), *self._doubts.values())
        places = [(p.candidate.payout.chain, p.candidate.payout.token, p.net) for p in positions]
        taken = sum(net for *place, net in places if place == [payout.chain, payout.token])
        return taken + payout.amount - payout.fill_fee <= terms.most_open

    def expect_lead(self, candidate: Candidate, outlook: Outlook) -> int:
        """Seconds by which a fill is expected to come before the payment: none where the chain has the block."""
        chain = candidate.payout.chain
        return 0 if candidate.block <= outlook.paying.get(chain, 0) else self.leads.expect(chain)

    def books(self) -> dict[Place, Books]:
        """What was paid, repaid and earned, by chain and token, in earlier runs too."""
        books = dict(self._past)
        for position in self._positions.values():
            _add(books, position)
        return books

    def attempt(self, candidate: Candidate, lead_seconds: int = FILL_LEAD_SECONDS) -> Attempt:
        """Fill a payout, unless the bridge shows it as filled or executed, the inventory is too small, or what the fill
        earns at this lead does not pay for its gas.

        Every failure is an outcome, not an error: neither a recipient or a token that refuses nor a node or an account
        that fails must hold up other fills.
        """
        key = candidate.payout.fill_key(self._deployment_hash)
        try:
            return self._attempt(candidate, key, lead_seconds)
        except Exception as error:
            return Attempt(candidate, key, FillOutcome.FAILED, 0, reason=_explain(error))

    def _attempt(self, candidate: Candidate, key: bytes, lead_seconds: int) -> Attempt:
        payout, port = candidate.payout, self._ports[candidate.payout.chain]
        l1_amount = port.l1_amount(payout.token, Amount(payout.amount - payout.fill_fee))
        state = port.fill_state(key)
        if state is not FillState.OPEN:
            return Attempt(candidate, key, _FOUND[state], l1_amount)
        least, earned = self._policy.compute_gas_fee(payout, port.gas_price()), payout.compute_earned_fee(lead_seconds)
        if earned < least:
            reason = f"of the fee, {payout.fill_fee}, it earns {earned}, and the gas costs {least}"
            return Attempt(candidate, key, FillOutcome.TOO_DEAR, l1_amount, reason=reason)
        if port.spendable(payout.token) < l1_amount:
            return Attempt(candidate, key, FillOutcome.NO_INVENTORY, l1_amount)
        self._kept[key] = doubtful = Kept(Position(candidate, key, 0), Standing.DOUBTFUL)
        self._books.keep(doubtful)  # from here on it may be mined
        try:
            return Attempt(candidate, key, FillOutcome.FILLED, l1_amount, port.fill(payout, l1_amount, candidate.block))
        except (CallReverted, TransactionReverted) as error:
            state = port.fill_state(key)  # somebody may just have been faster
            refused = FillOutcome.HELD if isinstance(error, CallReverted) else FillOutcome.REFUSED
            outcome = refused if state is FillState.OPEN else _FOUND[state]
            return Attempt(candidate, key, outcome, l1_amount, reason=str(error))
        except Exception as error:
            return Attempt(candidate, key, FillOutcome.FAILED, l1_amount, reason=_explain(error), is_unclear=True)

    def record(self, attempt: Attempt) -> bool:
        """Enter the outcome of an attempt; gives whether it is news. A payout that failed goes behind the others and is
        tried again, unless its block was unsealed meanwhile; one whose fill was mined and reverted is left to
        execution.
        """
        key, candidate = attempt.key, attempt.candidate
        waited = self._waiting.take(key)
        was_waiting, was_held = waited is not None, waited is not None and waited.is_held
        known = self._positions.get(key)
        if attempt.outcome in (FillOutcome.FILLED, FillOutcome.FOUND_FILLED):
            l1_block = 0 if attempt.receipt is None else attempt.receipt.block_number
            is_retracted = not was_waiting if known is None else known.is_retracted
            gas_wei = 0 if attempt.receipt is None else attempt.receipt.gas_used * attempt.receipt.gas_price_wei
            self._positions[key] = Position(candidate, key, l1_block, is_retracted=is_retracted, gas_wei=gas_wei)
            self._doubts.pop(key, None)
        elif attempt.outcome in AGAIN and was_waiting:
            self._waiting.put(key, candidate, is_held=attempt.outcome is FillOutcome.HELD)
        if attempt.is_unclear and known is None:
            self._doubts.setdefault(key, Position(candidate, key, 0, is_retracted=not was_waiting))
        self._keep(key)
        return not (was_held and attempt.outcome is FillOutcome.HELD)

    def note_executed(self, chain: ChainId, executed: BlockNumber) -> tuple[tuple[Candidate, Verdict | None], ...]:
        """A chain has paid everything up to a block: its payouts wait no more. Gives those that were not filled, with
        the last verdict; None if their turn did not come.
        """
        waited = self._waiting.note_executed(chain, executed)
        left = [entry for key, entry in waited if key not in self._kept and entry.candidate.payout.chain == chain]
        if any(entry.verdict is Verdict.SHORT_LEAD for entry in left):  # once: a block can be full of one stranger's
            self.leads.forget(chain)
        return tuple((entry.candidate, entry.verdict) for entry in left)

    def list_asked(self, chain: ChainId) -> tuple[tuple[bytes, Candidate], ...]:
        """Payouts that wait on `chain`, in turns, by their keys; without those that this broker may have paid."""
        return tuple((key, candidate) for key, candidate in self._waiting.list_asked(chain) if key not in self._kept)

    def ask(self, chain: ChainId, asked: Iterable[tuple[bytes, Candidate]]) -> tuple[Attempt, ...]:
        """Those of the payouts that `chain` shows as filled or executed. Raises RpcUnavailable."""
        port, found = self._ports[chain], []
        for key, candidate in asked:
            state = port.fill_state(key)
            if state is not FillState.OPEN:
                payout = candidate.payout
                l1_amount = port.l1_amount(payout.token, Amount(payout.amount - payout.fill_fee))
                found.append(Attempt(candidate, key, _FOUND[state], l1_amount))
        return tuple(found)

    def clear(self, asked: Iterable[tuple[bytes, Candidate]], found: Iterable[Attempt]) -> tuple[Attempt, ...]:
        """Enter what `ask` has found: those payouts wait no more. Gives what is news; what this broker has begun to pay
        since it asked is not.
        """
        self._waiting.note_asked(key for key, _ in asked)
        news = [attempt for attempt in found if attempt.key in self._waiting and attempt.key not in self._kept]
        for attempt in news:
            self.record(attempt)
        return tuple(news)

    def open_positions(self, chain: ChainId) -> tuple[Position, ...]:
        """Fills on `chain` that are not repaid yet."""
        mine = self._positions.values()
        return tuple(p for p in mine if p.candidate.payout.chain == chain and not p.is_repaid)

    def watched_positions(self, chain: ChainId) -> tuple[Position, ...]:
        """Fills on `chain` that a reorganisation can still take, that are not repaid, or that are in doubt."""
        watched = [position for key, position in self._positions.items() if key not in self._final]
        return tuple(p for p in (*watched, *self._doubts.values()) if p.candidate.payout.chain == chain)

    def look(self, chain: ChainId, positions: Iterable[Position]) -> tuple[Look, ...]:
        """What `chain` says about these fills now. Raises RpcUnavailable."""
        port, looks = self._ports[chain], []
        height = port.head()
        for position in positions:
            state = port.fill_state(position.key)
            is_executed = state is FillState.EXECUTED
            repayment = self._find_repayment(port, position) if is_executed else None
            looks.append(Look(position.key, state, height, repayment))
        return tuple(looks)

    def _find_repayment(self, port: FillPort, position: Position) -> Repayment | None:
        """As the port says; where it shows no execution after the fill, a reorganisation may have put both earlier."""
        found = port.find_repayment(position.key, position.l1_block)
        return port.find_repayment(position.key, 0) if found is None and position.l1_block > 0 else found

    def settle(self, looks: Iterable[Look]) -> Settlement:
        """Enter what a chain says about fills.

        A repayment is booked, with who was paid how much, only if the execution paid this broker. A fill that a
        reorganisation took is struck out, and its payout waits again if nobody else paid it and a block still has it;
        it stays in doubt, for the node that does not show it may be wrong. A node that is behind a fill says nothing
        about it.
        """
        repaid, lost, found = list[Position](), list[Position](), list[Position]()
        for look in looks:
            if look.key in self._doubts and look.is_ours:
                found.append(self._enter_found(look.key))
            position = self._positions.get(look.key)
            if position is None:
                self._drop_doubt(look)
            elif look.height >= position.l1_block:
                self._settle(position, look, repaid, lost)
            self._keep(look.key)
        return Settlement(tuple(repaid), tuple(lost), tuple(found))

    def _settle(self, position: Position, look: Look, repaid: list[Position], lost: list[Position]) -> None:
        if look.state is FillState.OPEN or look.state is FillState.OTHERS or look.is_others:
            lost.append(self._positions.pop(look.key))
            self._final.discard(look.key)
            self._doubts[look.key] = replace(position, l1_block=0, repaid_at=None, repayment=None)
            if look.state is FillState.OPEN and not position.is_retracted:
                self._waiting.put(look.key, position.candidate)
        elif look.state is FillState.MINE:
            self._positions[look.key] = replace(position, repaid_at=None, repayment=None)
        elif look.repayment is not None:
            entered = self._enter_repaid(position, look.repayment, look.height)
            repaid += [] if position.is_repaid else [entered]

    def _keep(self, key: bytes) -> None:
        """Keep what the books say about a fill now, or that they say nothing."""
        kept = None
        if key in self._positions:
            kept = Kept(self._positions[key], Standing.FINAL if key in self._final else Standing.FILLED)
        elif key in self._doubts:
            kept = Kept(self._doubts[key], Standing.DOUBTFUL)
        if kept == self._kept.get(key):
            return
        if kept is None:
            self._books.drop(key)
            del self._kept[key]
        else:
            self._books.keep(kept)
            self._kept[key] = kept

    def _enter_found(self, key: bytes) -> Position:
        """A fill that was in doubt is there."""
        self._waiting.take(key)
        self._gone.pop(key, None)
        self._positions[key] = self._doubts.pop(key)
        return self._positions[key]

    def _drop_doubt(self, look: Look) -> None:
        """The payout was executed for somebody else: once that is as deep as the chain's confirmations, a fill of this
        broker can never be mined.
        """
        doubt = self._doubts.get(look.key)
        if doubt is None or look.state is not FillState.EXECUTED or not look.is_others:
            self._gone.pop(look.key, None)
            return
        since = self._gone.setdefault(look.key, look.height)
        if look.height - since + 1 >= self._required.get(doubt.candidate.payout.chain, 0):
            del self._doubts[look.key], self._gone[look.key]

    def _enter_repaid(self, position: Position, repayment: Repayment, height: int) -> Position:
        """Once the repayment has the chain's confirmations nobody asks for it again."""
        chain = position.candidate.payout.chain
        if position.repayment is None:
            self.leads.note(chain, repayment.lead_seconds)
        since = height if position.repaid_at is None else position.repaid_at
        self._positions[position.key] = replace(position, repaid_at=since, repayment=repayment)
        if height - since + 1 >= self._required.get(chain, 0):
            self._final.add(position.key)
        return self._positions[position.key]

    def _assess(self, candidate: Candidate, outlook: Outlook) -> Verdict:
        payout, l1_block = candidate.payout, candidate.l1_block
        confirmations = None if l1_block is None else outlook.heights.get(payout.source, -1) - l1_block + 1
        return self._policy.assess(
            payout,
            confirmations,
            self._required.get(payout.source, 0),
            seconds_left=candidate.expires - outlook.now,
            is_final=candidate.block <= outlook.final,
            lead_seconds=self.expect_lead(candidate, outlook),
        )


def _add(books: dict[Place, Books], position: Position) -> None:
    place = position.candidate.payout.chain, position.candidate.payout.token
    books[place] = books.get(place, Books()).add(position)


def _explain(error: Exception) -> str:
    return str(error) if isinstance(error, ZkLinkError) else f"{type(error).__name__}: {error}"


KEPT: Final = (Verdict.FILL, Verdict.WAIT, Verdict.SHORT_LEAD)
"""Verdicts that time can change."""

_FOUND = {
    FillState.MINE: FillOutcome.FOUND_FILLED,
    FillState.OTHERS: FillOutcome.TAKEN,
    FillState.EXECUTED: FillOutcome.TOO_LATE,
}
