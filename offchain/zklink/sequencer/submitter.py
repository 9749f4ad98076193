"""Brings one chain forward: asks it for its tip and its debts, decides, sends the transactions that are due, and
reports them.

Takes a chain's history with the submitter's account, which needs no right; gives what the chain says and receipts.
Keeps nothing. Never retries: the caller calls again, and as each call asks the chain first, nothing is sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.client import Call, Request
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import AcceptAgainCall, AcceptCall, ImportCall
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip
from zklink.protocol.errors import L1Error, RpcUnavailable
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.bridge_calls import HistoryCall, encode_action
from zklink.sequencer.decision import Action, ChainView, ImportPolicy, check_history, decide
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.lifecycle import Counters


@dataclass(frozen=True, slots=True)
class FinalView:
    """The primary's newest final L1 block: its time (UNIX seconds), and the last block accepted there."""

    timestamp: int
    tip: Tip


class ChainGate(Protocol):
    """Port: one chain's history as a sequencer sees it."""

    @property
    def chain(self) -> ChainId: ...

    def view(self, horizon: Horizon) -> ChainView:
        """The chain's tip and debts."""
        ...

    def final(self) -> FinalView | None:
        """What is final on the chain; None if nothing is yet."""
        ...

    def send(self, actions: Sequence[Action], horizon: Horizon) -> Sequence["Sent"]:
        """Send a transaction for each action, then wait for all; an error is in the result."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """The result of one action: a receipt, or the error in its place."""

    action: Action
    receipt: Receipt | None
    error: L1Error | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """The result of one call of `advance`. `counters` are those before the transactions; `final` is asked of the
    primary alone. A chain that `is_closed` accepts nothing new.
    """

    chain: ChainId
    counters: Counters
    sent: tuple[Sent, ...]
    is_closed: bool = False
    final: FinalView | None = None


class Submitter:
    """Acts on one chain. A node whose tip is below the settled blocks lags: it is asked again later."""

    def __init__(self, gate: ChainGate, policy: ImportPolicy | None = None) -> None:
        self._gate = gate
        self._policy = policy or ImportPolicy()

    def advance(self, horizon: Horizon) -> Advance:
        """Send the transactions that this chain needs next, if any. Raises HistoryDiverged and RpcUnavailable."""
        view = self._gate.view(horizon)
        final = self._gate.final() if self._gate.chain == horizon.primary else None
        if view.tip.number < horizon.start:
            return Advance(self._gate.chain, view.counters, (), view.is_closed, final)
        check_history(view, horizon)
        actions = decide(view, horizon, self._policy) if view.tip.number <= horizon.height else ()
        sent = self._gate.send(actions, horizon) if actions else ()
        return Advance(self._gate.chain, view.counters, tuple(sent), view.is_closed, final)


class HistoryGate:
    """A ChainGate on a real chain. It reads a chain at one L1 block, and at none below one that it has seen before: a
    node that lags would have it send again what has just been mined.
    """

    def __init__(self, bridge: BridgeClient, submitter: LocalAccount) -> None:
        self._bridge = bridge
        self._submitter = submitter
        self._seen = 0

    @property
    def chain(self) -> ChainId:
        return self._bridge.chain_id

    def view(self, horizon: Horizon) -> ChainView:
        """Raises RpcUnavailable also while the node is behind."""
        height = self._bridge.client.head().number
        if height < self._seen:
            detail = f"the node has block {height}, behind block {self._seen} that was seen before"
            raise RpcUnavailable(self._bridge.client.profile.name, "eth_getBlockByNumber", 1, detail)
        self._seen = height
        tip = self._bridge.history.tip(block=height)
        is_closed = self._bridge.end.is_frozen(block=height)
        return ChainView(self.chain, tip, self._find_owed(tip, horizon, height), is_closed)

    def final(self) -> FinalView | None:
        client = self._bridge.client
        height = client.confirmed_height()
        if height < 0:
            return None
        return FinalView(client.block(height).timestamp, self._bridge.history.tip(block=height))

    def send(self, actions: Sequence[Action], horizon: Horizon) -> Sequence[Sent]:
        calls = [self._encode(encode_action(action, self.chain, horizon)) for action in actions]
        results = self._bridge.client.send_all(self._submitter, [Request(call) for call in calls])
        mined = [result.block_number for result in results if isinstance(result, Receipt)]
        self._seen = max(self._seen, *mined, 0)
        return [_sent(action, result) for action, result in zip(actions, results, strict=True)]

    def _find_owed(self, tip: Tip, horizon: Horizon, height: int) -> dict[BlockNumber, bytes]:
        """The debts of blocks that are not settled; a settled block owes nothing anywhere."""
        owed: dict[BlockNumber, bytes] = {}
        for block in horizon.blocks[: max(tip.number - horizon.start, 0)]:
            if len(owed) == tip.unpaid:
                break
            pays = bool(block.payouts(self.chain))
            found = self._bridge.history.owed(block.number, block=height) if pays else ZERO_HASH
            if found != ZERO_HASH:
                owed[block.number] = found
        return owed

    def _encode(self, call: HistoryCall) -> Call:
        match call:
            case AcceptCall() | AcceptAgainCall():
                return self._bridge.primary_history.encode_accept(call)
            case ImportCall():
                return self._bridge.member_history.encode_import(call)
            case _:
                return self._bridge.history.encode_execute(call.number, call.payouts, call.count)


def _sent(action: Action, result: Receipt | L1Error) -> Sent:
    return Sent(action, None, result) if isinstance(result, L1Error) else Sent(action, result)
