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
MOST_AT_ONCE = 64
"""After so many rings in a row, each at once, there is a pause: the chains' nodes are not asked without end."""
LEAST_SECONDS = 0.2
"""What is not at once, and that pause."""


class Bell:
    """Rings for one transaction."""

    def __init__(self, session: Session, tx_hash: str) -> None:
        self._session, self._tx_hash, self._is_offered = session, tx_hash, True
        self._line, self._at_once = self._start(), 0

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
                begun = patience.left
                await self._line.next(max(min(SILENT_SECONDS, begun), 0.0))
                self._at_once = self._at_once + 1 if begun - patience.left < LEAST_SECONDS else 0
                if self._at_once > MOST_AT_ONCE:
                    await patience.tick(LEAST_SECONDS)
                return
        except (NodeUnreachable, ClientError):
            self._line = self._start()
        await patience.tick(seconds)

    async def close(self) -> None:
        """End the stream."""
        await self._line.close()

    def _start(self) -> EventLine:
        return EventLine(self._session, build_request(["transfers"], tx_hash=self._tx_hash), "")
