"""Brings one chain forward: asks it for its counters, decides, sends the transactions that are due, and reports
them.

Takes a bridge with the validator's account; gives the chain's counters and receipts. Keeps nothing: which messages wait
it asks the bridge, never its logs, which no view could confirm. Never retries: the caller calls again, and as each call
asks the chain first, nothing is sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.client import Request
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.errors import L1Error, RpcUnavailable
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.bridge_calls import encode_action
from zklink.sequencer.decision import (
    Action,
    ChainView,
    Horizon,
    ImportPolicy,
    decide,
    find_fork,
    list_awaited,
)
from zklink.sequencer.lifecycle import Counters


class ChainGate(Protocol):
    """Port: one chain's bridge as a validator sees it."""

    @property
    def chain(self) -> ChainId: ...

    def view(self, horizon: Horizon) -> ChainView:
        """The chain's counters, acknowledgements and messages."""
        ...

    def is_ours(self, number: BlockNumber, horizon: Horizon) -> bool:
        """Whether the chain's record of block `number` is the one that is sealed here."""
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
    """The result of one call of `advance`. `counters` are the counters before the transactions; nothing is sent to a
    chain that `is_frozen`.
    """

    chain: ChainId
    counters: Counters
    sent: tuple[Sent, ...]
    is_frozen: bool = False


class Submitter:
    """Acts for the validator on one chain. A node whose counters are below the settled blocks lags: it is asked again
    later.
    """

    def __init__(self, gate: ChainGate, policy: ImportPolicy | None = None) -> None:
        self._gate = gate
        self._policy = policy or ImportPolicy()

    def advance(self, horizon: Horizon) -> Advance:
        """Send the transactions that this chain needs next, if any. Raises HistoryDiverged and RpcUnavailable."""
        view = self._gate.view(horizon)
        if view.is_frozen or view.counters.executed < horizon.start:
            return Advance(self._gate.chain, view.counters, (), view.is_frozen)
        fork = find_fork(view, horizon, lambda number: self._gate.is_ours(number, horizon))
        actions: tuple[Action, ...] = (fork,) if fork is not None else ()
        if fork is None and view.counters.committed <= horizon.height:
            actions = decide(view, horizon, self._policy)
        sent = self._gate.send(actions, horizon) if actions else ()
        return Advance(self._gate.chain, view.counters, tuple(sent))


class BridgeGate:
    """A ChainGate on a real bridge."""

    def __init__(self, bridge: BridgeClient, validator: LocalAccount) -> None:
        self._bridge = bridge
        self._validator = validator

    @property
    def chain(self) -> ChainId:
        return self._bridge.chain_id

    def view(self, horizon: Horizon) -> ChainView:
        at = self._bridge.status()
        counters = Counters(*map(BlockNumber, (at.committed, at.proven, at.accepted, at.executed)))
        is_frozen = self._bridge.is_frozen()
        if is_frozen or not horizon.start <= counters.executed < horizon.height:
            return ChainView(self.chain, counters, {}, is_frozen=is_frozen)
        others = [chain for chain in horizon.base if chain != self.chain]
        acknowledged = {chain: BlockNumber(self._bridge.acknowledged(chain)) for chain in others}
        view = ChainView(self.chain, counters, acknowledged)
        found = (self._find_message(source, list_awaited(source, view, horizon), horizon) for source in others)
        return replace(view, announced=[message for message in found if message is not None])

    def is_ours(self, number: BlockNumber, horizon: Horizon) -> bool:
        stored = self._bridge.stored_block_hash(number)
        if not any(stored):
            # A committed block has a record: this answer is from a node that has not seen the commit yet.
            name = self._bridge.client.profile.name
            raise RpcUnavailable(name, "stored_block_hash", 1, f"block {number} is committed and has no record")
        return stored == horizon.stored(self.chain, number).hash()

    def send(self, actions: Sequence[Action], horizon: Horizon) -> Sequence[Sent]:
        encoded = [self._encode(action, horizon) for action in actions]  # before anything is sent
        requests = [request for request in encoded if isinstance(request, Request)]
        results = iter(self._bridge.client.send_all(self._validator, requests))
        return [
            _sent(action, next(results) if isinstance(request, Request) else request)
            for action, request in zip(actions, encoded, strict=True)
        ]

    def _encode(self, action: Action, horizon: Horizon) -> Request | L1Error:
        try:
            call = encode_action(action, self.chain, horizon)
            return Request(self._bridge.encode(call.function, *call.arguments))
        except L1Error as error:
            return error

    def _find_message(
        self, source: ChainId, numbers: Sequence[BlockNumber], horizon: Horizon
    ) -> tuple[ChainId, BlockNumber] | None:
        """The first of these blocks of which the chain knows, with our hash, that `source` has accepted it."""
        for number in numbers:
            if self._bridge.is_message_known(source, number, horizon.stored(self.chain, number).sync_hash):
                # One that has just arrived counts at once.
                return None if self._bridge.acknowledged(source) >= number else (source, number)
        return None


def _sent(action: Action, result: Receipt | L1Error) -> Sent:
    return Sent(action, None, result) if isinstance(result, L1Error) else Sent(action, result)
