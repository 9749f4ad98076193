"""What a node is like after an hour: its memory, its database, and how long swaps have taken from event to event.

Takes nothing; gives figures. The node is a devnet's, as in `node_load`; every other swap offers a broker a fee. Memory
is what Linux says of the processes: the node with its API, and the provers that it has started. Times are those of the
chains' blocks, from the one with the request to the one with the money.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from zklink.bench.node_load import find_share, run_devnet, send_from_node
from zklink.client.core import AsyncClient
from zklink.client.outgoing import Step
from zklink.client.wallet import Wallet
from zklink.protocol.errors import ToolFailed
from zklink.prover.progress import SILENT, Progress

MINUTES: Final = 60
SECONDS_BETWEEN: Final = 2.0
LOOKS: Final = 6
"""How often memory is looked at, with the first and the last time; at equal distances."""
PATIENCE_SECONDS: Final = 120.0
PAUSE_SECONDS: Final = 0.5
RENEWED_ROUNDS: Final = 150
"""Calls are made anew after so many swaps: a broker pays at once only while ninety minutes are left of the two hours
that a swap may wait.
"""
MEGABYTE: Final = 1_000_000
STATUS: Final = "VmRSS:"
SOURCE, DESTINATION = "polygon", "bsc"
OFFERS: Final = (None, "0.5")
"""What swaps of 10 USDC to USDC offer a broker, in turns."""
WAYS: Final = {"fill": "a broker's fill", "pay": "the bridge's payout"}


@dataclass(frozen=True, slots=True)
class Look:
    """The node after so many swaps: bytes in memory of its process and of its provers, and of its database."""

    minutes: float
    swaps: int
    node_bytes: int
    prover_bytes: int
    database_bytes: int


@dataclass(frozen=True, slots=True)
class WayFigures:
    """Seconds from the block with the request to the one with the money, for `swaps` that were paid alike."""

    paid_by: str
    swaps: int
    median_seconds: float
    p95_seconds: float


def measure_hours(minutes: float = MINUTES, progress: Progress = SILENT) -> tuple[list[Look], list[WayFigures]]:
    """Offer a swap every two seconds for so long."""
    rounds = max(LOOKS - 1, int(60 * minutes / SECONDS_BETWEEN))
    with run_devnet() as devnet, progress.step("an hour of swaps", rounds) as step:
        return asyncio.run(_measure(devnet, rounds, step.advance))


async def _measure(
    devnet: dict[str, Any], rounds: int, advance: Callable[[], object]
) -> tuple[list[Look], list[WayFigures]]:
    rpc = {chain["name"]: chain["rpc"] for chain in devnet["chains"]}
    wallet = Wallet.from_key(devnet["accounts"]["depositor"]["key"])
    sent: list[str] = []
    async with AsyncClient(devnet["api"], rpc) as client, httpx.AsyncClient(timeout=30) as node:
        calls = [await _prepare(client, node, rpc[SOURCE], wallet, fee) for fee in OFFERS]
        start = time.monotonic()
        looks = [_look(devnet["pid"], 0.0, 0)]
        for number in range(rounds):
            await asyncio.sleep(max(0.0, start + number * SECONDS_BETWEEN - time.monotonic()))
            if number and number % RENEWED_ROUNDS == 0:
                calls = [await _prepare(client, node, rpc[SOURCE], wallet, fee) for fee in OFFERS]
            sent.append(await send_from_node(node, rpc[SOURCE], wallet.address, calls[number % len(calls)]))
            if (number + 1) * (LOOKS - 1) // rounds > number * (LOOKS - 1) // rounds:
                looks.append(_look(devnet["pid"], (time.monotonic() - start) / 60, number + 1))
            advance()
        times = [await _time_swap(node, devnet["api"], rpc, tx_hash) for tx_hash in sent]
    return looks, [
        WayFigures(name, len(taken), find_share(taken, 0.5), find_share(taken, 0.95))
        for how, name in WAYS.items()
        if (taken := [seconds for kind, seconds in times if kind == how])
    ]


async def _prepare(client: AsyncClient, node: httpx.AsyncClient, url: str, wallet: Wallet, fee: str | None) -> Step:
    """The call of a swap with this fee for a broker; what it needs before is sent."""
    quote = await client.quote(SOURCE, "USDC", "10", DESTINATION, "USDC", slippage_bps=5_000, fill_fee=fee)
    *before, swap = (await client.dry_run(wallet, quote)).steps
    for approval in before:
        await send_from_node(node, url, wallet.address, approval)
    return swap


async def _time_swap(node: httpx.AsyncClient, api: str, rpc: dict[str, str], tx_hash: str) -> tuple[str, int]:
    """How a swap was paid first, and seconds from the block of its request to that of the money. Raises ToolFailed."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        transfer = (await node.get(f"{api}/v1/transfers/{tx_hash}")).json()
        if transfer.get("state") == "arrived":
            receipts = transfer["transfers"][0]["receipts"]
            paid = [(await _find_second(node, rpc[DESTINATION], each["tx_hash"]), each["how"]) for each in receipts]
            second, how = min(paid)
            return how, second - await _find_second(node, rpc[SOURCE], tx_hash)
        await asyncio.sleep(PAUSE_SECONDS)
    raise ToolFailed("the node", f"the swap of {tx_hash} has not arrived")


async def _find_second(node: httpx.AsyncClient, url: str, tx_hash: str) -> int:
    receipt = await _ask_chain(node, url, "eth_getTransactionReceipt", [tx_hash])
    block = await _ask_chain(node, url, "eth_getBlockByNumber", [receipt["blockNumber"], False])
    return int(block["timestamp"], 16)


async def _ask_chain(node: httpx.AsyncClient, url: str, method: str, params: list[Any]) -> dict[str, Any]:
    answer = (await node.post(url, json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params})).json()
    result: dict[str, Any] = answer["result"]
    return result


def _look(pid: int, minutes: float, swaps: int) -> Look:
    provers = sum(_read_memory(child) for child in _list_children(pid) if "anvil" not in _read_name(child))
    return Look(minutes, swaps, _read_memory(pid), provers, sum(map(_read_size, _list_databases(pid))))


def _list_children(pid: int) -> list[int]:
    own = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [one for child in own for one in (child, *_list_children(child))]


def _read_name(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]


def _read_memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(STATUS)), 0)


def _list_databases(pid: int) -> set[str]:
    """The files of the database that a process has open, with what is written ahead."""
    names = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.exists()]
    return {name for name in names if name.endswith((".db", ".db-wal"))}


def _read_size(name: str) -> int:
    return Path(name).stat().st_size
