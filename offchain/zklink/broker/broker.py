"""The broker: chooses payouts of sealed blocks, fills them on their chain, and keeps books of the repayments that it is
owed.

Takes payouts of sealed blocks and the confirmations of their requests; sends `fill`. Never fills a refund, never fills
more than it holds and has approved, and never fills one payout twice: it asks the bridge's own record first, so a lost
receipt or a restart is harmless.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from zklink.broker.policy import FillPolicy, Verdict
from zklink.l1.transport.receipts import Receipt
from zklink.operations.payout import Payout
from zklink.protocol.errors import CallReverted, TransactionReverted
from zklink.protocol.ids import Amount, BlockNumber, ChainId, TokenId


class FillState(Enum):
    """The state of a payout on its bridge."""

    OPEN = "open"
    MINE = "filled by this broker"
    OTHERS = "filled by another broker"
    EXECUTED = "already executed"


class FillPort(Protocol):
    """Port: one chain's bridge and tokens, with the broker's account behind it."""

    def fill_state(self, key: bytes) -> FillState:
        """The state of the payout with this key (32 bytes). Raises RpcUnavailable."""
        ...

    def l1_amount(self, token: TokenId, amount: Amount) -> int:
        """An amount in layer-2 units, converted to units of the token's contract on this chain."""
        ...

    def spendable(self, token: TokenId) -> int:
        """The balance that the bridge may pull from the broker, in L1 units; for native coin less a reserve for gas."""
        ...

    def fill(self, payout: Payout, l1_amount: int) -> Receipt:
        """Pay the recipient `l1_amount` through the bridge, for a bounded amount of gas. Raises CallReverted and
        TransactionReverted if the bridge, the token or the recipient refuses, or if it takes more gas than that.
        """
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payout of sealed block `block`; its request is in block `l1_block` of the source chain. A withdrawal has no
    request, so `l1_block` is None.
    """

    payout: Payout
    block: BlockNumber
    l1_block: int | None


class FillOutcome(Enum):
    """How an attempt ended."""

    FILLED = "filled"
    FOUND_FILLED = "found as filled by this broker"
    TAKEN = "somebody else was faster"
    TOO_LATE = "already executed"
    NO_INVENTORY = "not enough of the token, or not enough approved"
    REFUSED = "cannot be filled, left to execution"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to fill. The recipient gets `l1_amount`, in L1 units; there is a receipt only if this call sent a
    transaction; `reason` says who refused and why.
    """

    candidate: Candidate
    key: bytes
    outcome: FillOutcome
    l1_amount: int
    receipt: Receipt | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """A fill of this broker: it has paid the net amount, and the chain repays the gross amount, with the fee, at
    execution.
    """

    candidate: Candidate
    key: bytes
    is_repaid: bool = False

    @property
    def net(self) -> Amount:
        """The amount that the broker paid, in layer-2 units."""
        return Amount(self.candidate.payout.amount - self.candidate.payout.fill_fee)


class Broker:
    """One broker's books and fills. Its books belong to the caller's thread (`offer`, `select`, `record`, `settle`);
    `attempt` and `find_repaid` only ask and send, so they can run on workers.
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
            verdict = self._assess(candidate, 0, is_accepted=False)
            if verdict not in (Verdict.FILL, Verdict.WAIT) or candidate.payout.chain not in self._ports:
                declined[candidate] = verdict
                continue
            key = candidate.payout.fill_key(self._deployment_hash)
            if key not in self._positions:
                self._waiting[key] = candidate
        return declined

    def retract(self, after: BlockNumber) -> None:
        """Blocks after `after` were unsealed: their payouts may change. Fills that are done stay on the books."""
        self._waiting = {key: candidate for key, candidate in self._waiting.items() if candidate.block <= after}

    def select(self, chain: ChainId, heights: Mapping[ChainId, int], accepted: BlockNumber) -> Candidate | None:
        """The next payout to fill on `chain`, oldest first; `heights` are the source chains' newest blocks, `accepted`
        is the last block that the primary has accepted.
        """
        for candidate in self._waiting.values():
            payout = candidate.payout
            confirmations = heights.get(payout.source, -1) - (candidate.l1_block or 0) + 1
            verdict = self._assess(candidate, confirmations, is_accepted=candidate.block <= accepted)
            if payout.chain == chain and verdict is Verdict.FILL:
                return candidate
        return None

    def attempt(self, candidate: Candidate) -> Attempt:
        """Fill a payout, unless the bridge shows it as filled or executed, or the inventory is too small.

        A refusal is an outcome, not an error: a recipient or a token that refuses must not hold up other fills. Raises
        RpcUnavailable.
        """
        payout, port = candidate.payout, self._ports[candidate.payout.chain]
        key = payout.fill_key(self._deployment_hash)
        l1_amount = port.l1_amount(payout.token, Amount(payout.amount - payout.fill_fee))
        state = port.fill_state(key)
        if state is not FillState.OPEN:
            return Attempt(candidate, key, _FOUND[state], l1_amount)
        try:
            if port.spendable(payout.token) < l1_amount:
                return Attempt(candidate, key, FillOutcome.NO_INVENTORY, l1_amount)
            return Attempt(candidate, key, FillOutcome.FILLED, l1_amount, port.fill(payout, l1_amount))
        except (CallReverted, TransactionReverted) as error:
            state = port.fill_state(key)  # somebody may just have been faster
            outcome = FillOutcome.REFUSED if state is FillState.OPEN else _FOUND[state]
            return Attempt(candidate, key, outcome, l1_amount, reason=str(error))

    def record(self, attempt: Attempt) -> None:
        """Enter the outcome of an attempt. A payout without inventory goes to the end and is tried again; a refused one
        is left to execution.
        """
        self._waiting.pop(attempt.key, None)
        if attempt.outcome in (FillOutcome.FILLED, FillOutcome.FOUND_FILLED):
            self._positions[attempt.key] = Position(attempt.candidate, attempt.key)
        elif attempt.outcome is FillOutcome.NO_INVENTORY:
            self._waiting[attempt.key] = attempt.candidate

    def open_positions(self, chain: ChainId) -> tuple[Position, ...]:
        """Fills on `chain` that are not repaid yet."""
        mine = self._positions.values()
        return tuple(p for p in mine if p.candidate.payout.chain == chain and not p.is_repaid)

    def find_repaid(self, chain: ChainId, positions: Iterable[Position]) -> tuple[bytes, ...]:
        """Keys of the positions whose payout `chain` has executed."""
        port = self._ports[chain]
        return tuple(p.key for p in positions if port.fill_state(p.key) is FillState.EXECUTED)

    def settle(self, keys: Iterable[bytes]) -> None:
        """Enter the repayment of the fills with these keys."""
        for key in keys:
            self._positions[key] = replace(self._positions[key], is_repaid=True)

    def _assess(self, candidate: Candidate, confirmations: int, *, is_accepted: bool) -> Verdict:
        counted = None if candidate.l1_block is None else confirmations
        required = self._required.get(candidate.payout.source, 0)
        return self._policy.assess(candidate.payout, counted, required, is_accepted=is_accepted)


_FOUND = {
    FillState.MINE: FillOutcome.FOUND_FILLED,
    FillState.OTHERS: FillOutcome.TAKEN,
    FillState.EXECUTED: FillOutcome.TOO_LATE,
}
