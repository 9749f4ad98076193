"""Whether it is worth asking the node again about a transaction: its stream of events rings.

Takes a transaction's hash; waits until the node has news of it, or for a while. Where there is no stream, or it breaks,
a pause is only a pause. What the news are the stream is not believed: who is rung for asks.
"""

from zklink.client.patience import Patience
from zklink.client.session import Session
from zklink.client.subscription import OPEN_SECONDS, EventLine, build_request
from zklink.protocol.errors import ClientError, NodeUnreachable, RequestRefused

SILENT_SECONDS = 15.0
"""The longest pause while a stream is open: the node is asked all the same."""


class Bell:
    """Rings for one transaction."""

    def __init__(self, session: Session, tx_hash: str) -> None:
        self._session, self._tx_hash, self._is_offered = session, tx_hash, True
        self._line = self._start()

    async def open(self, seconds: float) -> None:
        """Have the stream open before the node is asked, if it has one: then no news fall between."""
        if self._line.is_open or not self._is_offered:
            return
        try:
            await self._line.open(max(min(seconds, OPEN_SECONDS), 0.1))
        except NodeUnreachable:
            pass
        except (ClientError, RequestRefused):  # no stream here
            self._is_offered = False

    async def wait(self, patience: Patience, seconds: float) -> None:
        """Wait for news; without a stream, so many seconds. Never longer than the time that is left."""
        try:
            if self._line.is_open:
                await self._line.next(max(min(SILENT_SECONDS, patience.left), 0.0))
                return
        except (NodeUnreachable, ClientError):
            self._line = self._start()
        await patience.tick(seconds)

    async def close(self) -> None:
        """End the stream."""
        await self._line.close()

    def _start(self) -> EventLine:
        return EventLine(self._session, build_request(["transfers"], tx_hash=self._tx_hash), "")
