"""The API of the stage's node, and a client's way to it and to every chain, all in this process.

Takes the node and its chains; gives a transport whose pauses let rounds pass, so that whoever waits with the client
waits for what happens on the stage. Never opens a port.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import httpx
from starlette.applications import Starlette
from web3.providers import BaseProvider

from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.live_view import LiveView
from zklink.api.sources import Sources
from zklink.client.sockets import Socket
from zklink.client.transport import JSON_HEADERS, Reply
from zklink.devnet.system import LocalSystem
from zklink.history.memory import MemoryHistory
from zklink.node.node import Node
from zklink.protocol.errors import EventsNotOffered
from zklink.protocol.ids import ChainId, TokenId
from zklink.service.program_link import ProgramLink
from zklink.service.wiring import link_chains

T = TypeVar("T")

HOST: Final = "stage"
URL: Final = f"http://{HOST}"
ROUND_SECONDS: Final = 1.0
"""Pauses that are shorter let no round pass: between two attempts nothing has to happen."""


class StageApi:
    """The API's application, and what it reads of every chain."""

    def __init__(self, system: LocalSystem, node: Node, program: ProgramLink, clock: Callable[[], float]) -> None:
        history, live, deployment = MemoryHistory(system.deployment.deployment_hash), LiveView(), system.deployment
        node.listen(history.take)
        links = link_chains(deployment, system.bridges, None, {program.profile.chain_id: program})
        self._readers = [
            link.api_reader(_list_tokens(system, chain), history, live, clock) for chain, link in links.items()
        ]
        for reader in self._readers:
            node.listen(reader.take)
        profiles = {chain: link.profile for chain, link in links.items()}
        sources = Sources(deployment, profiles, system.bridges, history, live, node, is_devnet=True)
        self.app: Starlette = build_app(sources, InlineDesk())

    def look(self) -> None:
        """Read every chain once more."""
        for reader in self._readers:
            reader.look()


def _list_tokens(system: LocalSystem, chain: ChainId) -> list[TokenId]:
    return [plan.token_id for plan in system.deployment.tokens if chain in plan.contracts]


class StageTransport:
    """A client's transport (`zklink.client.transport.Transport`). `nodes` are the chains', by name."""

    def __init__(self, app: Starlette, nodes: Mapping[str, BaseProvider], pass_round: Callable[[], None]) -> None:
        self._loop, self._nodes, self._pass_round = asyncio.new_event_loop(), nodes, pass_round
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
        self._seconds = 0.0

    @property
    def urls(self) -> dict[str | int, str]:
        """Addresses of the chains' nodes."""
        return {name: f"http://{name}" for name in self._nodes}

    async def send(self, verb: str, url: str, params: Mapping[str, str], body: bytes | None) -> Reply:
        """See `Transport`."""
        node = self._nodes.get(httpx.URL(url).host)
        if node is not None:
            asked = json.loads(body or b"{}")
            return Reply(200, json.dumps(node.make_request(asked["method"], asked["params"])).encode())
        request = self._http.request(verb, url, params=dict(params), content=body, headers=JSON_HEADERS)
        response = self._loop.run_until_complete(request)
        return Reply(response.status_code, response.content)

    async def open_socket(self, url: str, seconds: float) -> Socket:
        """See `Transport`."""
        raise EventsNotOffered(HOST, "rounds pass when somebody waits, and not by themselves")

    async def sleep(self, seconds: float) -> None:
        """See `Transport`."""
        self._seconds += seconds
        if seconds >= ROUND_SECONDS:
            self._pass_round()

    async def work(self, function: Callable[[], T]) -> T:
        """See `Transport`."""
        return function()

    async def close(self) -> None:
        """See `Transport`."""
        self._loop.run_until_complete(self._http.aclose())
        self._loop.close()

    def now(self) -> float:
        """See `Transport`."""
        return self._seconds
