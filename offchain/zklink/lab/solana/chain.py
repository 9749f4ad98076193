"""A Solana chain of a world: the ledger behind the door that EVM chains have, and its JSON-RPC.

Takes time, faults and transactions; gives slots. What runs on it, it does not know.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from zklink.lab.block_clock import BlockClock
from zklink.lab.errors import FaultUnavailable, NodeRefused, TimeNotLater, UnknownTransaction
from zklink.lab.kinds import LITESVM, SOLANA, Kind
from zklink.lab.rpc_http import HttpNode
from zklink.lab.solana.ledger import Ledger, Moment
from zklink.lab.solana.proxy import SolanaProxy
from zklink.lab.solana.rpc import SolanaRpc

SLOT_SECONDS: Final = 0.4


@dataclass(frozen=True, slots=True)
class SolanaSpec:
    """The Solana cluster that a local chain imitates: after how many slots one is confirmed, and finalized."""

    kind: ClassVar[Kind] = SOLANA

    name: str = "solana"
    block_time_seconds: float = SLOT_SECONDS
    confirmed_slots: int = 2
    finalized_slots: int = 32


@dataclass(slots=True)
class LocalSolana:
    """A Solana chain in this process."""

    kind: ClassVar[Kind] = SOLANA
    made_of: ClassVar[str] = LITESVM
    has_pool: ClassVar[bool] = True
    is_in_process: ClassVar[bool] = True
    node_url: ClassVar[None] = None

    spec: SolanaSpec
    ledger: Ledger = field(init=False)
    node: SolanaRpc = field(init=False)
    _clock: BlockClock | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        spec = self.spec
        self.ledger = Ledger(spec.name, spec.confirmed_slots, spec.finalized_slots, spec.block_time_seconds)
        self.node = SolanaRpc(self.ledger)

    @property
    def name(self) -> str:
        """The chain's name, as it was asked for."""
        return self.spec.name

    def rpc(self, method: str, *parameters: object) -> Any:
        """A raw request to the node. Raises NodeRefused with the node's words if it answers with an error."""
        answer = self.node.answer(method, list(parameters))
        if "error" in answer:
            raise NodeRefused(self.name, method, str(answer["error"]))
        return answer["result"]

    def send(self, wire: bytes) -> str:
        """Send a signed transaction; gives its first signature. Raises NodeRefused."""
        return str(self.rpc("sendTransaction", base64.b64encode(wire).decode(), {"encoding": "base64"}))

    def serve_http(self, port: int = 0) -> HttpNode:
        """A node over HTTP on loopback, which misbehaves as it is told. Raises PortTaken."""
        return HttpNode(self.put_before(), port)

    def put_before(self) -> SolanaProxy:
        """A node in this process that misbehaves as it is told, before this chain."""
        return SolanaProxy(self.node.answer)

    # -- blocks --------------------------------------------------------------------------------------------------

    def height(self) -> int:
        """The newest slot."""
        return self.ledger.slot

    def head_timestamp(self) -> int:
        """The newest slot's time, UNIX seconds."""
        return self.ledger.times[self.ledger.slot]

    def least_time(self) -> int:
        """That of the last slot: several slots have the same second."""
        return self.head_timestamp()

    def mine(self, blocks: int = 1) -> None:
        """Let slots pass; what waits stands in the first."""
        with self.node.lock:
            self.ledger.tick(blocks)

    def finalize(self) -> None:
        """Let slots pass until what there is now is finalized."""
        self.mine(self.spec.finalized_slots)

    def advance_time(self, seconds: int) -> None:
        """Make one slot that is so many seconds later than the last. Raises TimeNotLater below one."""
        if seconds < 1:
            raise TimeNotLater(self.name, seconds)
        self.mine_at(self.head_timestamp() + seconds)

    def mine_at(self, timestamp: int | None, base_fee_wei: int | None = None) -> None:
        """Make one slot of this time, if it is not before the last one's. Raises FaultUnavailable for a base fee."""
        if base_fee_wei is not None:
            raise FaultUnavailable(self.name, "a base fee", "an EVM chain")
        with self.node.lock:
            self.ledger.tick(time=None if timestamp is None else max(timestamp, self.ledger.time))

    def set_automine(self, is_automining: bool) -> None:
        """Make a slot for each transaction, or only when told."""
        self.ledger.is_automining = is_automining

    def hold_up(self, withheld: frozenset[str], *, is_full: bool, is_dropping: bool) -> None:
        """Which waiting transactions no slot takes, and whether what is sent gets lost; no node is ever full."""
        self.ledger.withheld, self.ledger.is_dropping = withheld, is_dropping

    def drop_waiting(self) -> tuple[str, ...]:
        """What waits is lost; gives the signatures."""
        with self.node.lock:
            lost, self.ledger.pool = self.waiting(), []
        return lost

    def waiting(self) -> tuple[str, ...]:
        """The signatures of the transactions that wait for a slot."""
        return tuple(self.ledger.signature_of(wire) for wire in self.ledger.pool)

    def transactions(self, depth: int) -> tuple[str, ...]:
        """The signatures in the last slots, in order."""
        first = self.ledger.slot - depth + 1
        return tuple(str(entry.signature) for entry in self.ledger.entries if entry.slot >= first)

    def most_reorg(self) -> int:
        """The slots that are not finalized."""
        return min(self.spec.finalized_slots, self.ledger.slot) - 1

    def reorg(self, depth: int, back: Sequence[str] | None = None) -> tuple[str, ...]:
        """Another fork wins over the last `depth` slots; gives the signatures that were in them. Of these those in
        `back` come again, in that order; all by default. One that names a lost blockhash never lands. Raises
        ReorgTooDeep for what is finalized, UnknownTransaction.
        """
        with self.node.lock:
            removed = self.transactions(depth)
            wires = {str(entry.signature): entry.wire for entry in self.ledger.entries}
            again = removed if back is None else tuple(back)
            for signature in again:
                if signature not in removed:
                    raise UnknownTransaction(signature)
            self.ledger.drop(depth, [wires[signature] for signature in again])
        return removed

    # -- going back, and the pace of a live chain ------------------------------------------------------------------

    def snapshot(self) -> Moment:
        """Remember everything but programs that are put there afterwards; for one `restore`."""
        return self.ledger.snapshot()

    def restore(self, snapshot: Moment) -> None:
        """Go back to a snapshot; transactions in flight are forgotten."""
        with self.node.lock:
            self.ledger.restore(snapshot)

    def start_clock(self) -> None:
        """From now on make a slot every slot time, and only then."""
        if self._clock is None:
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
        """Make no slots any more, until `start_clock`; transactions wait."""
        if self._clock is not None:
            self._clock.stop()
            self._clock = None

    def close(self) -> None:
        """Stop the clock."""
        self.halt()
