"""The wire between a client and a node in this process: requests reach the API and the chains, and time passes in
rounds. A test may tamper with any answer, or cut the wire.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from tests.api.scene import Scene
from zklink import AsyncClient, Client, Wallet
from zklink.client.sockets import Socket
from zklink.client.transport import Reply
from zklink.lab.rpc_proxy import RpcProxy
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import EventsNotOffered, NodeUnreachable

T = TypeVar("T")
API = "http://node"
ROUND_SECONDS = 1.0
"""Pauses that are shorter let no round pass: between two attempts nothing has to happen."""
Tamper = Callable[[Any], Any]


class Wire:
    """A transport for both faces. `sent` are the methods and paths that were asked, in order. `frames`
    are the events of its sockets; without them it has none."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.seconds = scene, 0.0
        self.sent: list[str] = []
        self.lies: dict[str, Tamper] = {}
        self.cuts: dict[str, int] = {}
        self.losses: dict[str, int] = {}
        self.missing: dict[str, str] = {}
        self.frames: Iterator[dict[str, Any] | None] | None = None
        self._nodes = {chain.name: RpcProxy(_ask(chain)) for chain in scene.pipeline.system.world}

    @property
    def urls(self) -> dict[str | int, str]:
        """Addresses of the chains' nodes."""
        return {name: f"http://{name}" for name in self._nodes}

    @property
    def described(self) -> dict[str, Any]:
        """What `zklink devnet --json` would write of this scene."""
        system = self.scene.pipeline.system
        roles = system.world.roles
        accounts = {"depositor": roles.depositor, "recipient": roles.recipient}
        return {
            "api": API,
            "deployment_hash": f"0x{system.deployment.deployment_hash.hex()}",
            "chains": [{"name": name, "rpc": url} for name, url in self.urls.items()],
            "accounts": {
                name: {"address": account.address, "key": f"0x{bytes(account.key).hex()}"}
                for name, account in accounts.items()
            },
        }

    def open(self, **terms: Any) -> Client:
        """A client on this wire."""
        return Client(API, terms.pop("rpc", self.urls), transport=self, **terms)

    def open_async(self, **terms: Any) -> AsyncClient:
        """The other face on this wire."""
        return AsyncClient(API, terms.pop("rpc", self.urls), transport=self, **terms)

    def wallet(self, role: str = "depositor") -> Wallet:
        """The wallet of one of the local network's people."""
        return Wallet.from_account(getattr(self.scene.pipeline.system.world.roles, role))

    def lie(self, what: str, tamper: Tamper) -> None:
        """Change the answers to a path of the API, or to `CHAIN METHOD`."""
        self.lies[what] = tamper

    def cut(self, what: str, times: int) -> None:
        """So many questions of this kind get no answer."""
        self.cuts[what] = times

    def lose(self, what: str, times: int) -> None:
        """So many questions of this kind arrive, and their answers get lost."""
        self.losses[what] = times

    def refuse_calls(self, chain: str, signature: str) -> None:
        """A function that no contract of a chain has."""
        self.missing[chain] = f"0x{keccak256(signature.encode())[:4].hex()}"

    async def send(self, verb: str, url: str, params: Mapping[str, str], body: bytes | None) -> Reply:
        host, _, path = url.removeprefix("http://").partition("/")
        what = f"/{path}" if host == "node" else f"{host} {json.loads(body or b'{}')['method']}"
        self.sent.append(what)
        if self.cuts.get(what, 0) > 0:
            self.cuts[what] -= 1
            raise NodeUnreachable(host, "cut")
        reply = self._answer(host, path, verb, params, body, what)
        if self.losses.get(what, 0) > 0:
            self.losses[what] -= 1
            raise NodeUnreachable(host, "lost")
        return reply

    def _answer(
        self, host: str, path: str, verb: str, params: Mapping[str, str], body: bytes | None, what: str
    ) -> Reply:
        if host == "node":
            response = self.scene.client.request(
                verb, f"/{path}", params=dict(params), content=body, headers={"content-type": "application/json"}
            )
            return Reply(response.status_code, self._tell(what, response.content))
        asked = json.loads(body or b"{}")
        if asked["method"] == "eth_call" and asked["params"][0]["data"].startswith(self.missing.get(host, "none")):
            return Reply(200, json.dumps({"error": {"code": 3, "message": "execution reverted"}}).encode())
        answer = self._nodes[host].make_request(asked["method"], asked["params"])
        return Reply(200, self._tell(what, json.dumps(answer).encode()))

    async def open_socket(self, url: str, seconds: float) -> Socket:
        if self.frames is None:
            raise EventsNotOffered("node", "nothing but requests goes over this wire")
        self.sent.append("socket")
        return Ringing(self)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if seconds >= ROUND_SECONDS:
            self.scene.round()

    async def work(self, function: Callable[[], T]) -> T:
        return function()

    async def close(self) -> None:
        """Nothing is open."""

    def now(self) -> float:
        return self.seconds

    def _tell(self, what: str, content: bytes) -> bytes:
        if what not in self.lies:
            return content
        return json.dumps(self.lies[what](json.loads(content))).encode()


class Ringing:
    """A socket that takes a subscription; then a round passes for each of the wire's frames. It breaks at a None."""

    def __init__(self, wire: Wire) -> None:
        self._wire, self._is_subscribed = wire, False

    async def send(self, text: str) -> None:
        assert json.loads(text)["params"]["topics"] == ["transfers"]

    async def receive(self, seconds: float) -> str | None:
        if not self._is_subscribed:
            self._is_subscribed = True
            return json.dumps({"result": {"subscription": 1, "last": "0123abcd-0"}})
        self._wire.scene.round()
        assert self._wire.frames is not None
        frame = next(self._wire.frames)
        if frame is None:
            raise NodeUnreachable("node", "broken")
        return json.dumps({"params": {"subscription": 1, "event": frame}})

    async def close(self) -> None:
        """Nothing is open."""


def _ask(chain: Any) -> Callable[[str, Any], Any]:
    return lambda method, params: chain.w3.provider.make_request(method, params)
