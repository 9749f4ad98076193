"""A Solana chain on Surfpool's network: a process that answers as a cluster's node does, at the pace it is told.

Takes time and transactions; gives slots. Each transaction lands at once, in a slot of its own; all commitment levels
show the same accounts, nothing is ever lost, and there is no way back: forks, waiting transactions and snapshots are
the ledger's (`chain.LocalSolana`).
"""

import base64
import math
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import requests

from zklink.lab.errors import ClusterElsewhere, FaultUnavailable, ForkUnreachable
from zklink.lab.kinds import LITESVM, SURFNET
from zklink.lab.solana.base import SolanaChain, SolanaSpec
from zklink.lab.solana.surfnet_process import SurfnetProcess, start_surfnet

ANSWER_SECONDS: Final = 30.0
UPSTREAM_SECONDS: Final = 10.0
"""Seconds that the node under a fork may take to name its cluster."""

CLOCK: Final = "SysvarC1ock11111111111111111111111111111111"
NOW: Final = {"encoding": "base64", "commitment": "processed"}


class LocalSurfnet(SolanaChain):
    """A Solana chain as a process. `is_stand_in` is set for a fork that stands on nothing."""

    made_of: ClassVar[str] = SURFNET
    has_pool: ClassVar[bool] = False
    is_in_process: ClassVar[bool] = False

    def __init__(self, spec: SolanaSpec, process: SurfnetProcess, is_stand_in: bool = False) -> None:
        super().__init__(spec)
        self.process, self.is_stand_in = process, is_stand_in
        self._session = requests.Session()
        self._session.trust_env = False  # loopback is behind no proxy

    @property
    def node_url(self) -> str:
        """Where its node listens."""
        return self.process.url

    def answer(self, method: str, parameters: list[Any], behind: int = 0) -> dict[str, Any]:
        """The node's answer in JSON-RPC. Raises FaultUnavailable for one that is behind."""
        if behind:
            raise FaultUnavailable(self.name, "a node that is behind", LITESVM)
        return ask(self._session, self.process.url, method, parameters, ANSWER_SECONDS)

    # -- slots ---------------------------------------------------------------------------------------------------

    def height(self) -> int:
        """The newest slot."""
        return int(self.rpc("getSlot", NOW))

    def head_timestamp(self) -> int:
        """What programs see as the time, UNIX seconds."""
        data = base64.b64decode(self.rpc("getAccountInfo", CLOCK, NOW)["value"]["data"][0])
        return int.from_bytes(data[32:40], "little", signed=True)

    def mine(self, blocks: int = 1) -> None:
        """Let slots pass."""
        for _ in range(blocks):
            self._travel(1)

    def _mine_at(self, timestamp: int | None) -> None:
        seconds = 0 if timestamp is None else timestamp - self.head_timestamp()
        self._travel(max(1, math.ceil(seconds / self.spec.block_time_seconds)))
        while timestamp is not None and self.head_timestamp() < timestamp:
            self._travel(1)

    def _travel(self, slots: int) -> None:
        # By slots: travel to a time counts slots from the start anew, and so goes back.
        self.rpc("surfnet_timeTravel", {"absoluteSlot": self.height() + slots})

    def set_automine(self, is_automining: bool) -> None:
        """Each transaction makes its slot. Raises FaultUnavailable for anything else."""
        if not is_automining:
            raise FaultUnavailable(self.name, "a transaction that waits", LITESVM)

    def hold_up(self, withheld: frozenset[str], *, is_full: bool, is_dropping: bool) -> None:
        """Nothing waits, so nothing is held up."""

    def waiting(self) -> tuple[str, ...]:
        """None: each lands at once."""
        return ()

    def drop_waiting(self) -> tuple[str, ...]:
        """Raises FaultUnavailable."""
        raise FaultUnavailable(self.name, "a transaction that is lost", LITESVM)

    def transactions(self, depth: int) -> tuple[str, ...]:
        """Raises FaultUnavailable: no slot is ever lost, so nobody asks what it had."""
        raise FaultUnavailable(self.name, "a lost fork", LITESVM)

    def most_reorg(self) -> int:
        """None of its slots can be replaced."""
        return 0

    def reorg(self, depth: int, back: Sequence[str] | None = None) -> tuple[str, ...]:
        """Raises FaultUnavailable."""
        raise FaultUnavailable(self.name, "a lost fork", LITESVM)

    def snapshot(self) -> None:
        """Raises FaultUnavailable: open another one for each test that must begin anew."""
        raise FaultUnavailable(self.name, "going back to a snapshot", LITESVM)

    def restore(self, snapshot: object) -> None:
        """Raises FaultUnavailable."""
        raise FaultUnavailable(self.name, "going back to a snapshot", LITESVM)

    def close(self) -> None:
        """Stop the clock, and end the process."""
        super().close()
        self._session.close()
        self.process.stop()


def open_surfnet(spec: SolanaSpec) -> LocalSurfnet:
    """A network of its own, with nothing on it. Raises SurfnetFailed, PackageUnavailable."""
    return LocalSurfnet(spec, start_surfnet(spec.name, options_of(spec)))


def open_fork(spec: SolanaSpec, url: str | None, variable: str) -> LocalSurfnet:
    """One that reads accounts from the node at an address, and never sends there; without an address, a stand-in that
    stands on nothing. Raises ForkUnreachable, ClusterElsewhere, SurfnetFailed, PackageUnavailable.
    """
    if url is None:
        return LocalSurfnet(spec, start_surfnet(spec.name, options_of(spec)), is_stand_in=True)
    check_upstream(spec, url, variable)
    return LocalSurfnet(spec, start_surfnet(spec.name, options_of(spec, url)))


def options_of(spec: SolanaSpec, url: str | None = None) -> dict[str, Any]:
    """What Surfpool is told: a slot for each transaction, and slots when we say."""
    pace = {"blockProductionMode": "transaction", "slotTimeMs": round(spec.block_time_seconds * 1000)}
    where = {"offline": True} if url is None else {"offline": False, "remoteRpcUrl": url}
    return pace | where | {"airdropSol": 0}


def check_upstream(spec: SolanaSpec, url: str, variable: str) -> None:
    """Whether the node answers and is of the expected cluster. Raises ForkUnreachable, ClusterElsewhere."""
    try:
        with requests.Session() as session:
            found = str(ask(session, url, "getGenesisHash", [], UPSTREAM_SECONDS)["result"])
    except (requests.RequestException, ValueError, KeyError) as error:
        raise ForkUnreachable(spec.name, variable, type(error).__name__) from None
    if found != spec.genesis_hash:
        raise ClusterElsewhere(spec.name, variable, spec.genesis_hash, found)


def ask(session: requests.Session, url: str, method: str, parameters: list[Any], seconds: float) -> dict[str, Any]:
    """One request in JSON-RPC."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    answer = session.post(url, json=asked, timeout=seconds)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
