"""Reads a chain's market for gas, and keeps for a while what its node says about fees: its floor and its cap.

Takes a node; gives fees for a call. Raises FeeCeilingReached above a ceiling. Never sends anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

from web3 import Web3
from web3.types import RPCEndpoint

from zklink.l1.transport.fees import (
    MAX_FEE,
    REPLACEMENT,
    TIP,
    FeePolicy,
    Fees,
    Market,
    TooHigh,
    answer_floor,
    compute_offer,
    compute_replacement,
    fit,
    raise_fees,
    read_cap,
)
from zklink.l1.transport.rpc import Asker
from zklink.l1.transport.submission import Submission
from zklink.protocol.errors import CallReverted, FeeCeilingReached, RpcRefused, RpcUnavailable

T = TypeVar("T")

PERCENTILES: Final = [10, 50]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a node once said, and until when it is believed."""

    value: int = 0
    until: float = float("-inf")


class FeeMarket:
    """Fees on one chain."""

    def __init__(self, w3: Web3, asker: Asker, policy: FeePolicy) -> None:
        self._w3, self._asker, self._policy = w3, asker, policy
        self._tip_floor, self._node_cap = Remembered(), Remembered()
        self._lacking: dict[str, Remembered] = {}

    def offer(self, call: str, gas: int) -> Fees:
        """Fees for a new transaction. Raises FeeCeilingReached, RpcUnavailable."""
        market = self._read()
        return self._fit(call, compute_offer(market, self._policy, self._recall(self._tip_floor) or 0), gas, market)

    def outbid(self, submission: Submission) -> Fees:
        """Fees that replace a submission's last version. Raises FeeCeilingReached, RpcUnavailable."""
        market = self._read()
        fees = raise_fees(submission.fees, market, self._policy)
        least = compute_replacement(submission.fees.get(MAX_FEE, 0))
        return self._fit(submission.call.label, fees, submission.gas_limit, market, submission, least)

    def answer(self, submission: Submission, message: str) -> Fees:
        """Fees after a node called the last ones too low, or too high for its own cap. Raises FeeCeilingReached."""
        market = self._read()
        label, gas, fees = submission.call.label, submission.gas_limit, submission.fees
        floor = 0
        if (cap := read_cap(message)) is not None:
            self._node_cap = self._remember(cap)
        elif "cap" in message and "exceeds" in message:
            least = market.base * REPLACEMENT[0] // REPLACEMENT[1] + fees.get(TIP, 0)
            if fees.get(MAX_FEE, 0) <= least:
                self._refuse(label, TooHigh(least * gas, least * gas - 1, "the node's own cap"), submission)
            fees = {**fees, MAX_FEE: least}
        else:
            fees, floor = answer_floor(fees, message, market, self._policy)
        fitted = self._fit(label, fees, gas, market, submission)
        if floor >= (self._recall(self._tip_floor) or 1):
            self._tip_floor = self._remember(floor)
        return fitted

    def _remember(self, value: int) -> "Remembered":
        return Remembered(value, self._asker.now() + self._policy.memory_seconds)

    def _recall(self, remembered: "Remembered") -> int | None:
        return remembered.value if self._asker.now() < remembered.until else None

    def _fit(
        self,
        call: str,
        fees: Fees,
        gas: int,
        market: Market,
        submission: Submission | None = None,
        least: int = 0,
    ) -> Fees:
        try:
            return fit(fees, gas, market, self._policy, self._recall(self._node_cap), least)
        except TooHigh as error:
            self._refuse(call, error, submission)

    def _refuse(self, call: str, error: TooHigh, submission: Submission | None) -> NoReturn:
        sent = tuple(submission.tx_hashes) if submission is not None and submission.is_broadcast else ()
        raise FeeCeilingReached(
            self._asker.chain, call, error.wanted_wei, error.ceiling_wei, error.setting, sent
        ) from None

    def _read(self) -> Market:
        base = self._asker.ask("eth_getBlockByNumber", self._read_base)
        price = self._asker.ask("eth_gasPrice", self._read_price) if base is None else None
        suggested = self._try("eth_maxPriorityFeePerGas", self._read_tip) if base is not None else None
        rewards = self._try("eth_feeHistory", partial(self._read_rewards, self._policy.history_blocks))
        low, median = rewards if rewards is not None else (None, None)
        return Market(base or 0, suggested, low, median, price)

    def _read_base(self) -> int | None:
        base = self._w3.eth.get_block("latest").get("baseFeePerGas")
        return None if base is None else int(base)

    def _read_price(self) -> int:
        return int(self._w3.eth.gas_price)

    def _read_tip(self) -> int:
        # Not `eth.max_priority_fee`: where the node fails, that makes a tip up from another question.
        found: Any = self._w3.manager.request_blocking(RPCEndpoint("eth_maxPriorityFeePerGas"), [])
        return int(found, 16) if isinstance(found, str) else int(found)

    def _read_rewards(self, blocks: int) -> tuple[int, int] | None:
        """The median over the last blocks of the low and of the middle tip in each; None if none had a transaction."""
        found: Any = self._w3.eth.fee_history(blocks, "latest", list(PERCENTILES))
        ratios = list(found.get("gasUsedRatio") or [])
        rows = [row for row, ratio in zip(found.get("reward") or [], ratios, strict=False) if ratio]
        if not rows:
            return None
        low, median = (sorted(int(row[i]) for row in rows)[len(rows) // 2] for i in (0, 1))
        return low, median

    def _try(self, what: str, request: Callable[[], T]) -> T | None:
        """An answer that only makes the price better; None from a node that does not give it, now and for a while."""
        if what in self._lacking and self._recall(self._lacking[what]):
            return None
        try:
            return self._asker.ask(what, request)
        except (RpcRefused, CallReverted):
            pass
        except RpcUnavailable as error:
            if error.__cause__ is None or isinstance(error.__cause__, OSError):  # no answer at all
                raise
        self._lacking[what] = self._remember(True)
        return None
