"""Reads the history of a deployment from the calldata of its primary alone; each reading asks only for new data.

Takes the primary's history contract; gives its blocks. A history's caller is a plain account, so a call stands whole in
its transaction's input. Never believes a node: each call's blocks must give the sync hash of the contract's event, and
the last of them the one that the contract holds, which binds all before it.
"""

from collections.abc import Iterator, Sequence

from zklink.l1.contracts.bridge_events import BlocksAccepted, BridgeEvent
from zklink.l1.contracts.histories import PrimaryHistoryClient
from zklink.l1.deployment.records import Deployment
from zklink.l1.published.accept_calldata import read_accept_call
from zklink.l1.tallies import HistoryTally
from zklink.protocol.bridge_blocks import AcceptAgainCall, AcceptCall
from zklink.protocol.bridge_hashes import fold
from zklink.protocol.errors import CalldataUnreadable, HistoryIncomplete
from zklink.protocol.facts import Accepted, Group, Seal
from zklink.protocol.ids import BlockNumber
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.recovery.event_reader import EventReader
from zklink.recovery.words_kept import WordsKept


class HistoryReader:
    """The primary's history, read any number of times. Keeps the seals and ACCs that stand in its calldata."""

    def __init__(
        self,
        deployment: Deployment,
        primary: PrimaryHistoryClient,
        events: EventReader[BridgeEvent, HistoryTally],
        words: WordsKept,
    ) -> None:
        name = deployment.chains[deployment.primary].name
        self.history = AcceptedHistory(name, deployment.deployment_hash, deployment.genesis.root)
        self._primary, self._chain, self._events, self._words = primary, deployment.primary, events, words

    def read(self) -> AcceptedHistory:
        """The history up to now; always the same object. Blocks that the primary has lost since the last reading stay
        seen in it.

        Raises HistoryDisagrees, HistoryIncomplete, LogsIncomplete, RpcUnavailable.
        """
        accepted = [event for event in self._events.read() if isinstance(event, BlocksAccepted)]
        for event in self._find_new(accepted):
            if not self.history.take_seen(event.sync_hash):
                call = self._read_call(event)
                self.history.take(call.first, call.blocks, event.sync_hash)
                self._keep_words(call)
        return self.history

    def _find_new(self, events: Sequence[BridgeEvent]) -> Iterator[BlocksAccepted]:
        """The events whose blocks are not in the history yet; drops blocks that the chain does not have any more."""
        history, known = self.history, 0
        accepted = [event for event in events if isinstance(event, BlocksAccepted)]
        for event in accepted:
            if not history.has(event.last, event.sync_hash):
                break
            known = event.last
        history.go_back(known)
        yield from (event for event in accepted if event.last > known)

    def _read_call(self, event: BlocksAccepted) -> AcceptCall | AcceptAgainCall:
        try:
            return read_accept_call(self._primary, event.log.tx_hash, event.first)
        except CalldataUnreadable as error:
            name = self.history.name
            what = f"{error.detail}; give --rpc {name}=URL of a node that keeps old transactions"
            raise HistoryIncomplete(name, event.last, what) from error

    def _keep_words(self, call: AcceptCall | AcceptAgainCall) -> None:
        last = call.first + len(call.blocks) - 1
        if last > self.history.height:
            return
        sync_hash = self.history.sync_hash(last)
        if isinstance(call, AcceptCall):
            self._words.keep(Seal(BlockNumber(last), sync_hash), Group.VALIDATORS, call.seal)
        else:
            place = Accepted(BlockNumber(last + len(call.later)), fold(sync_hash, call.later))
            self._words.keep_both(place, call.validators, call.watchers)
