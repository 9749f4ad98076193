"""The whole thing as it runs: a node on its thread with proofs, chains that move, a server, and a client on the network
that follows a swap by its transaction alone.
"""

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect

from tests.support.chains import build_order, send_swap
from zklink.demo.liquidity import fund_pools
from zklink.devnet.pools import PoolPlan
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import BTC, USDC
from zklink.devnet.world import open_world
from zklink.lab.chains import Backend
from zklink.node.node import Node
from zklink.node.workers import InlineWorkers, ThreadWorkers
from zklink.protocol.ids import ChainId, Lane
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.progress import SILENT
from zklink.prover.source import Statement
from zklink.sequencer.journal import MemoryJournal
from zklink.service.adapters import CircuitProver
from zklink.service.node_api import NodeApi, open_history
from zklink.service.wiring import NodeKeys, build_parts

POLYGON, BSC = ChainId(2), ChainId(3)
PATIENCE_SECONDS = 240.0
POLL_SECONDS = 0.1
"""Between two questions: ten a second are within what the server allows a caller."""
USD = 10**6


@pytest.fixture(scope="module")
def served(backend: Backend) -> Iterator[tuple[LocalSystem, NodeApi]]:
    """A node with real circuits and proofs of their development keys, on its own thread, with a pool."""
    with open_world(backend) as world:
        system = deploy_local_system(world, MINIMAL)
        roles = world.roles
        provers = {
            Lane.SWAP: FixedProver(ensure_circuit(MINIMAL, SILENT, Statement.SWAP)),
            Lane.ACCOUNT: FixedProver(ensure_circuit(MINIMAL, SILENT, Statement.ACCOUNT)),
        }
        keys = NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers)
        terms, journal = build_terms(system.deployment.tokens), MemoryJournal()
        parts = build_parts(system.deployment, world.clients, keys, CircuitProver(provers), journal, terms)
        first = Node(parts, InlineWorkers())
        world.confirm()
        first.listen(lambda event: world.mine())
        fund_pools(system, first, [PoolPlan((USDC, BTC), usd_per_side=100_000)], [], SILENT)
        first.close()
        again = build_parts(system.deployment, world.clients, keys, CircuitProver(provers), journal, terms)
        node = Node(again, ThreadWorkers())
        api = NodeApi(system.deployment, system.bridges, node, open_history(system.deployment, node))
        api.start()
        yield system, api
        api.stop()
        node.close()


def test_swap__sent_on_one_chain__followed_over_http_to_arrived(served: tuple[LocalSystem, NodeApi]) -> None:
    system, api = served
    end = time.monotonic() + PATIENCE_SECONDS
    with (
        httpx.Client(base_url=api.url, timeout=30) as client,
        connect(f"{api.url.replace('http', 'ws')}/rpc") as socket,
    ):
        while not client.get("/v1/status").json()["is_ready"]:
            assert time.monotonic() < end, api.failure
            system.world.mine()
            time.sleep(POLL_SECONDS)
        quote: dict[str, str | int] = {"source": POLYGON, "token_in": USDC, "destination": BSC, "token_out": BTC}
        quote["amount"] = str(50 * USD)
        while (answer := client.get("/v1/quote", params=quote)).status_code != 200:
            assert answer.json()["error"]["code"] == "not_ready" and time.monotonic() < end, answer.text
            time.sleep(POLL_SECONDS)
        told = answer.json()
        assert told["is_possible"], told
        order = build_order(system, POLYGON, USDC, 50 * USD, BSC, BTC, min_out=int(told["amount_out"]))
        tx_hash = f"0x{send_swap(system, POLYGON, order).tx_hash.hex()}"
        subscribe = {"topics": ["transfers"], "tx_hash": tx_hash}
        socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": subscribe}))
        assert json.loads(socket.recv(timeout=30))["result"] == {"subscription": 1}
        states: list[str] = []
        while states[-1:] != ["arrived"]:
            assert time.monotonic() < end, (states, api.failure)
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
    assert transfer["receipts"][0]["how"] == "pay" and api.failure is None
    recipient = system.world.roles.recipient.address
    assert system.token(BSC, BTC).balance(recipient) == int(told["amount_out"]) * 10**10
