"""What every Solana chain of the laboratory is, whatever it is made of: its settings, and its door.

Takes JSON-RPC answers from whoever runs the machine; gives what tests and worlds ask for.
"""

import base64
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from zklink.lab.block_clock import BlockClock
from zklink.lab.errors import FaultUnavailable, NodeRefused, TimeNotLater
from zklink.lab.kinds import SOLANA, Kind
from zklink.lab.rpc_http import HttpNode
from zklink.lab.solana.proxy import SolanaProxy

SLOT_SECONDS: Final = 0.4
MAINNET: Final = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
"""The genesis hash of Solana's main network."""

RunsOn = Literal["litesvm", "surfnet", "fork"]


@dataclass(frozen=True, slots=True)
class SolanaSpec:
    """The Solana cluster that a local chain imitates, and what it runs on: `litesvm` is a ledger in this process,
    `surfnet` Surfpool's network as a process, `fork` one that stands on the node in `<NAME>_RPC`.

    A ledger has `confirmed_slots` and `finalized_slots`: after so many a slot is confirmed, and finalized; a Surfnet
    has its own. `genesis_hash` is that of the cluster that a fork must stand on. A ledger begins at `starts_at` (UNIX
    seconds), by default always the same, and keeps what accounts held for `kept_slots`, by default for ever.
    """

    kind: ClassVar[Kind] = SOLANA

    name: str = "solana"
    block_time_seconds: float = SLOT_SECONDS
    confirmed_slots: int = 2
    finalized_slots: int = 32
    runs_on: RunsOn = "litesvm"
    genesis_hash: str = MAINNET
    starts_at: float | None = None
    kept_slots: int | None = None


class SolanaChain:
    """A Solana chain. `made_of` is what runs the programs, as faults name it; where there is a pool, transactions can
    wait and forks be lost.
    """

    kind: ClassVar[Kind] = SOLANA
    made_of: ClassVar[str]
    has_pool: ClassVar[bool]
    is_in_process: ClassVar[bool]

    def __init__(self, spec: SolanaSpec) -> None:
        self.spec = spec
        self._clock: BlockClock | None = None

    @property
    def name(self) -> str:
        """The chain's name, as it was asked for."""
        return self.spec.name

    @property
    def node_url(self) -> str | None:
        """Where its node listens; None for one in this process."""
        return None

    # -- its node ------------------------------------------------------------------------------------------------

    def answer(self, method: str, parameters: list[Any], behind: int = 0) -> dict[str, Any]:
        """The node's answer in JSON-RPC, as of so many slots behind. Raises FaultUnavailable where the past is lost."""
        raise NotImplementedError

    def rpc(self, method: str, *parameters: object) -> Any:
        """A raw request to the node. Raises NodeRefused with the node's words if it answers with an error."""
        answer = self.answer(method, list(parameters))
        if "error" in answer:
            raise NodeRefused(self.name, method, str(answer["error"]))
        return answer["result"]

    def send(self, wire: bytes) -> str:
        """Send a signed transaction; gives its first signature. Raises NodeRefused."""
        return str(self.rpc("sendTransaction", base64.b64encode(wire).decode(), {"encoding": "base64"}))

    def put_before(self) -> SolanaProxy:
        """A node in this process that misbehaves as it is told, before this chain."""
        return SolanaProxy(self.answer)

    def serve_http(self, port: int = 0) -> HttpNode:
        """A node over HTTP on loopback, which misbehaves as it is told. Raises PortTaken."""
        return HttpNode(self.put_before(), port)

    # -- time ----------------------------------------------------------------------------------------------------

    def height(self) -> int:
        """The newest slot."""
        raise NotImplementedError

    def head_timestamp(self) -> int:
        """The newest slot's time, UNIX seconds."""
        raise NotImplementedError

    def least_time(self) -> int:
        """That of the last slot: several slots have the same second."""
        return self.head_timestamp()

    def mine(self, blocks: int = 1) -> None:
        """Let slots pass; what waits stands in the first."""
        raise NotImplementedError

    def mine_at(self, timestamp: int | None, base_fee_wei: int | None = None) -> None:
        """Make one slot of this time, if it is not before the last one's. Raises FaultUnavailable for a base fee."""
        if base_fee_wei is not None:
            raise FaultUnavailable(self.name, "a base fee", "revm, anvil or fork")
        self._mine_at(timestamp)

    def _mine_at(self, timestamp: int | None) -> None:
        raise NotImplementedError

    def finalize(self) -> None:
        """Let slots pass until what there is now is finalized."""
        self.mine(self.spec.finalized_slots)

    def advance_time(self, seconds: int) -> None:
        """Make one slot that is so many seconds later than the last. Raises TimeNotLater below one."""
        if seconds < 1:
            raise TimeNotLater(self.name, seconds)
        self.mine_at(self.head_timestamp() + seconds)

    def waiting(self) -> tuple[str, ...]:
        """The signatures of the transactions that wait for a slot."""
        raise NotImplementedError

    # -- the pace of a live chain --------------------------------------------------------------------------------

    def set_automine(self, is_automining: bool) -> None:
        """Make a slot for each transaction, or only when told. Raises FaultUnavailable where nothing waits."""
        raise NotImplementedError

    def start_clock(self) -> None:
        """From now on make a slot every slot time; where transactions can wait, only then."""
        if self._clock is None:
            if self.has_pool:
                self.set_automine(False)
            self._clock = BlockClock(self.name, self.spec.block_time_seconds, self.mine)
            self._clock.start()

    def stop_clock(self) -> None:
        """Make a slot for each transaction again."""
        if self._clock is not None:
            self.halt()
            self.set_automine(True)
            self.mine()

    def halt(self) -> None:
        """Make no slots any more, until `start_clock`; where transactions can wait, they do."""
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    def close(self) -> None:
        """Stop the clock, and whatever runs beside this process."""
        self.halt()
