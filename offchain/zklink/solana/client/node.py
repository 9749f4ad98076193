"""A Solana node over HTTP, or several as one: asks until it answers, and gives answers that have the form they should
have.

Takes a method of JSON-RPC; gives its result. An answer that is late, broken, of another request or from behind what
this client has already seen is no answer. Errors never show the node's address, which may hold a key.
"""

import base64
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import httpx

from zklink.l1.transport.meters import Outcome
from zklink.l1.transport.roster import PoolPolicy
from zklink.protocol.errors import NodesDisagree, RpcUnavailable, WrongChain
from zklink.solana.client.pool import NoAnswer, SolanaPool, Way, read_genesis

Level = Literal["processed", "confirmed", "finalized"]
FINALIZED: Final[Level] = "finalized"
"""What decides about requests, facts and freezes."""
CONFIRMED: Final[Level] = "confirmed"
"""What this system's own transactions and views are taken at."""

ATTEMPTS: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.2
DECIDED: Final = ("confirmed", "finalized")
"""The levels at which a transaction counts."""

Json = Any
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AccountData:
    """What an account holds; `owner` is the program that may write it, in base58; a program is executable."""

    lamports: int
    owner: str
    data: bytes
    is_executable: bool = False


class SolanaNode:
    """One asker of a node, or of several that stand in for each other: it remembers what it was shown, and takes
    nothing that is older. With a quorum, accounts and what became of a transaction count once so many nodes say the
    same. `http` replaces connections, `pause` the machine's time. With `genesis` each node must serve that cluster;
    `policy` says how many nodes must agree. A `pool` is shared with others, and has all of that but the pause.
    """

    def __init__(
        self,
        name: str,
        urls: str | Sequence[str] = (),
        http: httpx.Client | None = None,
        pause: Callable[[float], None] = time.sleep,
        pool: SolanaPool | None = None,
        genesis: int | None = None,
        policy: PoolPolicy | None = None,
    ) -> None:
        """Raises NodesDisagree for fewer nodes than the quorum."""
        self.name, self._pause = name, pause
        self.pool = pool or SolanaPool(name, [urls] if isinstance(urls, str) else urls, genesis, policy, http)
        self._seen: dict[str, int] = {}

    def call(self, method: str, *parameters: Json) -> Json:
        """The result of a request. Raises RpcUnavailable, RpcRefused."""
        return self._call(lambda result: result, method, *parameters)

    def _call(self, read: Callable[[Json], T], method: str, *parameters: Json) -> T:
        """What `read` makes of the result; one that it cannot read, such as null, is no answer."""
        return self._try(method, lambda: self.pool.first(lambda way: way.call(read, method, *parameters)))

    def _try(self, method: str, ask: Callable[[], T]) -> T:
        """Ask until there is an answer. Raises RpcUnavailable, RpcRefused, NodesDisagree, WrongChain."""
        failure: Exception | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
            try:
                return ask()
            except (NoAnswer, NodesDisagree) as error:
                failure = error
        if isinstance(failure, NodesDisagree):
            raise failure
        raise RpcUnavailable(self.name, method, ATTEMPTS, str(failure))

    # -- questions -----------------------------------------------------------------------------------------------

    def check_genesis(self, expected: int) -> None:
        """Raise WrongChain unless the cluster's genesis is the one of the chain table; RpcUnavailable."""
        found = self._call(read_genesis, "getGenesisHash")
        if found != expected:
            raise WrongChain(self.name, expected, found)

    def check_each(self, expected: int) -> None:
        """The same of every single node, which is named by its place."""
        for node in self.split():
            node.check_genesis(expected)

    def split(self) -> "list[SolanaNode]":
        """Every single node, which is named by its place."""
        return [SolanaNode(pool.roster.name, pause=self._pause, pool=pool) for pool in self.pool.split()]

    def height(self, level: Level = FINALIZED) -> int:
        """The newest block's height at a level, of as many nodes as the quorum."""
        return self._newest("getBlockHeight", level)

    def slot(self, level: Level = FINALIZED) -> int:
        """The newest slot of a level, of as many nodes as the quorum; it never goes back."""
        found = self._newest("getSlot", level, self._seen.get(level, 0))
        self._seen[level] = max(self._seen.get(level, 0), found)
        return found

    def _newest(self, method: str, level: Level, least: int = 0) -> int:
        def ask(way: Way) -> int:
            return _not_behind(way.call(int, method, {"commitment": level}), least)

        quorum = self.pool.roster.policy.quorum
        if quorum == 1:
            return self._try(method, lambda: self.pool.first(ask))
        return self._try(method, lambda: sorted(self.pool.each(ask), reverse=True)[quorum - 1])

    def block_time(self, slot: int) -> int:
        """A slot's time, UNIX seconds."""
        return self._call(int, "getBlockTime", slot)

    def newest_blockhash(self, level: Level = FINALIZED) -> tuple[str, int]:
        """A blockhash that transactions can name, and the last height at which they can land."""
        return self._call(_read_blockhash, "getLatestBlockhash", {"commitment": level})

    def accounts(self, keys: Sequence[str], level: Level = FINALIZED) -> tuple[int, list[AccountData | None]]:
        """Accounts as of one slot, and that slot; None for one that is not there. The slot never goes back."""
        options = {"commitment": level, "encoding": "base64"}
        method, least = "getMultipleAccounts", self._seen.get(level, 0)

        def ask(way: Way) -> tuple[int, list[AccountData | None]]:
            slot, found = way.call(_read_accounts, method, list(keys), options)
            if len(found) != len(keys):
                raise NoAnswer("the node gives more accounts than it was asked for, or fewer", Outcome.ODD)
            return _not_behind(slot, least), found

        said = self._try(method, lambda: self.pool.agree(ask, lambda answer: tuple(answer[1])))
        slot = min(slot for slot, _ in said)
        self._seen[level] = max(least, slot)
        return slot, said[0][1]

    def owned(self, program: str, level: Level = FINALIZED) -> tuple[int, dict[str, AccountData]]:
        """Every account of a program as of one slot, by address, and that slot. Raises RpcRefused where the node gives
        no such list, as many public ones do not.
        """
        options = {"commitment": level, "encoding": "base64", "withContext": True}
        method, least = "getProgramAccounts", self._seen.get(level, 0)

        def ask(way: Way) -> tuple[int, dict[str, AccountData]]:
            slot, found = way.call(_read_owned, method, program, options)
            if any(each.owner != program for each in found.values()):
                raise NoAnswer("the node gives accounts of another program", Outcome.ODD)
            return _not_behind(slot, least), found

        said = self._try(method, lambda: self.pool.agree(ask, lambda answer: frozenset(answer[1].items())))
        slot = min(slot for slot, _ in said)
        self._seen[level] = max(least, slot)
        return slot, said[0][1]

    def status(self, signature: str) -> Json | None:
        """What is known of a transaction, in the whole history; None if nothing is."""
        return self._try("getSignatureStatuses", lambda: self.pool.first(lambda way: _ask_status(way, signature)))

    def fate(self, signature: str, last_valid_height: int) -> tuple[Json | None, bool]:
        """What is known of a transaction that can land up to a height, and whether it never will any more. Each node
        says both for itself, its height first: what has not landed then, and is not there afterwards, never lands
        there. A status counts once as many nodes as the quorum have it; its end once a majority says so, too.
        """

        def ask(way: Way) -> tuple[Json | None, bool]:
            is_over = way.call(int, "getBlockHeight", {"commitment": FINALIZED}) > last_valid_height
            return _ask_status(way, signature), is_over

        quorum = self.pool.roster.policy.quorum
        said = self._try("getSignatureStatuses", lambda: self.pool.each(ask))
        landed = [status for status, _ in said if status is not None and status["confirmationStatus"] in DECIDED]
        for status in sorted(landed, key=lambda each: DECIDED.index(each["confirmationStatus"])):
            same = [each for each in landed if json.dumps(each["err"]) == json.dumps(status["err"])]
            if len(same) >= quorum:
                return status, False
        if landed:
            return {"confirmationStatus": "processed", "err": None}, False
        return None, sum(is_over for _, is_over in said) >= max(quorum, len(said) // 2 + 1)

    def statuses(self, signatures: Sequence[str]) -> list[Json | None]:
        """What is known of recent transactions, at most 256; None for those of which nothing is."""
        found = self._call(lambda found: list(found["value"]), "getSignatureStatuses", list(signatures))
        if len(found) != len(signatures):
            raise RpcUnavailable(self.name, "getSignatureStatuses", 1, "the node answers about other transactions")
        return found

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
        """Hand in signed bytes, untried, at every node: the same bytes land once. Gives their signature, which says
        nothing about what becomes of them.
        """
        options = {"encoding": "base64", "skipPreflight": True, "maxRetries": 0}
        wire_text = base64.b64encode(wire).decode()

        def ask(way: Way) -> str:
            return way.call(str, "sendTransaction", wire_text, options)

        return self._try("sendTransaction", lambda: self.pool.each(ask, least=1)[0])


def _not_behind(slot: int, least: int) -> int:
    if slot < least:
        raise NoAnswer("the node is behind what it has shown before", Outcome.ODD)
    return slot


def _ask_status(way: Way, signature: str) -> Json | None:
    options = {"searchTransactionHistory": True}
    return way.call(lambda found: found["value"][0], "getSignatureStatuses", [signature], options)


def _read_blockhash(found: Json) -> tuple[str, int]:
    value = found["value"]
    return str(value["blockhash"]), int(value["lastValidBlockHeight"])


def _read_accounts(found: Json) -> tuple[int, list[AccountData | None]]:
    return int(found["context"]["slot"]), [None if each is None else _read_account(each) for each in found["value"]]


def _read_owned(found: Json) -> tuple[int, dict[str, AccountData]]:
    slot, listed = int(found["context"]["slot"]), found["value"]
    return slot, {str(each["pubkey"]): _read_account(each["account"]) for each in listed}


def _read_account(found: Json) -> AccountData:
    data = base64.b64decode(found["data"][0], validate=True)
    return AccountData(int(found["lamports"]), str(found["owner"]), data, bool(found.get("executable")))
