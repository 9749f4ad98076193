"""Events of a node as they happen, over a WebSocket that may break: each once, in order, or an error that says which
are lost.

Takes topics and filters; gives typed events. After a break it comes back with the id of the last event that it has. It
holds no event back and keeps none: who takes them slowly makes the node wait, and at last lose them. Checks nothing of
what the node says.
"""

import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from zklink.client.api_caller import may_ask_again
from zklink.client.event_models import Event, Mark, Message, Reset
from zklink.client.patience import Patience
from zklink.client.session import Session
from zklink.client.sockets import Socket
from zklink.protocol.errors import EventsLost, NodeUnreachable, RequestRefused, StillWaiting, ZkLinkError
from zklink.schema.api.events import Subscribed, SubscribeRequest, Topic
from zklink.schema.api.refusals import Problem

SUBSCRIBE_SECONDS: Final = 3_600.0
"""How long a subscription goes on, unless the caller says otherwise."""
OPEN_SECONDS: Final = 5.0
"""How long a connection may take to open, and its first answer to come."""
QUIET_SECONDS: Final = 20.0
"""One wait for a message; whether the other side is alive the connection finds out by itself."""
_EVENT_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9]{1,18}")


class _Notification(msgspec.Struct):
    subscription: int
    event: Message


class _Refusal(msgspec.Struct):
    data: Problem


class _Frame(msgspec.Struct):
    """An event, or the answer to the subscription."""

    params: _Notification | None = None
    result: Subscribed | None = None
    error: _Refusal | None = None


@dataclass(slots=True)
class EventLine:
    """A subscription on one connection after another. `last` is the id of the last event that came."""

    session: Session
    request: SubscribeRequest
    last: str
    _socket: Socket | None = None

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    async def open(self, seconds: float = OPEN_SECONDS) -> None:
        """Connect and subscribe after the last event. Raises NodeUnreachable, EventsNotOffered, RequestRefused."""
        transport, patience = self.session.transport, Patience(self.session.transport, seconds)
        self._socket = await transport.open_socket(f"{self.session.caller.url}/rpc", seconds)
        try:
            params = msgspec.to_builtins(self.request) | {"after": self.last or None}
            call = {"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": params}
            await self._socket.send(msgspec.json.encode(call).decode())
            self._begin(await self._socket.receive(patience.left))
        except ZkLinkError:
            await self.close()
            raise

    async def next(self, seconds: float) -> Event | Mark | None:
        """The next event, which may be a mark; None if none comes in time. Raises NodeUnreachable, EventsLost; the
        line is closed then.
        """
        assert self._socket is not None
        try:
            text = await self._socket.receive(seconds)
            return None if text is None else self._take(self._decode(text))
        except ZkLinkError:
            await self.close()
            raise

    async def close(self) -> None:
        """End the connection; `open` makes another one."""
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    def _begin(self, text: str | None) -> None:
        """Read the answer to the subscription."""
        frame = _Frame() if text is None else self._decode(text)
        if frame.error is not None:
            problem = frame.error.data
            raise RequestRefused(problem.code, problem.message, problem.details)
        if frame.result is None:
            raise NodeUnreachable(self.session.caller.host, "no answer to the subscription")
        self.last = self.last or frame.result.last

    def _take(self, frame: _Frame) -> Event | Mark | None:
        if frame.params is None:
            return None
        event = frame.params.event
        if isinstance(event, Reset):
            raise EventsLost(self.last)
        if _EVENT_ID.fullmatch(event.id) is None:
            raise NodeUnreachable(self.session.caller.host, "its event has no id of this API")
        if is_known(event.id, self.last):
            return None
        self.last = event.id
        return event

    def _decode(self, text: str) -> _Frame:
        try:
            return msgspec.json.decode(text, type=_Frame)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NodeUnreachable(self.session.caller.host, f"its message is none of this API: {error}") from error


def build_request(topics: Sequence[Topic], **filters: Any) -> SubscribeRequest:
    """The request of a subscription. Raises RequestRefused for what the API would not take."""
    try:
        return msgspec.convert({"topics": list(topics), **filters}, SubscribeRequest)
    except msgspec.ValidationError as error:
        raise RequestRefused("invalid_request", str(error)) from error


async def subscribe(session: Session, request: SubscribeRequest, seconds: float) -> AsyncGenerator[Event, None]:
    """See `AsyncClient.subscribe`."""
    line, patience = EventLine(session, request, request.after or ""), Patience(session.transport, seconds)
    rests = Patience(session.transport, seconds)
    try:
        while not patience.is_over:
            await _open_patiently(line, patience)
            begun_after = line.last
            try:
                while not patience.is_over:
                    event = await line.next(min(QUIET_SECONDS, patience.left))
                    if event is not None and not isinstance(event, Mark):
                        yield event
            except NodeUnreachable as error:
                if line.last != begun_after:
                    rests = Patience(session.transport, patience.left)
                elif not await rests.pause() or patience.is_over:  # what brings nothing is not opened again at once
                    raise StillWaiting("the stream of events", seconds, f"not to be had: {error}") from error
    finally:
        await line.close()


async def _open_patiently(line: EventLine, whole: Patience) -> None:
    """Try again and again, with longer pauses. Raises StillWaiting when the time is over."""
    patience = Patience(line.session.transport, whole.left)
    while True:
        try:
            return await line.open(min(OPEN_SECONDS, max(patience.left, 0.1)))
        except (NodeUnreachable, RequestRefused) as error:
            if not may_ask_again(error):
                raise
            if not await patience.pause():
                raise StillWaiting("the stream of events", whole.seconds, f"not to be had: {error}") from error


def is_known(id: str, last: str) -> bool:
    """Whether an event of this id has come before: ids count up within a run of the node."""
    run, _, number = id.partition("-")
    last_run, _, last_number = last.partition("-")
    return run == last_run and number.isdecimal() and int(number) <= int(last_number or 0)
