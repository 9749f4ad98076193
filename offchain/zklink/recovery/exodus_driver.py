"""Brings chains to exodus, one transaction at a time, from the published data of the chains alone.

Takes the clients of all chains and an account that pays gas; each `advance` looks at one chain and sends its next
transaction: freeze, open history, find the common block, commit, prove, apply, execute, begin exodus, cancel requests.
Decides by the present state of the chains, so others may do the same, and a restart changes nothing. Never uses a key
of the operator. Protocol sections 8 and 10.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.records import Deployment
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.protocol.block_preimage import compute_opened_commitment, compute_opened_sync_hash
from zklink.protocol.bridge_blocks import BlockPreimage, ExecuteBlock, Step
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.commitment import unpack_counts
from zklink.protocol.errors import CallReverted, HistoryIncomplete, LogsIncomplete
from zklink.protocol.ids import EXECUTION_SECONDS, EXPIRY_SECONDS, BlockNumber, ChainId, Lane
from zklink.protocol.limits import CANCEL_BATCH, MAX_COMMIT_BLOCKS, MAX_EXECUTE_BLOCKS, MAX_PREIMAGES, MAX_STEPS
from zklink.recovery.block_finder import build_import
from zklink.recovery.chain_history import ChainHistory
from zklink.recovery.history_reader import HistoryReader


@dataclass(frozen=True, slots=True)
class Done:
    """A transaction was sent; `what` describes it."""

    what: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing can be sent to a chain now; `why` gives the reason."""

    why: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Exodus has begun and every open request is cancelled."""


Outcome = Done | Waiting | Finished


class ExodusDriver:
    """Drives all chains of a deployment. Raises HistoryDisagrees, HistoryIncomplete, BlockUnreadable, LogsIncomplete,
    RequestGap, RpcUnavailable, and what `ChainClient.send` raises.
    """

    def __init__(self, deployment: Deployment, bridges: Mapping[ChainId, BridgeClient], account: LocalAccount) -> None:
        self.deployment = deployment
        self.bridges = bridges
        self.reader = HistoryReader(deployment, bridges)
        self._account = account

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
        now, since = bridge.client.head().timestamp, bridge.waiting_since()
        if since and now > since + EXECUTION_SECONDS:
            bridge.exodus.freeze_for_execution(self._account)
            return Done("frozen: accepted blocks were not executed in time")
        times = [first.queued_at + EXPIRY_SECONDS for lane in Lane for first in self._first_open(bridge, lane)]
        if any(now > time for time in times):
            frozen = self._freeze_for_request(bridge, now)
            if frozen is not None:
                return frozen
        times = [time for time in (*times, *([since + EXECUTION_SECONDS] if since else [])) if time >= now]
        if not times:
            return Waiting("it is not frozen, and nothing waits there: a request such as a full exit starts the clock")
        return Waiting(
            f"it is not frozen; if the operator does not answer, anyone can freeze it after {_date(min(times))}"
        )

    def _freeze_for_request(self, bridge: BridgeClient, now: int) -> Outcome | None:
        history = self.reader.read(bridge.chain_id)
        accepted = history.stored[BlockNumber(bridge.status().accepted)]
        for lane in Lane:
            open_requests = history.requests[lane][accepted.consumed(lane) :]
            if open_requests and now > open_requests[0].queued_at + EXPIRY_SECONDS:
                bridge.exodus.freeze_for_request(self._account, lane, open_requests[0].words(), accepted)
                return Done(f"frozen: request {open_requests[0].request_id} of the {lane.name.lower()} lane is too old")
        return None

    def _first_open(self, bridge: BridgeClient, lane: Lane) -> Sequence[Request]:
        """The first request that is in no executed block, if there is one; cheaper than reading the blocks."""
        return self._open_requests(bridge, lane, bridge.request_counts(lane).settled)[:1]

    def _open_requests(self, bridge: BridgeClient, lane: Lane, settled: int) -> Sequence[Request]:
        """The requests of a lane after the first `settled`. The bridge's own count decides whether those are all."""
        total = bridge.request_counts(lane).total
        requests = self.reader.requests(bridge.chain_id, lane)
        if len(requests) < total:
            detail = f"they give {len(requests)} requests of the {lane.name.lower()} lane, and the bridge has {total}"
            raise LogsIncomplete(bridge.client.profile.name, detail)
        return requests[settled:]

    # -- the last common block -----------------------------------------------------------------------------------

    def _open_history(self, bridge: BridgeClient) -> Outcome | None:
        """Open the primary's frozen history down to the last block that this chain has accepted itself."""
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
            preimage = self.reader.preimage(BlockNumber(at))
            if compute_opened_sync_hash(preimage) != sync_hash:
                raise HistoryIncomplete(self.deployment.chains[source].name, at, "its frozen history is not published")
            below = preimage.previous_sync_hash
            is_known = bridge.ledger.is_known(source, at - 1, below)
            if is_known and source == self.deployment.primary:
                is_known = bridge.ledger.frozen_history(at - 1) == below
            if is_known:
                top, top_hash, steps = BlockNumber(at - 1), below, []
            elif len(steps) < MAX_STEPS:
                steps.append(Step(below, compute_opened_commitment(preimage)))
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
        preimages: list[BlockPreimage] = []
        for number in range(start + 1, last[0] + 1):
            preimage = self.reader.preimage(BlockNumber(number))
            preimages.append(preimage)
            if len(preimages) == MAX_PREIMAGES or self._is_blocked(bridge, preimage, number):
                break
        bridge.ledger.find_common_block(self._account, preimages)
        is_known, number = bridge.ledger.common_block()
        return Done(f"blocks are common up to {number}" + (", the last common one" if is_known else ""))

    def _is_blocked(self, bridge: BridgeClient, preimage: BlockPreimage, number: int) -> bool:
        counts = unpack_counts(preimage.header[2])
        facts = {k: bridge.ledger.frozen_at(k) for k in self.bridges}
        return any(counts[k] and fact is not None and fact[0] < number for k, fact in facts.items())

    # -- up to the last common block -----------------------------------------------------------------------------

    def _finish(self, bridge: BridgeClient, common: BlockNumber) -> Outcome:
        stages = bridge.status()
        if stages.executed == common:
            stored = self.reader.read(bridge.chain_id).stored[common]
            bridge.exodus.begin_exodus(self._account, stored)
            return Done(f"exodus begun at block {common}")
        if stages.accepted < common:
            return self._import(bridge, common)
        return self._execute(bridge, common)

    def _import(self, bridge: BridgeClient, common: BlockNumber) -> Outcome:
        stages = bridge.status()
        if stages.proven > stages.accepted:
            bridge.apply_message(self._account, self.deployment.primary, stages.proven)
            return Done(f"accepted up to block {stages.proven}")
        history = self.reader.read(bridge.chain_id)
        if stages.committed > stages.proven:
            numbers = _above(stages.proven, stages.committed)
            return self._prove(bridge, [history.stored[BlockNumber(number)] for number in numbers])
        numbers = _above(stages.committed, min(common, stages.committed + MAX_COMMIT_BLOCKS))
        preimages = [self.reader.preimage(BlockNumber(number)) for number in numbers]
        blocks = [build_import(preimage, self.deployment.deployment_hash) for preimage in preimages]
        bridge.commit_blocks(self._account, history.stored[BlockNumber(stages.committed)], blocks)
        return Done(f"{_count(len(blocks), 'block')} from {numbers[0]} on committed")

    def _prove(self, bridge: BridgeClient, waiting: Sequence[StoredBlock]) -> Outcome:
        """Prove the next blocks of one lane at once; where one of their proofs is refused, the next block alone.

        Anyone can write something like a proof into a transaction's input, so after a refused proof the next one is
        tried.
        """
        batch = list(takewhile(lambda stored: stored.lane == waiting[0].lane, waiting))
        items = [item for stored in batch if (item := next(self.reader.proofs(stored), None)) is not None]
        if len(items) == len(batch) > 1:
            with suppress(CallReverted):
                bridge.prove_blocks(self._account, items)
                return Done(f"{_count(len(items), 'block')} from {batch[0].number} on proven")
        for item in self.reader.proofs(batch[0]):
            with suppress(CallReverted):
                bridge.prove_blocks(self._account, [item])
                return Done(f"block {item.block.number} proven")
        detail = "no proof that this chain takes can be read from any chain; a node that answers traces may show one"
        raise HistoryIncomplete(bridge.client.profile.name, batch[0].number, detail)

    def _execute(self, bridge: BridgeClient, common: BlockNumber) -> Outcome:
        stages = bridge.status()
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
            return Done(f"applied: {self.deployment.chains[k].name} has accepted up to block {useful}")
        history = self.reader.read(bridge.chain_id)
        numbers = _above(stages.executed, min(common, stages.executed + MAX_EXECUTE_BLOCKS))
        items = [_execute_item(history, BlockNumber(number)) for number in numbers]
        bridge.execute_blocks(self._account, items)
        return Done(f"{_count(len(items), 'block')} from {numbers[0]} on executed")

    # -- after it ------------------------------------------------------------------------------------------------

    def _cancel(self, bridge: BridgeClient) -> Outcome:
        for lane in Lane:
            waiting = self._open_requests(bridge, lane, bridge.exodus.settled_requests(lane))
            if waiting:
                batch = waiting[:CANCEL_BATCH]
                bridge.exodus.cancel_requests(self._account, lane, [request.words() for request in batch])
                return Done(f"{_count(len(batch), 'request')} of the {lane.name.lower()} lane cancelled")
        return Finished()


def _above(done: int, last: int) -> range:
    return range(done + 1, last + 1)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _date(seconds: int) -> str:
    """A time as people write it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _execute_item(history: ChainHistory, number: BlockNumber) -> ExecuteBlock:
    payouts: Sequence[Payout] = history.payouts[number]
    return ExecuteBlock(history.stored[number], tuple(word for payout in payouts for word in payout.words()))
