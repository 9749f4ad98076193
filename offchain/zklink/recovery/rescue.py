"""Brings frozen chains to exodus, one transaction at a time, with nothing but what the chains have published.

Takes the clients of all chains and an account that pays gas; each `advance` looks at one chain and sends what it needs
next. Remembers nothing: whoever else does the same, or a restart, changes nothing. Protocol sections 8 and 10.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.l1.blocks import CommitBlock, ExecuteBlock, Opening, ProveBlock, Step
from zklink.l1.bridge import BridgeClient
from zklink.l1.deployment import Deployment
from zklink.l1.opening import compute_opened_commitment, compute_opened_sync_hash
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.chain import StoredBlock
from zklink.protocol.commitment import unpack_counts
from zklink.protocol.errors import HistoryIncomplete
from zklink.protocol.ids import EXECUTION_SECONDS, EXPIRY_SECONDS, BlockNumber, ChainId, Lane
from zklink.recovery.history import ChainHistory, Request, read_chain

MAX_STEPS: Final = 32
MAX_OPENINGS: Final = 8
MAX_COMMIT_BLOCKS: Final = 4
MAX_EXECUTE_BLOCKS: Final = 8
MAX_CANCELLED: Final = 16


@dataclass(frozen=True, slots=True)
class Done:
    """What was sent to a chain."""

    what: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why nothing can be sent to a chain now."""

    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Exodus has begun and every open request is cancelled."""


Outcome = Done | Waiting | Finished


class Rescue:
    """Drives all chains of a deployment. Raises what reading and sending may raise."""

    def __init__(self, deployment: Deployment, bridges: Mapping[ChainId, BridgeClient], account: LocalAccount) -> None:
        self.deployment = deployment
        self.bridges = bridges
        self._account = account
        self._primary: ChainHistory | None = None

    def advance(self, chain: ChainId) -> Outcome:
        """Send the next transaction that brings `chain` towards exits."""
        bridge = self.bridges[chain]
        state = bridge.exodus.freeze_state()
        if not state.is_frozen:
            return self._freeze(bridge)
        if state.is_exodus:
            return self._cancel(bridge)
        missing = [k for k in self.bridges if bridge.ledger.frozen_at(k) is None]
        if missing:
            names = ", ".join(self.deployment.chains[k].name for k in missing)
            return Waiting(f"the freeze of {names} is not known here yet")
        opened = self._open_history(bridge)
        if opened is not None:
            return opened
        if not state.is_common_known:
            return self._find_common(bridge)
        return self._finish(bridge, BlockNumber(state.common_block))

    # -- freeze --------------------------------------------------------------------------------------------------

    def _freeze(self, bridge: BridgeClient) -> Outcome:
        now = bridge.client.head().timestamp
        since = bridge.waiting_since()
        if since and now > since + EXECUTION_SECONDS:
            bridge.exodus.freeze_for_execution(self._account)
            return Done("frozen: blocks are not executed")
        if not self._may_have_expired(bridge, now):
            return Waiting("nothing here is old enough to freeze it")
        history = self._read(bridge)
        accepted = history.stored[BlockNumber(bridge.status().accepted)]
        for lane in Lane:
            open_requests = history.requests[lane][_consumed(accepted, lane) :]
            if open_requests and now > open_requests[0].queued_at + EXPIRY_SECONDS:
                bridge.exodus.freeze_for_request(self._account, lane, open_requests[0].words(), accepted)
                return Done(f"frozen: request {open_requests[0].request_id} of the {lane.name.lower()} lane is too old")
        return Waiting("nothing here is old enough to freeze it")

    def _may_have_expired(self, bridge: BridgeClient, now: int) -> bool:
        """Whether a request that is in no executed block is old enough; cheaper than reading the whole history."""
        first = self.deployment.chains[bridge.chain_id].from_block
        queued = [event.request for event in bridge.requests(first, bridge.client.head().number)]
        for lane in Lane:
            in_lane = [r for r in queued if isinstance(r, SwapRequest) == (lane is Lane.SWAP)]
            waiting = in_lane[bridge.request_counts(lane).settled :]
            if waiting and now > waiting[0].queued_at + EXPIRY_SECONDS:
                return True
        return False

    # -- the last common block -----------------------------------------------------------------------------------

    def _open_history(self, bridge: BridgeClient) -> Outcome | None:
        """The primary's frozen history is opened down to what this chain has accepted itself."""
        ledger, primary = bridge.ledger, self.deployment.primary
        frozen = ledger.frozen_at(primary)
        assert frozen is not None
        if bridge.chain_id == primary:
            return None
        return self._open(bridge, primary, frozen, bridge.status().accepted)

    def _open(
        self, bridge: BridgeClient, source: ChainId, fact: tuple[BlockNumber, bytes], down_to: int
    ) -> Outcome | None:
        """Open a chain's frozen fact down to a number, as far as that has not been done."""
        number, sync_hash = fact
        steps: list[Step] = []
        top, top_hash = number, sync_hash
        for at in range(number, down_to, -1):
            opening = self._opening(BlockNumber(at))
            if compute_opened_sync_hash(opening) != sync_hash:
                raise HistoryIncomplete(self.deployment.chains[source].name, at, "its frozen history is not published")
            below = opening.previous_sync_hash
            is_known = bridge.ledger.is_known(source, at - 1, below)
            if is_known and source == self.deployment.primary:
                is_known = bridge.ledger.frozen_history(at - 1) == below
            if is_known:
                top, top_hash, steps = BlockNumber(at - 1), below, []
            elif len(steps) < MAX_STEPS:
                steps.append(Step(below, compute_opened_commitment(opening)))
            sync_hash = below
        if not steps:
            return None
        bridge.ledger.open_message(self._account, source, top, top_hash, steps)
        name = self.deployment.chains[source].name
        return Done(f"history of {name} opened from block {top} down to {top - len(steps)}")

    def _find_common(self, bridge: BridgeClient) -> Outcome:
        frozen = [fact[0] for k in self.bridges if (fact := bridge.ledger.frozen_at(k)) is not None]
        last = bridge.ledger.frozen_at(self.deployment.primary)
        assert last is not None
        start = max(bridge.ledger.common_block()[1], min(frozen))
        openings: list[Opening] = []
        for number in range(start + 1, last[0] + 1):
            opening = self._opening(BlockNumber(number))
            openings.append(opening)
            if len(openings) == MAX_OPENINGS or self._is_blocked(bridge, opening, number):
                break
        bridge.ledger.find_common_block(self._account, openings)
        is_known, number = bridge.ledger.common_block()
        return Done(f"blocks are common up to {number}" + (", the last common one" if is_known else ""))

    def _is_blocked(self, bridge: BridgeClient, opening: Opening, number: int) -> bool:
        counts = unpack_counts(opening.header[2])
        facts = {k: bridge.ledger.frozen_at(k) for k in self.bridges}
        return any(counts[k] and fact is not None and fact[0] < number for k, fact in facts.items())

    # -- up to the last common block -----------------------------------------------------------------------------

    def _finish(self, bridge: BridgeClient, common: BlockNumber) -> Outcome:
        stages = bridge.status()
        if stages.executed == common:
            history = self._read(bridge)
            bridge.exodus.begin_exodus(self._account, history.stored[common])
            return Done(f"exodus begun at block {common}")
        if stages.accepted < common:
            return self._import(bridge, common)
        return self._execute(bridge, common)

    def _import(self, bridge: BridgeClient, common: BlockNumber) -> Outcome:
        stages, history = bridge.status(), self._read(bridge)
        if stages.proven > stages.accepted:
            bridge.apply_message(self._account, self.deployment.primary, stages.proven)
            return Done(f"accepted up to block {stages.proven}")
        if stages.committed > stages.proven:
            items = []
            first = history.stored[BlockNumber(stages.proven + 1)]
            for number in range(stages.proven + 1, stages.committed + 1):
                stored = history.stored[BlockNumber(number)]
                if stored.lane != first.lane:
                    break
                items.append(self._prove_item(stored))
            bridge.prove_blocks(self._account, items)
            return Done(f"{_count(len(items), 'block')} from {first.number} on proven")
        numbers = range(stages.committed + 1, min(common, stages.committed + MAX_COMMIT_BLOCKS) + 1)
        blocks = [self._import_block(BlockNumber(number)) for number in numbers]
        bridge.commit_blocks(self._account, history.stored[BlockNumber(stages.committed)], blocks)
        return Done(f"{_count(len(blocks), 'block')} from {numbers[0]} on committed")

    def _import_block(self, number: BlockNumber) -> CommitBlock:
        """A block as a chain is given it that it does not concern: every slice is a claim."""
        opening = self._opening(number)
        _, _, packed, _, new_root = opening.header
        claimed = [k for k, count in enumerate(unpack_counts(packed)) if count]
        return CommitBlock(
            lane=self._history().blocks[number].block.lane,
            timestamp=self._history().stored[number].timestamp,
            counts=packed,
            new_root=new_root,
            commitment=opening.commitment,
            words=(),
            data=(),
            slice_hashes=tuple(opening.slice_hashes[k] for k in claimed),
            evaluations=tuple(opening.values[k] for k in claimed),
            signatures=(),
        )

    def _prove_item(self, stored: StoredBlock) -> ProveBlock:
        proof = self._history().proofs.get(stored.sync_hash)
        if proof is None:
            raise HistoryIncomplete(self._history().name, stored.number, "its proof is not published")
        return ProveBlock(stored, proof.inputs, proof.proof)

    def _execute(self, bridge: BridgeClient, common: BlockNumber) -> Outcome:
        stages, history = bridge.status(), self._read(bridge)
        for k in self.bridges:
            if k == bridge.chain_id:
                continue
            fact = bridge.ledger.frozen_at(k)
            assert fact is not None
            useful = min(fact[0], stages.accepted)
            if bridge.acknowledged(k) >= useful:
                continue
            opened = self._open(bridge, k, fact, useful)
            if opened is not None:
                return opened
            bridge.apply_message(self._account, k, useful)
            return Done(f"{self.deployment.chains[k].name} is known to have accepted up to block {useful}")
        numbers = range(stages.executed + 1, min(common, stages.executed + MAX_EXECUTE_BLOCKS) + 1)
        items = [_execute_item(history, BlockNumber(number)) for number in numbers]
        bridge.execute_blocks(self._account, items)
        return Done(f"{_count(len(items), 'block')} from {numbers[0]} on executed")

    # -- after it ------------------------------------------------------------------------------------------------

    def _cancel(self, bridge: BridgeClient) -> Outcome:
        history = self._read(bridge)
        for lane in Lane:
            waiting: Sequence[Request] = history.requests[lane][bridge.exodus.settled_requests(lane) :]
            if waiting:
                batch = waiting[:MAX_CANCELLED]
                bridge.exodus.cancel_requests(self._account, lane, [request.words() for request in batch])
                return Done(f"{_count(len(batch), 'request')} of the {lane.name.lower()} lane cancelled")
        return Finished()

    # -- reading -------------------------------------------------------------------------------------------------

    def _read(self, bridge: BridgeClient) -> ChainHistory:
        return read_chain(bridge, self.deployment)

    def _history(self) -> ChainHistory:
        """The primary's history; it is frozen when this is asked for, so it is read once."""
        if self._primary is None:
            self._primary = self._read(self.bridges[self.deployment.primary])
        return self._primary

    def _opening(self, number: BlockNumber) -> Opening:
        blocks = self._history().blocks
        if number not in blocks:
            raise HistoryIncomplete(self._history().name, number, "the primary chain has no such block")
        return blocks[number].opening


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _consumed(stored: StoredBlock, lane: Lane) -> int:
    return stored.swap_requests if lane is Lane.SWAP else stored.account_requests


def _execute_item(history: ChainHistory, number: BlockNumber) -> ExecuteBlock:
    payouts: Sequence[Payout] = history.payouts[number]
    return ExecuteBlock(history.stored[number], tuple(word for payout in payouts for word in payout.words()))
