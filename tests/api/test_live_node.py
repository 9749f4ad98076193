"""The whole thing as it runs: a node on its thread with proofs, chains that move, a server, and a client on the network
that follows a swap by its transaction alone.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.scenarios.liquidity import fill_pools
from tests.support.chains import build_order, send_swap
from zklink.devnet.pools import PoolPlan
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import BTC, USDC
from zklink.devnet.world import open_world
from zklink.lab.chains import Backend
from zklink.node.parts import NodeConfig, NodeParts
from zklink.protocol.ids import ChainId, Lane
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.progress import SILENT
from zklink.prover.source import Statement
from zklink.service.adapters import CircuitProver
from zklink.service.api_mount import ApiMount
from zklink.service.assembly import Assembly
from zklink.service.clock import SteadyClock
from zklink.service.evm_link import NodeKeys
from zklink.service.runner import NodeService
from zklink.service.settings.model import HttpSettings, ProverSettings
from zklink.service.wiring import build_parts
from zklink.storage.database import Database, open_database
from zklink.storage.journal import SqlJournal

POLYGON, BSC = ChainId(2), ChainId(3)
PATIENCE_SECONDS = 240.0
POLL_SECONDS = 0.1
"""Between two questions: ten a second are within what the server allows a caller."""
USD = 10**6
POOLS = (PoolPlan((USDC, BTC), usd_per_side=100_000),)


@dataclass(frozen=True)
class Served:
    """A system, and the service of its node with the API."""

    system: LocalSystem
    service: NodeService
    api: ApiMount

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"


@pytest.fixture(scope="module")
def served(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node with real circuits and proofs of their development keys, on its own thread, with a pool."""
    url = f"sqlite:///{tmp_path_factory.mktemp('live')}/node.db"
    with open_world(backend) as world:
        system = fill_pools(deploy_local_system(world, MINIMAL), open_provers(), POOLS)
        database = open_database(url, system.deployment.deployment_hash)
        system.journal(SqlJournal(database))
        parts = build_node_parts(system, database)
        assembly = Assembly(system.deployment, database, world.clients, parts, NodeConfig(), None, SteadyClock())
        settings: Any = SimpleNamespace(http=HttpSettings(port=0), prover=ProverSettings())
        api = ApiMount(3.0)
        service = NodeService(settings, assembly, "the test", api)
        thread = Thread(target=service.run, daemon=True)
        thread.start()
        yield Served(system, service, api)
        service.stop()
        thread.join()


def open_provers() -> CircuitProver:
    lanes = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}
    return CircuitProver({lane: FixedProver(ensure_circuit(MINIMAL, SILENT, lanes[lane])) for lane in lanes})


def build_node_parts(system: LocalSystem, database: Database) -> NodeParts:
    roles = system.world.roles
    keys = NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers)
    terms, clients = build_terms(system.deployment.tokens), system.world.clients
    return build_parts(system.deployment, clients, keys, open_provers(), SqlJournal(database), terms)


def test_swap__sent_on_one_chain__followed_over_http_to_arrived(served: Served) -> None:
    system = served.system
    end = time.monotonic() + PATIENCE_SECONDS
    with (
        httpx.Client(base_url=served.url, timeout=30) as client,
        connect(f"{served.url.replace('http', 'ws')}/rpc") as socket,
    ):
        while not client.get("/v1/status").json()["is_ready"]:
            assert time.monotonic() < end
            system.world.mine()
            time.sleep(POLL_SECONDS)
        quote: dict[str, str | int] = {"source": POLYGON, "token_in": USDC, "destination": BSC, "token_out": BTC}
        quote["amount"] = str(50 * USD)
        answer = client.get("/v1/quote", params=quote)
        assert answer.status_code == 200, answer.text  # a node that says it is ready quotes
        told = answer.json()
        assert told["is_possible"], told
        order = build_order(system, POLYGON, USDC, 50 * USD, BSC, BTC, min_out=int(told["amount_out"]))
        tx_hash = f"0x{send_swap(system, POLYGON, order).tx_hash.hex()}"
        subscribe = {"topics": ["transfers"], "tx_hash": tx_hash}
        socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": subscribe}))
        assert json.loads(socket.recv(timeout=30))["result"]["subscription"] == 1
        states: list[str] = []
        while states[-1:] != ["arrived"]:
            assert time.monotonic() < end, states
            found = client.get(f"/v1/transfers/{tx_hash}")
            assert found.status_code == 200
            state = found.json()["state"]
            states += [state] if state not in states[-1:] else []
            system.world.mine()
            time.sleep(POLL_SECONDS)
        told_by_events: list[str] = []
        while told_by_events[-1:] != ["arrived"]:
            event = json.loads(socket.recv(timeout=60))["params"]["event"]
            told_by_events.append(event["data"]["state"])
    transfer = found.json()["transfers"][0]
    assert transfer["amount_out"] == told["amount_out"]
    assert transfer["receipts"][0]["how"] == "pay" and not served.service.is_stopped
    recipient = system.world.roles.recipient.address
    assert system.token(BSC, BTC).balance(recipient) == int(told["amount_out"]) * 10**10
