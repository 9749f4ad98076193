"""The broker: chooses payouts of sealed blocks, fills them on their chain, and keeps books of the repayments that it is
owed.

Takes payouts of sealed blocks and the confirmations of their requests; sends `fill`. Never fills a refund, never fills
more than it holds and has approved, and never fills one payout twice: it asks the bridge's own record first, so a lost
receipt or a restart is harmless. It asks for its fills until their repayment is final: a reorganisation can take both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from zklink.broker.policy import FillPolicy, Verdict
from zklink.broker.records import (
    AGAIN,
    NOTHING_KNOWN,
    Attempt,
    Candidate,
    FillOutcome,
    FillPort,
    FillState,
    Look,
    Outlook,
    Position,
    Settlement,
)
from zklink.protocol.errors import CallReverted, TransactionReverted, ZkLinkError
from zklink.protocol.ids import Amount, BlockNumber, ChainId


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
    ) -> None:
        self._deployment_hash = deployment_hash
        self._ports = ports
        self._policy = policy
        self._required = required
        self._waiting: dict[bytes, Candidate] = {}
        self._positions: dict[bytes, Position] = {}
        self._final: set[bytes] = set()

    @property
    def positions(self) -> tuple[Position, ...]:
        """Every fill of this broker, the oldest first."""
        return tuple(self._positions.values())

    @property
    def waiting(self) -> tuple[Candidate, ...]:
        """Payouts that may still be filled."""
        return tuple(self._waiting.values())

    def offer(self, candidates: Iterable[Candidate]) -> dict[Candidate, Verdict]:
        """Take the payouts of a sealed block; gives those that the broker declines for good, with the reason."""
        declined: dict[Candidate, Verdict] = {}
        for candidate in candidates:
            verdict = self._assess(candidate, NOTHING_KNOWN)
            if verdict not in (Verdict.FILL, Verdict.WAIT) or candidate.payout.chain not in self._ports:
                declined[candidate] = verdict
                continue
            key = candidate.payout.fill_key(self._deployment_hash)
            position = self._positions.get(key)
            if position is None:
                self._waiting[key] = candidate
            else:
                self._positions[key] = replace(position, candidate=candidate, is_retracted=False)
        return declined

    def retract(self, after: BlockNumber) -> None:
        """Blocks after `after` were unsealed: their payouts may change. Fills that are done stay on the books."""
        self._waiting = {key: candidate for key, candidate in self._waiting.items() if candidate.block <= after}
        for key, position in self._positions.items():
            if position.candidate.block > after:
                self._positions[key] = replace(position, is_retracted=True)

    def select(self, chain: ChainId, outlook: Outlook) -> Candidate | None:
        """The next payout to fill on `chain`: the oldest, those that failed behind the others."""
        mine = (candidate for candidate in self._waiting.values() if candidate.payout.chain == chain)
        return next((candidate for candidate in mine if self._assess(candidate, outlook) is Verdict.FILL), None)

    def attempt(self, candidate: Candidate) -> Attempt:
        """Fill a payout, unless the bridge shows it as filled or executed, or the inventory is too small.

        Every failure is an outcome, not an error: neither a recipient or a token that refuses nor a node or an account
        that fails must hold up other fills.
        """
        key = candidate.payout.fill_key(self._deployment_hash)
        try:
            return self._attempt(candidate, key)
        except Exception as error:
            reason = str(error) if isinstance(error, ZkLinkError) else f"{type(error).__name__}: {error}"
            return Attempt(candidate, key, FillOutcome.FAILED, 0, reason=reason)

    def _attempt(self, candidate: Candidate, key: bytes) -> Attempt:
        payout, port = candidate.payout, self._ports[candidate.payout.chain]
        l1_amount = port.l1_amount(payout.token, Amount(payout.amount - payout.fill_fee))
        state = port.fill_state(key)
        if state is not FillState.OPEN:
            return Attempt(candidate, key, _FOUND[state], l1_amount)
        least = self._policy.compute_gas_fee(payout, port.gas_price())
        if payout.fill_fee < least:
            reason = f"the fee is {payout.fill_fee}, and the gas costs {least}"
            return Attempt(candidate, key, FillOutcome.TOO_DEAR, l1_amount, reason=reason)
        try:
            if port.spendable(payout.token) < l1_amount:
                return Attempt(candidate, key, FillOutcome.NO_INVENTORY, l1_amount)
            return Attempt(candidate, key, FillOutcome.FILLED, l1_amount, port.fill(payout, l1_amount))
        except (CallReverted, TransactionReverted) as error:
            state = port.fill_state(key)  # somebody may just have been faster
            outcome = FillOutcome.REFUSED if state is FillState.OPEN else _FOUND[state]
            return Attempt(candidate, key, outcome, l1_amount, reason=str(error))

    def record(self, attempt: Attempt) -> None:
        """Enter the outcome of an attempt. A payout that failed goes behind the others and is tried again, unless its
        block was unsealed meanwhile; a refused one is left to execution.
        """
        was_waiting = self._waiting.pop(attempt.key, None) is not None
        if attempt.outcome in (FillOutcome.FILLED, FillOutcome.FOUND_FILLED):
            l1_block = 0 if attempt.receipt is None else attempt.receipt.block_number
            self._positions[attempt.key] = Position(
                attempt.candidate, attempt.key, l1_block, is_retracted=not was_waiting
            )
        elif attempt.outcome in AGAIN and was_waiting:
            self._waiting[attempt.key] = attempt.candidate

    def open_positions(self, chain: ChainId) -> tuple[Position, ...]:
        """Fills on `chain` that are not repaid yet."""
        mine = self._positions.values()
        return tuple(p for p in mine if p.candidate.payout.chain == chain and not p.is_repaid)

    def watched_positions(self, chain: ChainId) -> tuple[Position, ...]:
        """Fills on `chain` that a reorganisation can still take, or that are not repaid."""
        return tuple(
            p for p in self._positions.values() if p.candidate.payout.chain == chain and p.key not in self._final
        )

    def look(self, chain: ChainId, positions: Iterable[Position]) -> tuple[Look, ...]:
        """What `chain` says about these fills now. Raises RpcUnavailable."""
        port, looks = self._ports[chain], []
        height = port.head()
        for position in positions:
            state = port.fill_state(position.key)
            is_executed = state is FillState.EXECUTED
            is_repaid = port.is_repaid(position.key, position.l1_block) if is_executed else None
            looks.append(Look(position.key, state, height, is_repaid))
        return tuple(looks)

    def settle(self, looks: Iterable[Look]) -> Settlement:
        """Enter what a chain says about fills.

        A repayment is booked only if the execution paid this broker. A fill that a reorganisation took is struck out,
        and its payout waits again if nobody else paid it and a block still has it.
        """
        repaid, lost = [], []
        for look in looks:
            position = self._positions.get(look.key)
            if position is None:
                continue
            if look.state is FillState.OPEN or look.state is FillState.OTHERS or look.is_repaid is False:
                lost.append(self._positions.pop(look.key))
                if look.state is FillState.OPEN and not position.is_retracted:
                    self._waiting[look.key] = position.candidate
            elif look.state is FillState.MINE:
                self._positions[look.key] = replace(position, repaid_at=None)
            elif look.is_repaid:
                repaid += [] if position.is_repaid else [position]
                self._enter_repaid(position, look.height)
        return Settlement(tuple(repaid), tuple(lost))

    def _enter_repaid(self, position: Position, height: int) -> None:
        """Once the repayment has the chain's confirmations nobody asks for it again."""
        since = height if position.repaid_at is None else position.repaid_at
        self._positions[position.key] = replace(position, repaid_at=since)
        if height - since + 1 >= self._required.get(position.candidate.payout.chain, 0):
            self._final.add(position.key)

    def _assess(self, candidate: Candidate, outlook: Outlook) -> Verdict:
        payout, l1_block = candidate.payout, candidate.l1_block
        confirmations = None if l1_block is None else outlook.heights.get(payout.source, -1) - l1_block + 1
        return self._policy.assess(
            payout,
            confirmations,
            self._required.get(payout.source, 0),
            is_accepted=candidate.block <= outlook.accepted,
            seconds_left=candidate.expires - outlook.now,
            is_final=candidate.block <= outlook.final,
        )


_FOUND = {
    FillState.MINE: FillOutcome.FOUND_FILLED,
    FillState.OTHERS: FillOutcome.TAKEN,
    FillState.EXECUTED: FillOutcome.TOO_LATE,
}
