"""Requests that chains show and that have no confirmations yet: a history holds them in this process alone, for the
chains show them again. Safe to use from several threads.
"""

from collections.abc import Iterable
from threading import Lock

from zklink.history.transfer_record import Glimpse, TransferRecord
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import ChainId


class Glimpses:
    """What each chain shows now."""

    def __init__(self) -> None:
        self._seen: dict[ChainId, tuple[Glimpse, ...]] = {}
        self._lock = Lock()

    def see(self, chain: ChainId, glimpses: Iterable[Glimpse]) -> list[RequestKey]:
        """All that a chain shows, instead of what it showed before; gives those that are new."""
        with self._lock:
            before = {glimpse.request.request_id for glimpse in self._seen.get(chain, ())}
            self._seen[chain] = tuple(glimpses)
            return [
                (glimpse.request.source, glimpse.request.request_id)
                for glimpse in self._seen[chain]
                if glimpse.request.request_id not in before
            ]

    def by_hash(self, tx_hash: bytes) -> list[TransferRecord]:
        """The swaps of a transaction."""
        with self._lock:
            return [_describe(g) for seen in self._seen.values() for g in seen if g.tx_hash == tx_hash]

    def find(self, key: RequestKey) -> TransferRecord | None:
        """A swap by its request."""
        with self._lock:
            seen = self._seen.get(key[0], ())
        return next((_describe(glimpse) for glimpse in seen if glimpse.request.request_id == key[1]), None)


def _describe(glimpse: Glimpse) -> TransferRecord:
    return TransferRecord(glimpse.request, glimpse.tx_hash, glimpse.l1_block, is_confirmed=False)
