"""The JSON-RPC door over WebSocket, with subscriptions.

Each message is a call or a batch, answered in order; events come between the answers, as notifications `event`. Takes
connections up to a number, and so many of one caller.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from zklink.api.allowance import name_caller
from zklink.api.calls import Calls
from zklink.api.events import Hub, Subscriber
from zklink.api.json_rpc import JsonRpc, name_params
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.events import Event, Subscribed, SubscribeRequest, Unsubscribed, UnsubscribeRequest
from zklink.schema.api.openrpc import SUBSCRIBE, UNSUBSCRIBE

LOG: Final = logging.getLogger(__name__)

TRY_AGAIN_LATER: Final = 1013
"""The code with which a connection too many is closed (RFC 6455, registry of close codes)."""
INTERNAL_ERROR: Final = 1011
"""The code of a mistake of this program."""


class Sockets:
    """Serves connections; counts them."""

    def __init__(self, calls: Calls, hub: Hub) -> None:
        self._calls, self._hub = calls, hub
        self._of: Counter[str] = Counter()

    async def serve(self, socket: WebSocket) -> None:
        """One connection until it ends."""
        caller, limits = name_caller(socket.client.host if socket.client else None), self._calls.limits
        await socket.accept()
        if self._of.total() >= limits.sockets or self._of[caller] >= limits.sockets_per_caller:
            await socket.close(TRY_AGAIN_LATER, "too_many_connections")
            return
        self._of[caller] += 1
        connection = _Connection(socket, self._calls, self._hub, caller)
        try:
            await connection.run()
        except (WebSocketDisconnect, RuntimeError):  # the client has gone away, before or while it was answered
            pass
        finally:
            connection.close()
            self._of -= Counter([caller])


class _Connection:
    """One connection with its subscriptions."""

    def __init__(self, socket: WebSocket, calls: Calls, hub: Hub, caller: str) -> None:
        self._socket, self._calls, self._hub, self._caller = socket, calls, hub, caller
        self._subscriptions: dict[int, tuple[Subscriber, asyncio.Task[None]]] = {}
        self._numbers = count(1)
        self._rpc = JsonRpc(calls, caller, {"subscribe": self._subscribe, "unsubscribe": self._unsubscribe})

    async def run(self) -> None:
        """Answer messages until the client goes."""
        while True:
            message = await self._socket.receive()
            if message["type"] != "websocket.receive":
                return
            text = message.get("text")
            answer = await self._rpc.answer(text.encode() if text is not None else message.get("bytes") or b"")
            if answer is not None:
                await self._send(answer)

    def close(self) -> None:
        """End every subscription."""
        for subscriber, task in self._subscriptions.values():
            self._hub.leave(subscriber)
            task.cancel()
        self._subscriptions.clear()

    async def _subscribe(self, params: Any) -> Subscribed:
        self._calls.allowances.spend(self._caller, SUBSCRIBE.cost)
        request = _read(params, SubscribeRequest)
        if len(self._subscriptions) >= self._calls.limits.subscriptions:
            limit = self._calls.limits.subscriptions
            raise RequestRefused("too_many_connections", f"a connection may have {limit} subscriptions")
        subscriber = Subscriber(self._hub.sources, request, self._calls.limits.events_waiting)
        number = next(self._numbers)
        last = self._hub.join(subscriber)
        self._subscriptions[number] = subscriber, asyncio.create_task(self._forward(number, subscriber))
        return Subscribed(subscription=number, last=last)

    async def _unsubscribe(self, params: Any) -> Unsubscribed:
        self._calls.allowances.spend(self._caller, UNSUBSCRIBE.cost)
        found = self._subscriptions.pop(_read(params, UnsubscribeRequest).subscription, None)
        if found is not None:
            self._hub.leave(found[0])
            found[1].cancel()
        return Unsubscribed(was_there=found is not None)

    async def _forward(self, number: int, subscriber: Subscriber) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the connection has ended
            events = subscriber.events()
            while True:
                try:
                    event = await anext(events)
                except Exception:  # whoever has subscribed must not wait for events that never come
                    LOG.exception("a subscription failed")
                    await self._socket.close(INTERNAL_ERROR, "internal")
                    return
                await self._send(_notify(number, event))

    async def _send(self, value: Any) -> None:
        await self._socket.send_text(msgspec.json.encode(value).decode())


def _read(params: Any, type_: type[Any]) -> Any:
    try:
        return msgspec.convert(name_params(params, type_.__struct_fields__), type_)
    except msgspec.ValidationError as error:
        raise RequestRefused("invalid_request", str(error)) from error


def _notify(number: int, event: Event) -> Mapping[str, Any]:
    return {"jsonrpc": "2.0", "method": "event", "params": {"subscription": number, "event": event}}
