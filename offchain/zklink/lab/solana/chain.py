"""A Solana chain in this process: the ledger behind the door that EVM chains have, and its JSON-RPC.

Takes time, faults and transactions; gives slots. What runs on it, it does not know.
"""

import time
from collections.abc import Sequence
from typing import Any, ClassVar

from zklink.lab.errors import UnknownTransaction
from zklink.lab.kinds import LITESVM
from zklink.lab.solana.base import SolanaChain, SolanaSpec
from zklink.lab.solana.ledger import START_TIME, Ledger, Moment
from zklink.lab.solana.rpc import SolanaRpc


class LocalSolana(SolanaChain):
    """A Solana chain on LiteSVM."""

    made_of: ClassVar[str] = LITESVM
    has_pool: ClassVar[bool] = True
    is_in_process: ClassVar[bool] = True

    def __init__(self, spec: SolanaSpec) -> None:
        super().__init__(spec)
        self.ledger = Ledger(
            spec.name,
            spec.confirmed_slots,
            spec.finalized_slots,
            spec.block_time_seconds,
            time=START_TIME if spec.starts_at is None else spec.starts_at,
            kept_slots=spec.kept_slots,
        )
        self.node = SolanaRpc(self.ledger)
        self.behind_seconds = 0.0
        """How far its own clock is behind the machine's, while that sets the pace."""

    def answer(self, method: str, parameters: list[Any], behind: int = 0) -> dict[str, Any]:
        """The node's answer in JSON-RPC, as of so many slots behind."""
        return self.node.answer(method, parameters, behind)

    # -- slots ---------------------------------------------------------------------------------------------------

    def height(self) -> int:
        """The newest slot."""
        return self.ledger.slot

    def head_timestamp(self) -> int:
        """The newest slot's time, UNIX seconds."""
        return self.ledger.times[self.ledger.slot]

    def mine(self, blocks: int = 1) -> None:
        """Let slots pass; what waits stands in the first."""
        with self.node.lock:
            self.ledger.tick(blocks)

    def _mine_at(self, timestamp: int | None) -> None:
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

    def start_clock(self) -> None:
        """From now on make a slot every slot time, and only then; none is earlier than the machine's time."""
        self.ledger.clock = lambda: time.time() - self.behind_seconds
        SolanaChain.start_clock(self)

    def halt(self) -> None:
        """Make no slots any more, until `start_clock`."""
        SolanaChain.halt(self)
        self.ledger.clock = None

    # -- lost forks, and going back --------------------------------------------------------------------------------

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

    def snapshot(self) -> Moment:
        """Remember everything but programs that are put there afterwards; for one `restore`."""
        return self.ledger.snapshot()

    def restore(self, snapshot: Moment) -> None:
        """Go back to a snapshot; transactions in flight are forgotten."""
        with self.node.lock:
            self.ledger.restore(snapshot)
