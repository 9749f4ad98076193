"""A devnet with a Solana chain as people use it: swaps both ways, the faucet, and back to where it was left."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from solders.pubkey import Pubkey

from zklink import SolanaWallet, Wallet
from zklink.demo.network.running import open_network
from zklink.demo.network.serving import Network, NetworkOptions
from zklink.devnet.pools import PoolPlan
from zklink.devnet.profiles import AVALANCHE, BSC
from zklink.devnet.solana.looking import read_data
from zklink.devnet.solana.member import DOOR_LAMPORTS, PROFILE, SOLANA
from zklink.devnet.solana.mints import AMOUNT, TOKEN_PROGRAM
from zklink.devnet.solana.people import key_of
from zklink.devnet.tokens import BTC, USDC
from zklink.prover.progress import SILENT
from zklink.schema.api.transfers import Transfer
from zklink.solana.client.program import find_holding

pytestmark = pytest.mark.slow

USD = 10**6
POOLS = (PoolPlan((USDC, BTC), usd_per_side=100_000),)
PATIENCE_SECONDS = 300.0


def wait_for(network: Network, is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_done():
        assert time.monotonic() < end and network.failure is None, network.failure
        time.sleep(0.2)


def balance(network: Network, owner: Pubkey) -> int:
    """USDC of somebody on Solana."""
    solana = network.system.solana
    assert solana is not None
    mint = Pubkey.from_string(network.system.deployment.token(USDC).contracts[SOLANA])
    return int.from_bytes(read_data(solana.chain, find_holding(owner, mint, TOKEN_PROGRAM))[AMOUNT], "little")


def swap_away(network: Network) -> Transfer:
    """A hundred dollars from Solana to bitcoin on BSC, through the pool."""
    recipient = network.system.world.roles.recipient.address
    with network.open_client() as client:
        quote = client.quote(PROFILE.name, "USDC", "100", "bsc", "BTC")
        [door] = [fee for fee in quote.fees if fee.kind == "native"]
        assert int(door.amount) == DOOR_LAMPORTS
        return client.wait(client.swap(SolanaWallet(key_of("depositor")), quote, recipient=recipient))


def swap_here(network: Network, owner: Pubkey) -> Transfer:
    """A hundred dollars from Avalanche to somebody on Solana."""
    with network.open_client() as client:
        quote = client.quote("avalanche", "USDC", "100", PROFILE.name, "USDC")
        wallet = Wallet.from_account(network.system.world.roles.depositor)
        return client.wait(client.swap(wallet, quote, recipient=str(owner)))


def ask_faucet(network: Network, owner: Pubkey) -> Any:
    answer = httpx.post(f"{network.url}/v1/devnet/faucet", json={"address": str(owner), "token": USDC}, timeout=30)
    assert answer.status_code == 200, answer.text
    [payment] = answer.json()["payments"]
    return payment


def test_devnet__with_solana__swaps_both_ways_and_comes_back(tmp_path: Path) -> None:
    options = NetworkOptions(profiles=(BSC, AVALANCHE), pools=POOLS, state=tmp_path / "net", solana="litesvm")
    bob = key_of("bob").pubkey()
    with open_network(options, SILENT, lambda text: None) as network:
        payment = ask_faucet(network, bob)
        assert (payment["chain"], payment["l1_amount"]) == (SOLANA, str(10_000 * USD))
        wait_for(network, lambda: balance(network, bob) == 10_000 * USD)
        away, here = swap_away(network), swap_here(network, bob)
        assert (away.state, here.state) == ("arrived", "arrived")
        owned = balance(network, bob)
        assert owned == 10_000 * USD + int(here.amount_out or 0)
        network.wait_settled(PATIENCE_SECONDS)
        assert network.system.solana is not None
        slot = network.system.solana.chain.height()
    said: list[str] = []
    with open_network(options, SILENT, said.append) as network:
        assert said == [] and balance(network, bob) == owned
        assert network.system.solana is not None and network.system.solana.chain.height() > slot
        with network.open_client() as client:
            assert client.resume(away.tx_hash).state == client.resume(here.tx_hash).state == "arrived"
        assert swap_away(network).state == swap_here(network, bob).state == "arrived"
        assert balance(network, bob) > owned
        network.wait_settled(PATIENCE_SECONDS)


def test_devnet__on_surfpools_network__is_founded_anew_and_swaps_both_ways() -> None:
    options, said = NetworkOptions(profiles=(BSC, AVALANCHE), pools=POOLS, solana="surfnet"), list[str]()
    bob = key_of("bob").pubkey()
    with open_network(options, SILENT, said.append) as network:
        assert len(said) == 1 and "founded anew at each start" in said[0]
        ask_faucet(network, bob)
        wait_for(network, lambda: balance(network, bob) == 10_000 * USD)
        away, here = swap_away(network), swap_here(network, bob)
        assert (away.state, here.state) == ("arrived", "arrived")
        assert balance(network, bob) == 10_000 * USD + int(here.amount_out or 0)
