"""A node of the laboratory's Solana chain as an HTTP client reaches it, in process, and what goes wrong on the way."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from zklink.lab.solana.chain import LocalSolana
from zklink.solana.client.node import SolanaNode

FINE, LOST, BLIND, DROPPED, BUSY = "fine", "lost", "blind", "dropped", "busy"
TROUBLES = (FINE, LOST, BLIND, DROPPED, BUSY)
"""Of what is sent: the node takes it; it is lost before, or its answer after; the node takes it and never hands it on;
it says that it is busy.
"""


@dataclass
class LossyNode:
    """The way to a node. `troubles` are what happens to the transactions sent, one after another; then all is fine."""

    chain: LocalSolana
    troubles: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)

    def client(self, pause: Callable[[float], None] = lambda seconds: None) -> SolanaNode:
        """The client of this node."""
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        return SolanaNode("solana", "http://node.example/key-1234", http, pause)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        trouble = self.troubles.pop(0) if self.troubles and asked["method"] == "sendTransaction" else FINE
        if trouble == LOST:
            raise httpx.ConnectError("no way to http://node.example/key-1234", request=request)
        if trouble == BUSY:
            return httpx.Response(503)
        if trouble == DROPPED:
            return httpx.Response(200, json={"jsonrpc": "2.0", "id": asked["id"], "result": "1" * 64})
        if asked["method"] == "sendTransaction":
            self.sent.append(asked["params"][0])
        found = self.chain.node.answer(asked["method"], asked["params"])
        if trouble == BLIND:
            raise httpx.ReadTimeout("no answer", request=request)
        return httpx.Response(200, json={**found, "id": asked["id"]})
