"""A Solana node over HTTP: asks until it answers, and gives answers that have the form they should have.

Takes a method of JSON-RPC; gives its result. An answer that is late, broken, of another request or from behind what
this client has already seen is no answer. Errors never show the node's address, which may hold a key.
"""

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import httpx

from zklink.l1.transport.redaction import redact
from zklink.primitives.base58 import decode_base58
from zklink.protocol.errors import RpcRefused, RpcUnavailable, WrongChain

Level = Literal["processed", "confirmed", "finalized"]
FINALIZED: Final[Level] = "finalized"
"""What decides about requests, facts and freezes."""
CONFIRMED: Final[Level] = "confirmed"
"""What this system's own transactions and views are taken at."""

ATTEMPTS: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.2
REQUEST_SECONDS: Final = 15.0
PASSING: Final = (-32004, -32005, -32014, -32016, -32603)
"""Errors after which the same question may be answered: behind, not yet known, or its own fault."""
AWAY: Final = (408, 429, 500, 502, 503, 504)
"""The same among HTTP's statuses."""

Json = Any
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AccountData:
    """What an account holds; `owner` is the program that may write it, in base58."""

    lamports: int
    owner: str
    data: bytes


class SolanaNode:
    """One node, or several that stand in for each other. `http` replaces connections, `pause` the machine's time."""

    def __init__(
        self,
        name: str,
        urls: str | Sequence[str],
        http: httpx.Client | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._urls, self._pause = ([urls] if isinstance(urls, str) else list(urls)), pause
        self._http = http or httpx.Client(timeout=REQUEST_SECONDS)
        self._seen: dict[str, int] = {}

    def call(self, method: str, *parameters: Json) -> Json:
        """The result of a request. Raises RpcUnavailable, RpcRefused."""
        return self._call(lambda result: result, method, *parameters)

    def _call(self, read: Callable[[Json], T], method: str, *parameters: Json) -> T:
        """What `read` makes of the result; one that it cannot read, such as null, is no answer."""
        detail = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
            try:
                return read(self._ask(self._urls[attempt % len(self._urls)], method, parameters))
            except (_NoAnswer, httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
                detail = redact(f"{type(error).__name__}: {error}") if not isinstance(error, _NoAnswer) else str(error)
        raise RpcUnavailable(self.name, method, ATTEMPTS, detail)

    def _ask(self, url: str, method: str, parameters: tuple[Json, ...]) -> Json:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        reply = self._http.post(url, json=asked)
        if reply.status_code in AWAY:
            raise _NoAnswer(f"HTTP {reply.status_code}")
        if reply.status_code != 200:
            raise RpcRefused(self.name, method, f"HTTP {reply.status_code}")
        answer = reply.json()
        if answer["id"] != 1:
            raise _NoAnswer("the answer to another request")
        if "error" in answer:
            code, text = int(answer["error"]["code"]), redact(str(answer["error"]["message"]))
            if code in PASSING:
                raise _NoAnswer(f"{text} ({code})")
            raise RpcRefused(self.name, method, f"{text} ({code})")
        return answer["result"]

    # -- questions -----------------------------------------------------------------------------------------------

    def check_genesis(self, expected: int) -> None:
        """Raise WrongChain unless the cluster's genesis is the one of the chain table."""
        found = self._call(lambda text: int.from_bytes(decode_base58(str(text), 32), "big"), "getGenesisHash")
        if found != expected:
            raise WrongChain(self.name, expected, found)

    def height(self, level: Level = FINALIZED) -> int:
        """The newest block's height at a level."""
        return self._call(int, "getBlockHeight", {"commitment": level})

    def slot(self, level: Level = FINALIZED) -> int:
        """The newest slot of a level."""
        return self._call(int, "getSlot", {"commitment": level})

    def block_time(self, slot: int) -> int:
        """A slot's time, UNIX seconds."""
        return self._call(int, "getBlockTime", slot)

    def newest_blockhash(self, level: Level = FINALIZED) -> tuple[str, int]:
        """A blockhash that transactions can name, and the last height at which they can land."""
        return self._call(_read_blockhash, "getLatestBlockhash", {"commitment": level})

    def accounts(self, keys: Sequence[str], level: Level = FINALIZED) -> tuple[int, list[AccountData | None]]:
        """Accounts as of one slot, and that slot; None for one that is not there. The slot never goes back."""
        options = {"commitment": level, "encoding": "base64"}
        slot, found = self._call(_read_accounts, "getMultipleAccounts", list(keys), options)
        if slot < self._seen.get(level, 0) or len(found) != len(keys):
            raise RpcUnavailable(self.name, "getMultipleAccounts", 1, "the node is behind what it has shown before")
        self._seen[level] = slot
        return slot, found

    def status(self, signature: str) -> Json | None:
        """What is known of a transaction, in the whole history; None if nothing is."""
        options = {"searchTransactionHistory": True}
        return self._call(lambda found: found["value"][0], "getSignatureStatuses", [signature], options)

    def transaction(self, signature: str, level: Level = CONFIRMED) -> Json | None:
        """A transaction and what it did; None if the level does not have it."""
        options = {"commitment": level, "encoding": "base64", "maxSupportedTransactionVersion": 0}
        return self.call("getTransaction", signature, options)

    def simulate(self, wire: bytes) -> Json:
        """What a transaction would do now: `err`, `logs`, `unitsConsumed`."""
        options = {"commitment": CONFIRMED, "encoding": "base64", "sigVerify": False}
        wire_text = base64.b64encode(wire).decode()
        return self._call(lambda found: found["value"], "simulateTransaction", wire_text, options)

    def send(self, wire: bytes) -> str:
        """Hand in signed bytes, untried; gives their signature, which says nothing about what becomes of them."""
        options = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
        return str(self.call("sendTransaction", base64.b64encode(wire).decode(), options))


class _NoAnswer(Exception):
    """The node did not answer, and may later."""


def _read_blockhash(found: Json) -> tuple[str, int]:
    value = found["value"]
    return str(value["blockhash"]), int(value["lastValidBlockHeight"])


def _read_accounts(found: Json) -> tuple[int, list[AccountData | None]]:
    return int(found["context"]["slot"]), [None if each is None else _read_account(each) for each in found["value"]]


def _read_account(found: Json) -> AccountData:
    return AccountData(int(found["lamports"]), str(found["owner"]), base64.b64decode(found["data"][0], validate=True))
