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
from zklink.devnet.solana.founding import OWNER
from zklink.devnet.solana.looking import read_data
from zklink.devnet.solana.member import DOOR_LAMPORTS, FAUCET_LAMPORTS, PROFILE, SOLANA
from zklink.devnet.solana.mints import AMOUNT, TOKEN_PROGRAM
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.tokens import SOL
from zklink.devnet.tokens import USDC
from zklink.primitives.base58 import decode_base58
from zklink.protocol.ids import TokenId
from zklink.prover.progress import SILENT
from zklink.schema.api.transfers import Transfer
from zklink.solana.client.program import find_holding
from zklink.solana.client.timelock import Timelock
from zklink.solana.interface import accounts
from zklink.solana.interface.timelock.accounts import TIMELOCK

pytestmark = pytest.mark.slow

USD = 10**6
SOL_UNIT = 10**9
POOLS = (PoolPlan((USDC, SOL), usd_per_side=100_000),)
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


def lamports(network: Network, owner: Pubkey) -> int:
    """SOL of somebody."""
    solana = network.system.solana
    assert solana is not None
    return int(solana.chain.rpc("getBalance", str(owner), {"commitment": "processed"})["value"])


def swap_away(network: Network) -> Transfer:
    """A SOL to dollars on BSC, through the pool."""
    recipient = network.system.world.roles.recipient.address
    with network.open_client() as client:
        quote = client.quote(PROFILE.name, "SOL", "1", "bsc", "USDC")
        [door] = [fee for fee in quote.fees if fee.kind == "native"]
        assert int(door.amount) == DOOR_LAMPORTS
        return client.wait(client.swap(SolanaWallet(key_of("depositor")), quote, recipient=recipient))


def swap_here(network: Network, owner: Pubkey, token: str = "USDC") -> Transfer:
    """A hundred dollars from Avalanche to somebody on Solana, who gets this token."""
    with network.open_client() as client:
        quote = client.quote("avalanche", "USDC", "100", PROFILE.name, token)
        wallet = Wallet.from_account(network.system.world.roles.depositor)
        return client.wait(client.swap(wallet, quote, recipient=str(owner)))


def check_founding(network: Network) -> None:
    """The timelock governs, which somebody owns; each token has the cap that is on the record."""
    solana, deployment = network.system.solana, network.system.deployment
    assert solana is not None
    lock = Timelock(decode_base58(deployment.programs[SOLANA].timelock, 32))
    bridge = accounts.BRIDGE.unpack(read_data(solana.chain, solana.founder.program.bridge))
    assert bridge["governor"] == bytes(lock.address)
    kept = TIMELOCK.unpack(read_data(solana.chain, lock.address))
    assert (kept["owner"], bool(kept["founding_ends"])) == (bytes(key_of(OWNER).pubkey()), False)
    for plan in deployment.tokens:
        token = accounts.TOKEN.unpack(read_data(solana.chain, solana.founder.token(plan.token_id)))
        assert token["cap"] == (plan.config(SOLANA, tuple(deployment.places)).cap if SOLANA in plan.contracts else 0)


def ask_faucet(network: Network, owner: Pubkey, token: TokenId = USDC) -> Any:
    answer = httpx.post(f"{network.url}/v1/devnet/faucet", json={"address": str(owner), "token": token}, timeout=30)
    assert answer.status_code == 200, answer.text
    [payment] = answer.json()["payments"]
    return payment


def test_devnet__with_solana__swaps_both_ways_and_comes_back(tmp_path: Path) -> None:
    options = NetworkOptions(profiles=(BSC, AVALANCHE), pools=POOLS, state=tmp_path / "net", solana="litesvm")
    bob = key_of("bob").pubkey()
    with open_network(options, SILENT, lambda text: None) as network:
        check_founding(network)
        payment = ask_faucet(network, bob)
        assert (payment["chain"], payment["l1_amount"]) == (SOLANA, str(10_000 * USD))
        wait_for(network, lambda: balance(network, bob) == 10_000 * USD)
        assert lamports(network, bob) == FAUCET_LAMPORTS
        payment = ask_faucet(network, bob, SOL)
        wait_for(network, lambda: lamports(network, bob) == FAUCET_LAMPORTS + int(payment["l1_amount"]))
        away, here, coins = swap_away(network), swap_here(network, bob), swap_here(network, bob, "SOL")
        assert (away.state, here.state, coins.state) == ("arrived", "arrived", "arrived")
        assert 140 * USD < int(away.amount_out or 0) < 150 * USD, "a SOL is worth 150 dollars"
        owned = balance(network, bob)
        assert owned == 10_000 * USD + int(here.amount_out or 0)
        gained = lamports(network, bob) - FAUCET_LAMPORTS - int(payment["l1_amount"])
        assert gained == int(coins.amount_out or 0) > SOL_UNIT // 2
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
