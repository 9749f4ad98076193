"""The threads of pages' questions to a chain: own ones, with bounds; a question that was given up counts until its
thread is free.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from zklink.explorer.relay_threads import PER_CALLER, THREADS, WAITING, RelayThreads
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import ChainId

SOLANA, OTHER = ChainId(5), ChainId(2)


class Nobodys(ThreadPoolExecutor):
    """The loop's own threads, on which the API's answers wait: nothing may come here."""

    def submit(self, *question: Any, **options: Any) -> Any:
        raise AssertionError("a page's question waits on the API's threads")


class SlowNode:
    """A node that answers nothing until it may, which it may at the end of a `with`."""

    def __init__(self) -> None:
        self.may, self.asked = threading.Event(), 0

    def __enter__(self) -> "SlowNode":
        return self

    def __exit__(self, *error: object) -> None:
        self.may.set()

    def __call__(self) -> str:
        self.asked += 1
        self.may.wait()
        return threading.current_thread().name


async def hold(threads: RelayThreads, node: SlowNode, callers: list[str]) -> list[asyncio.Task[str]]:
    """Questions that are held from now on, as many with the node as can be."""
    asked = [asyncio.create_task(threads.ask(caller, SOLANA, node)) for caller in callers]
    while node.asked < min(len(callers), THREADS):
        await asyncio.sleep(0)
    return asked


def test_ask__a_slow_node__holds_up_neither_the_apis_threads_nor_another_chain() -> None:
    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(Nobodys())
        threads = RelayThreads()
        with SlowNode() as node:
            asked = await hold(threads, node, [f"caller {number}" for number in range(THREADS)])
            assert (await threads.ask("caller 0", OTHER, lambda: threading.current_thread().name)).startswith("relay-2")
        assert all(name.startswith("relay-5") for name in await asyncio.gather(*asked))

    asyncio.run(run())


@pytest.mark.parametrize(
    "callers", [["one"] * PER_CALLER, [f"caller {number}" for number in range(WAITING)]], ids=["a caller", "all"]
)
def test_ask__as_many_questions_as_are_held__the_next_is_refused_until_they_are_answered(callers: list[str]) -> None:
    async def run() -> None:
        threads = RelayThreads()
        with SlowNode() as node:
            asked = await hold(threads, node, callers)
            with pytest.raises(RequestRefused) as refused:
                await threads.ask(callers[0], SOLANA, str)
            assert refused.value.code == "too_many_connections"
            if len(set(callers)) == 1:
                assert await threads.ask("another", SOLANA, str) == ""
        await asyncio.gather(*asked)
        assert await threads.ask(callers[0], SOLANA, str) == ""

    asyncio.run(run())


def test_ask__whose_asker_has_gone__is_held_until_its_thread_is_free() -> None:
    async def run() -> None:
        threads = RelayThreads()
        with SlowNode() as node:
            for each in await hold(threads, node, ["one"] * PER_CALLER):
                each.cancel()
            with pytest.raises(RequestRefused):
                await threads.ask("one", SOLANA, str)

    asyncio.run(run())


def test_ask__waits_behind_others_and_is_given_up__holds_nothing() -> None:
    async def run() -> None:
        threads = RelayThreads()
        with SlowNode() as node:
            asked = await hold(threads, node, [f"caller {number}" for number in range(WAITING)])
            asked[-1].cancel()
            with suppress(asyncio.CancelledError):
                await asked[-1]
            later = asyncio.create_task(threads.ask("later", SOLANA, str))
        assert await later == ""

    asyncio.run(run())
