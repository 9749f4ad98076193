"""The API on a pipeline whose rounds a test lets pass: what a client sees, and what the world does."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from tests.api.signed_orders import open_relayer
from tests.scenarios.pipeline import MAX_ROUNDS, Pipeline
from zklink.api.app import build_app
from zklink.api.desk import InlineDesk
from zklink.api.limits import Limits
from zklink.api.live_view import LiveView
from zklink.api.sources import Sources
from zklink.explorer.pages import build_pages
from zklink.history.memory import MemoryHistory
from zklink.l1.contracts.bridge_events import SwapRequested
from zklink.operations.requests import RequestKey
from zklink.service.wiring import link_chains

GENEROUS = Limits(allowance=1_000_000, allowance_per_second=1_000_000)


class Scene:
    """A node with its API. `client` speaks to it over HTTP, in this process."""

    client: TestClient

    def __init__(self, pipeline: Pipeline, limits: Limits = GENEROUS) -> None:
        self.pipeline, self.limits = pipeline, limits
        system = pipeline.system
        self.history, self.live = MemoryHistory(system.deployment.deployment_hash, "0123abcd"), LiveView()
        pipeline.node.listen(self.history.take)
        links = link_chains(system.deployment, system.bridges, None, pipeline.programs)
        self.readers = [
            link.api_reader(
                [plan.token_id for plan in system.deployment.tokens if chain in plan.contracts],
                self.history,
                self.live,
                pipeline.clock,
            )
            for chain, link in links.items()
        ]
        for reader in self.readers:
            pipeline.node.listen(reader.take)
        profiles = {chain: link.profile for chain, link in links.items()}
        self.relayer = open_relayer(system)
        self.sources = Sources(
            system.deployment,
            profiles,
            system.bridges,
            self.history,
            self.live,
            pipeline.node,
            proof_seconds=3.0,
            relayer=self.relayer,
            programs={chain: link.asker() for chain, link in pipeline.programs.items()},
        )
        self.round(2)

    @contextmanager
    def serve(self) -> Iterator[None]:
        """The API is up."""
        self.app = build_app(self.sources, InlineDesk(), self.limits, pages=build_pages)
        with TestClient(self.app, raise_server_exceptions=True) as client:
            self.client = client
            yield

    def round(self, count: int = 1) -> None:
        """A round of the pipeline, and every chain is read."""
        for _ in range(count):
            self.pipeline.round()
            self.read()

    def read(self) -> None:
        """The API's readers look at every chain."""
        for reader in self.readers:
            reader.look()

    def get(self, path: str, **query: Any) -> Any:
        """The answer of a GET that must succeed."""
        response = self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def refuse(self, path: str, **query: Any) -> tuple[int, str]:
        """(status, code) of a GET that must be refused."""
        response = self.client.get(path, params=query)
        return response.status_code, response.json()["error"]["code"]

    def stream(self, path: str, headers: dict[str, str], events: int) -> list[str]:
        """The lines of a stream up to so many events, after which the client goes away."""
        return asyncio.run(self._stream(path, headers, events))

    async def _stream(self, path: str, headers: dict[str, str], events: int) -> list[str]:
        body, enough = bytearray(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            await enough.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            body.extend(message.get("body", b""))
            if body.count(b"\ndata: ") >= events:
                enough.set()

        place, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": "GET",
            "path": place,
            "raw_path": place.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 5),
            "asgi": {"version": "3.0", "spec_version": "2.3"},
        }
        await asyncio.wait_for(self.app(scope, receive, send), 30)
        return body.decode().splitlines()

    def rpc(self, method: str, params: Any = None, **members: Any) -> Any:
        """The whole answer of JSON-RPC."""
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **members}
        response = self.client.post("/rpc", json=call)
        assert response.status_code == 200, response.text
        return response.json()

    def tx_hash(self, key: RequestKey) -> str:
        """The transaction of a swap's request, as its chain knows it."""
        bridge = self.pipeline.system.bridges[key[0]]
        events = bridge.events_named([SwapRequested], 0, bridge.client.head().number)
        found = [event for event in events if isinstance(event, SwapRequested) and event.request.request_id == key[1]]
        return f"0x{found[-1].log.tx_hash.hex()}"

    def follow(self, tx_hash: str, until: str) -> list[str]:
        """The states of a transaction's swap, each once, in the order in which they came, up to `until`."""
        states: list[str] = []
        for _ in range(MAX_ROUNDS):
            state = self.get(f"/v1/transfers/{tx_hash}")["state"]
            if state not in states[-1:]:
                states.append(state)
            if state == until:
                return states
            self.round()
        raise AssertionError(f"never {until}, but {states}; the node reported {self.pipeline.retries()}")
