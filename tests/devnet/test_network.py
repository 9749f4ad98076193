"""The devnet as people use it: start, swap through the API, stop, come back to what was there."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.chains import build_order, send_swap
from zklink.demo.network.running import open_network
from zklink.demo.network.saved_state import find_fault, read_saved
from zklink.demo.network.serving import Network, NetworkOptions
from zklink.devnet.pools import PoolPlan
from zklink.devnet.profiles import AVALANCHE, BSC
from zklink.devnet.tokens import BNB, USDC
from zklink.prover.progress import SILENT

pytestmark = pytest.mark.slow

USD = 10**6
POOLS = (PoolPlan((USDC, BNB), usd_per_side=100_000),)
PATIENCE_SECONDS = 300.0
POLL_SECONDS = 0.2


def ask(network: Network, path: str, **query: Any) -> Any:
    answer = httpx.get(network.url + path, params=query, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for(network: Network, is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        assert time.monotonic() < end and network.failure is None, network.failure
        time.sleep(POLL_SECONDS)


def swap(network: Network) -> str:
    """A swap of 50 dollars that has arrived; its transaction's hash."""
    source, destination = BSC.chain_id, AVALANCHE.chain_id
    told = ask(
        network, "/v1/quote", source=source, token_in=USDC, destination=destination, token_out=USDC, amount=50 * USD
    )
    assert told["is_possible"], told
    order = build_order(network.system, source, USDC, 50 * USD, destination, USDC, min_out=int(told["amount_out"]))
    tx_hash = f"0x{send_swap(network.system, source, order).tx_hash.hex()}"
    wait_for(network, lambda: bool(ask(network, f"/v1/transfers/{tx_hash}")["state"] == "arrived"))
    return tx_hash


def check_faucet(network: Network) -> None:
    """Tokens and coins for a new address on every chain; not more than the limit."""
    address = "0x" + "5a" * 20
    answer = httpx.post(f"{network.url}/v1/devnet/faucet", json={"address": address}, timeout=30)
    assert answer.status_code == 200, answer.text
    payments = answer.json()["payments"]
    assert {payment["chain"] for payment in payments} == {BSC.chain_id, AVALANCHE.chain_id}
    for payment in payments:
        token = network.system.token(payment["chain"], payment["token"])
        wait_for(network, lambda token=token, payment=payment: token.balance(address) == int(payment["l1_amount"]))  # type: ignore[misc]
    greedy = {"address": address, "token": USDC, "chain": BSC.chain_id, "amount": str(2_000_000 * USD)}
    refused = httpx.post(f"{network.url}/v1/devnet/faucet", json=greedy, timeout=30)
    assert (refused.status_code, refused.json()["error"]["details"]["field"]) == (400, "amount")


def test_devnet__stopped_and_started_again__is_as_it_was(tmp_path: Path) -> None:
    options = NetworkOptions(profiles=(BSC, AVALANCHE), pools=POOLS, state=tmp_path / "net")
    with open_network(options, SILENT, lambda text: None) as network:
        status = ask(network, "/v1/status")
        assert status["is_ready"] and status["is_devnet"]
        assert {BNB, USDC} <= {pool["token_b"] for pool in ask(network, "/v1/pools")["pools"]} | {USDC}
        check_faucet(network)
        tx_hash = swap(network)
        owned = network.system.token(AVALANCHE.chain_id, USDC).balance(network.system.world.roles.recipient.address)
        wait_for(network, lambda: network.api.desk.ask(network.node.is_settled).result())
        pools, block = ask(network, "/v1/pools")["pools"], ask(network, "/v1/status")["block"]
        heads = {chain["name"]: chain["head_block"] for chain in ask(network, "/v1/chains")["chains"]}
    said: list[str] = []
    with open_network(options, SILENT, said.append) as network:
        assert said == []
        wait_for(network, lambda: bool(ask(network, f"/v1/transfers/{tx_hash}")["state"] == "arrived"))
        assert ask(network, "/v1/pools")["pools"] == pools and ask(network, "/v1/status")["block"] >= block
        for chain in ask(network, "/v1/chains")["chains"]:
            assert chain["head_block"] >= heads[chain["name"]]
        recipient = network.system.world.roles.recipient.address
        assert network.system.token(AVALANCHE.chain_id, USDC).balance(recipient) == owned > 0
        swap(network)
    state = tmp_path / "net" / "saved" / "bsc.state"
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2])
    with open_network(options, SILENT, said.append) as network:
        assert "bsc.state is damaged" in said[0]
        assert ask(network, "/v1/status")["block"] <= block
        assert httpx.get(f"{network.url}/v1/transfers/{tx_hash}").json()["state"] != "arrived"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_devnet_command__ended_by_a_signal__has_kept_everything(tmp_path: Path, number: signal.Signals) -> None:
    program = Path(sys.executable).with_name("zklink")
    command = [str(program), "devnet", "--chains", "2", "--state", str(tmp_path), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert httpx.get(f"{ready['api']}/v1/status", timeout=30).json()["is_devnet"]
        process.send_signal(number)
        assert process.wait(PATIENCE_SECONDS) == 0
    assert find_fault(tmp_path / "saved", read_saved(tmp_path / "saved").key) == ""
