"""Writes a program's code into a buffer of the loader: in pieces, many at a time, until the buffer has it.

Takes a node, who pays, and a buffer that is made; leaves the code in it. What counts is what the buffer shows: a piece
whose answer was lost is written again only if it is missing, and writing one twice changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.message import Message
from solders.pubkey import Pubkey
from solders.transaction import Transaction

from zklink.protocol.errors import CodeUnexpected, RpcUnavailable, TransactionExpired
from zklink.prover.progress import Progress
from zklink.solana.client.node import CONFIRMED, FINALIZED, SolanaNode
from zklink.solana.client.sending import MOST_LOOKS, PAUSE_SECONDS, REACHED
from zklink.solana.deploying.desk import Desk
from zklink.solana.deploying.loader import read_buffer, write_piece

PIECE_BYTES: Final = 900
"""Bytes of code that fit into one transaction."""
AT_ONCE: Final = 32
"""Transactions that are on their way together."""
UNITS: Final = 10_000
"""Compute units that a piece may take."""
ROUNDS: Final = 8
"""How often what is missing is signed anew before it is given up."""


@dataclass(frozen=True, slots=True)
class Uploader:
    """One upload, into a buffer that the desk's payer has made."""

    desk: Desk
    buffer: Pubkey
    code: bytes

    @property
    def node(self) -> SolanaNode:
        """Whom it asks."""
        return self.desk.node

    def run(self, progress: Progress) -> None:
        """Write what is missing. Raises CodeUnexpected if the buffer is none of the payer's, TransactionExpired,
        RpcUnavailable, RpcRefused.
        """
        missing, signatures = self.find_missing(), tuple[str, ...]()
        with progress.step(f"{self.node.name}: upload of {len(self.code):,} bytes", len(missing)) as step:
            for _ in range(ROUNDS):
                if not missing:
                    return
                for start in range(0, len(missing), AT_ONCE):
                    signatures = self._write(missing[start : start + AT_ONCE])
                    step.advance(len(signatures))
                missing = self.find_missing()
        if missing:
            raise TransactionExpired(self.node.name, "upload", signatures)

    def find_missing(self) -> list[int]:
        """Where pieces begin that the buffer does not have. Raises CodeUnexpected, RpcUnavailable."""
        [found] = self.node.accounts([str(self.buffer)], CONFIRMED)[1]
        held = None if found is None else read_buffer(found.data)
        if held is None or held.authority != self.desk.payer.pubkey() or len(held.code) != len(self.code):
            raise CodeUnexpected(self.node.name, "the buffer of the program", str(self.buffer))
        starts = range(0, len(self.code), PIECE_BYTES)
        return [at for at in starts if held.code[at : at + PIECE_BYTES] != self.code[at : at + PIECE_BYTES]]

    def _write(self, starts: Sequence[int]) -> tuple[str, ...]:
        """Send pieces until each has landed or none can land any more; gives their signatures."""
        blockhash, last_valid_height = self.node.newest_blockhash(FINALIZED)
        signed = [self._sign(at, blockhash) for at in starts]
        waiting = {str(each.signatures[0]): bytes(each) for each in signed}
        signatures = tuple(waiting)
        for _ in range(MOST_LOOKS):
            is_over = self.node.height(FINALIZED) > last_valid_height
            found = self.node.statuses(list(waiting))
            for signature, status in zip(tuple(waiting), found, strict=True):
                if status is not None and status["confirmationStatus"] in REACHED[CONFIRMED]:
                    del waiting[signature]
                elif status is None and not is_over:
                    self._send(waiting[signature])
            if not waiting or is_over:
                return signatures
            self.desk.pause(PAUSE_SECONDS)
        raise RpcUnavailable(self.node.name, "getSignatureStatuses", MOST_LOOKS, "the node does not tell of the upload")

    def _send(self, wire: bytes) -> None:
        """A node that does not answer may have taken it: the next look sees."""
        try:
            self.node.send(wire)
        except RpcUnavailable:
            return

    def _sign(self, at: int, blockhash: str) -> Transaction:
        payer, recent = self.desk.payer, Hash.from_string(blockhash)
        budget = [set_compute_unit_limit(UNITS)]
        if self.desk.unit_price:
            budget.append(set_compute_unit_price(self.desk.unit_price))
        call = write_piece(self.buffer, payer.pubkey(), at, self.code[at : at + PIECE_BYTES])
        return Transaction([payer], Message.new_with_blockhash([*budget, call], payer.pubkey(), recent), recent)
