"""What one node bears: questions to its API, and swaps through everything behind it.

Takes nothing; gives figures. The node is a devnet's, started as people start it, with real proofs of blocks of preset
`compact`; callers, chains, node and provers share the machine. Callers have loopback addresses of their own, because
the node gives each address an allowance.
"""

import asyncio
import json
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count as count_up
from itertools import cycle
from typing import Any, Final

import httpx

from zklink.bench.devnet_start import PROGRAM
from zklink.client.core import AsyncClient
from zklink.client.outgoing import Step
from zklink.client.wallet import Wallet
from zklink.protocol.errors import ToolFailed
from zklink.prover.progress import SILENT, Progress

START: Final = ("devnet", "--json", "--port", "0", "--preset", "compact", "--proofs", "real")
QUESTIONS: Final = {
    "status": "/v1/status",
    "quote": "/v1/quote?source=2&token_in=1&amount=1000000000&destination=3&token_out=7",
    "transfer": "/v1/transfers/{tx_hash}",
    "solvency": "/v1/solvency",
    "the page of a swap": "/transfers/{tx_hash}",
}
AT_ONCE: Final = (1, 16)
ASKED_SECONDS: Final = 5.0
CALLERS: Final = 200
SWAPS: Final = ((1, 30), (10, 10), (50, 5))
"""Swaps offered in a second, and for how many seconds."""
FOLLOWERS: Final = 20
GAS: Final = 300_000
PATIENCE_SECONDS: Final = 300.0
LOOK_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class AskFigures:
    """One question asked by so many callers at once, each again as soon as it has its answer."""

    question: str
    at_once: int
    per_second: float
    median_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class SwapFigures:
    """Swaps offered at a rate. `per_second` have arrived, from the first one sent to the last arrival; a swap took
    `median_seconds` and `p95_seconds` from when it was sent.
    """

    offered_per_second: int
    swaps: int
    arrived: int
    per_second: float
    median_seconds: float
    p95_seconds: float


@contextmanager
def run_devnet() -> Iterator[dict[str, Any]]:
    """What a devnet says of itself when it is ready, and its process as `pid`. Raises ToolFailed if it ends before."""
    with subprocess.Popen([str(PROGRAM), *START], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as node:
        assert node.stdout is not None
        line = node.stdout.readline()
        if not line:
            raise ToolFailed("zklink devnet", f"ended with {node.wait()} before it was ready")
        try:
            yield json.loads(line) | {"pid": node.pid}
        finally:
            node.send_signal(signal.SIGINT)


def measure_node(progress: Progress = SILENT) -> tuple[list[AskFigures], list[SwapFigures]]:
    """Swaps first, at every rate; then every question about what has become of them."""
    with run_devnet() as devnet, progress.step("swaps and questions", len(SWAPS) + len(QUESTIONS)) as step:
        return asyncio.run(_measure(devnet, step.advance))


async def _measure(devnet: dict[str, Any], advance: Callable[[], object]) -> tuple[list[AskFigures], list[SwapFigures]]:
    swaps, tx_hash = [], ""
    for rate, seconds in SWAPS:
        figures, tx_hash = await _offer_swaps(devnet, rate, seconds)
        swaps.append(figures)
        advance()
    asked = []
    for name, path in QUESTIONS.items():
        asked += [await _ask(devnet["api"] + path.format(tx_hash=tx_hash), name, count) for count in AT_ONCE]
        advance()
    return asked, swaps


async def _ask(url: str, name: str, at_once: int) -> AskFigures:
    taken: list[float] = []
    callers = [_open_caller(number) for number in range(CALLERS)]
    end = time.perf_counter() + ASKED_SECONDS

    async def keep_asking(own: Sequence[httpx.AsyncClient]) -> None:
        for caller in cycle(own):
            start = time.perf_counter()
            if start >= end:
                return
            answer = await caller.get(url)
            taken.append(time.perf_counter() - start)
            if answer.status_code != httpx.codes.OK:
                raise ToolFailed(url, f"status {answer.status_code}")

    try:
        await asyncio.gather(*(keep_asking(callers[number::at_once]) for number in range(at_once)))
    finally:
        await asyncio.gather(*(caller.aclose() for caller in callers))
    return AskFigures(
        name,
        at_once,
        len(taken) / ASKED_SECONDS,
        *(1_000 * find_share(taken, share) for share in (0.5, 0.95, 0.99)),
    )


def _open_caller(number: int) -> httpx.AsyncClient:
    """A caller with an address of its own."""
    transport = httpx.AsyncHTTPTransport(verify=False, local_address=f"127.0.{number // 250 + 1}.{number % 250 + 1}")
    return httpx.AsyncClient(transport=transport, timeout=30)


async def _offer_swaps(devnet: dict[str, Any], rate: int, seconds: int) -> tuple[SwapFigures, str]:
    """Send the same small swap again and again; gives the figures and the hash of the last one."""
    rpc = {chain["name"]: chain["rpc"] for chain in devnet["chains"]}
    wallet = Wallet.from_key(devnet["accounts"]["depositor"]["key"])
    async with AsyncClient(devnet["api"], rpc) as client, httpx.AsyncClient(timeout=30) as node:
        quote = await client.quote("polygon", "USDC", "10", "bsc", "BTC", slippage_bps=5_000)
        *before, swap = (await client.dry_run(wallet, quote)).steps
        for approval in before:
            await send_from_node(node, rpc["polygon"], wallet.address, approval)
        sent: dict[str, float] = {}
        waited: deque[str] = deque()
        begun = time.perf_counter()
        following = asyncio.create_task(_follow(devnet["api"], waited, rate * seconds))
        for number in range(rate * seconds):
            await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
            tx_hash = await send_from_node(node, rpc["polygon"], wallet.address, swap)
            sent[tx_hash] = time.perf_counter()
            waited.append(tx_hash)
        arrived = await following
    times = [arrived[tx_hash] - sent[tx_hash] for tx_hash in arrived]
    if not times:
        raise ToolFailed("the node", f"no swap has arrived within {PATIENCE_SECONDS:g} s")
    return (
        SwapFigures(
            rate,
            len(sent),
            len(arrived),
            len(arrived) / (max(arrived.values()) - begun),
            find_share(times, 0.5),
            find_share(times, 0.95),
        ),
        list(sent)[-1],
    )


async def send_from_node(node: httpx.AsyncClient, url: str, sender: str, step: Step) -> str:
    """Send from an account that the chain's node holds; gives the hash."""
    transaction = {
        "from": sender,
        "to": step.to,
        "data": f"0x{step.data.hex()}",
        "value": hex(step.value_wei),
        "gas": hex(GAS),
    }
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_sendTransaction", "params": [transaction]}
    answer = (await node.post(url, json=question)).json()
    if "result" not in answer:
        raise ToolFailed("the chain's node", str(answer.get("error")))
    return str(answer["result"])


async def _follow(api: str, waited: deque[str], count: int) -> dict[str, float]:
    """When each swap was seen to have arrived. They arrive in their order, so the oldest is asked for."""
    arrived: dict[str, float] = {}
    end = time.perf_counter() + PATIENCE_SECONDS
    callers = [_open_caller(number) for number in range(FOLLOWERS)]
    try:
        for asked in count_up():
            if len(arrived) == count or time.perf_counter() > end:
                break
            path = f"{api}/v1/transfers/{waited[0]}" if waited else f"{api}/v1/status"
            answer = (await callers[asked % FOLLOWERS].get(path)).json()
            if waited and answer.get("state") == "arrived":
                arrived[waited.popleft()] = time.perf_counter()
            else:
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        await asyncio.gather(*(caller.aclose() for caller in callers))
    return arrived


def find_share(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, by the nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]
