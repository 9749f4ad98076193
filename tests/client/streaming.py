"""A node that only has events, and a wire to it that is cut after so many bytes, on loopback.

The node tells blocks 1, 2, 3 and so on, whose ids are their numbers, from the one after `after` on; then it waits for
the client to go.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from zklink.client.sockets import Socket
from zklink.client.transport import AsyncTransport, BlockingTransport
from zklink.primitives.keccak import keccak256

RUN = "0123abcd"
BLOCKS = 6
BUFFER = 65_536


def build_event(number: int, topic: str = "blocks", run: str = RUN) -> dict[str, Any]:
    """What the node sends."""
    block = {
        "number": number,
        "lane": "swap",
        "timestamp": 1_800_000_000 + number,
        "commitment": f"0x{keccak256(bytes([number])).hex()}",
        "root": str(number),
        "is_proven": False,
        "requests": [],
        "operations": [],
        "chains": [],
    }
    event = {"id": f"{run}-{number}", "topic": topic, "data": block if topic == "blocks" else {}}
    return {"jsonrpc": "2.0", "method": "event", "params": {"subscription": 1, "event": event}}


class Teller:
    """The node. `asked` are the `after` of each subscription; `extra` goes out before the event of a number; `refusals`
    are answers to the first subscriptions in the place of events.
    """

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.extra: dict[int, list[dict[str, Any]]] = {}
        self.refusals: list[dict[str, Any]] = []
        self.blocks = BLOCKS

    def serve(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            call = json.loads(connection.recv())
            after = call["params"].get("after")
            self.asked.append(after)
            if self.refusals:
                connection.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], **self.refusals.pop(0)}))
                return
            result = {"subscription": 1, "last": after or f"{RUN}-0"}
            connection.send(json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result}))
            for number in range(int((after or "-0").partition("-")[2]) + 1, self.blocks + 1):
                for message in (*self.extra.get(number, ()), build_event(number)):
                    connection.send(json.dumps(message))
            connection.recv()


class CutWire:
    """Passes bytes on. The first connections are cut after `cuts` bytes from the node each, later ones never."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        self.cuts, self._port, self._open = list(cuts), port, True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._open = False
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            allowed = self.cuts.pop(0) if self.cuts else None
            node = socket.create_connection(("127.0.0.1", self._port))
            for source, target, most in ((client, node, None), (node, client, allowed)):
                self._threads.append(threading.Thread(target=_pump, args=(source, target, most), daemon=True))
                self._threads[-1].start()


def _pump(source: socket.socket, target: socket.socket, most: int | None) -> None:
    """Pass on until one side ends, or so many bytes have passed."""
    passed = 0
    with suppress(OSError):
        while most is None or passed < most:
            data = source.recv(BUFFER if most is None else min(BUFFER, most - passed))
            if not data:
                break
            target.sendall(data)
            passed += len(data)
    for end in (target, source):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()


@contextmanager
def open_nothing() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def open_node(teller: Teller, *cuts: int) -> Iterator[str]:
    """The address of a node behind a wire with these cuts."""
    with serve(teller.serve, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with open_wire(server.socket.getsockname()[1], *cuts) as url:
            yield url
        server.shutdown()
        thread.join(10)


@contextmanager
def open_wire(port: int, *cuts: int) -> Iterator[str]:
    """The address of a wire to a port of this machine, with these cuts."""
    wire = CutWire(port, list(cuts))
    try:
        yield wire.url
    finally:
        wire.close()


MOST_OPENED = 200
"""Connections of one client; more are made by one that tries again without a rest."""


class Hasty:
    """A clock that is that of its pauses, which take no time."""

    paused, opened = 0.0, 0

    async def open_socket(self, url: str, seconds: float) -> Socket:
        self.opened += 1
        assert self.opened <= MOST_OPENED
        opened: Socket = await super().open_socket(url, seconds)  # type: ignore[misc]
        return opened

    async def sleep(self, seconds: float) -> None:
        self.paused += seconds

    def now(self) -> float:
        return self.paused


class HastyBlocking(Hasty, BlockingTransport):
    """A blocking transport that waits for nothing."""


class HastyAsync(Hasty, AsyncTransport):
    """An asynchronous transport that waits for nothing."""
