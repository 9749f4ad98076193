"""How a Solana member is told its end: evidence and paths written into accounts, then the calls that read them.

Takes facts with the groups' signatures and the commitments that lead to them; sends calls that anybody may make. What
is true the program judges. Accounts follow from what they hold: whoever is killed goes on, and rent comes back.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.l1.transport.redaction import redact
from zklink.primitives.base58 import encode_base58
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_hashes import fold
from zklink.protocol.errors import L1Error
from zklink.protocol.facts import Accepted
from zklink.solana.client.importing import UNREAD, Evidence, Importer, make_account
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender, SolanaReceipt
from zklink.solana.interface import accounts, end_instructions
from zklink.solana.interface.forms import Instruction

log = logging.getLogger(__name__)

FIRST_PIECE: Final = 16
PATH_PIECE: Final = 25
"""Commitments that the transaction takes that opens a path, and each one more."""


@dataclass(frozen=True, slots=True)
class Lead:
    """The way from a block of some history to a later one: `commitments` are those of the blocks that follow."""

    base: Accepted
    commitments: tuple[bytes, ...]

    @property
    def top(self) -> bytes:
        """The sync hash to which it leads."""
        return fold(self.base.sync_hash, self.commitments)


class Ender:
    """Who sends these calls, and lends the rent of what they read: the sender's payer."""

    def __init__(self, importer: Importer, program: Program, sender: Sender) -> None:
        self._importer, self._program, self._sender = importer, program, sender

    def raise_end(
        self, path: Lead, validators: bytes, watchers: bytes, *, validators_say: bool, governor: Pubkey
    ) -> SolanaReceipt:
        """Raise END at the end of a path that begins at the tip. The validators' signatures are of END, or, unless they
        say it, their seal. Raises what `Sender.send` does.
        """
        with self._evidence(validators, watchers) as evidence, self.lend_path(path) as way:
            places = {"governor": governor, "evidence": evidence, "path": way}
            return self._send(end_instructions.RAISE_END, places, validators_say=int(validators_say))

    def stand_end(self, path: Lead) -> SolanaReceipt:
        """Let the END that waits stand, once its window is over; the path begins at the tip."""
        with self.lend_path(path) as way:
            return self._send(end_instructions.STAND_END, {"path": way})

    def deny_end(self, validators: bytes, watchers: bytes) -> SolanaReceipt:
        """Deny the END that waits by the word of the group that can, the other's is empty."""
        with self._evidence(validators, watchers) as evidence:
            return self._send(end_instructions.DENY_END, {"governor": UNREAD, "evidence": evidence}, by_governor=0)

    def fell_end(self, place: Accepted, validators: bytes, watchers: bytes, path: Lead | None) -> SolanaReceipt:
        """Fell the END that waits by an ACC. For a block that is not above END, the path leads to END from what END's
        own history has there.
        """
        values = {"number": place.number, "sync_hash": place.sync_hash}
        with self._evidence(validators, watchers) as evidence, self.lend_path(path) as way:
            return self._send(end_instructions.FELL_END, {"evidence": evidence, "path": way}, **values)

    def show_mismatch(self, block: Pubkey, queue: Pubkey, path: Lead | None = None) -> SolanaReceipt:
        """Show that the queue cannot match the block after the tip, which is written; where END stands, and the block's
        own commitments do not reach it, `path` leads there.
        """
        with self.lend_path(path) as way:
            return self._send(end_instructions.SHOW_MISMATCH, {"queue": queue, "block": block, "path": way})

    # -- accounts ------------------------------------------------------------------------------------------------

    def _evidence(self, validators: bytes, watchers: bytes) -> "Lent":
        body = validators + watchers
        account = self._make_key(b"evidence", body)
        self._importer.write(account, body, Evidence(validators, watchers))
        return Lent(account.pubkey(), lambda: self._importer.close(account.pubkey()))

    def lend_path(self, path: Lead | None) -> "Lent":
        """An account that holds a path as long as the call takes that reads it; one that nobody looks at for none."""
        if path is None:
            return Lent(UNREAD, lambda: None)
        account = self._make_key(b"path", path.base.sync_hash + path.top)
        places = {
            "writer": self._sender.payer.pubkey(),
            "path": account.pubkey(),
            "bridge": self._program.bridge,
        }
        done = self._read_path(account.pubkey(), path)
        if done is None:
            first = path.commitments[:FIRST_PIECE]
            made = make_account(self._sender, self._program, account.pubkey(), accounts.PATH.size)
            values: dict[str, Any] = {"number": path.base.number, "sync_hash": path.base.sync_hash}
            opened = self._program.encode(end_instructions.OPEN_PATH, places, tail=b"".join(first), **values)
            self._sender.send("open_path", [*made, opened], [account])
            done = len(first)
        for at in range(done, len(path.commitments), PATH_PIECE):
            self._extend_path(places, path.commitments[at : at + PATH_PIECE])
        closed = self._program.encode(end_instructions.CLOSE_PATH, places)
        return Lent(account.pubkey(), lambda: self._sender.send("close_path", [closed]))

    def _extend_path(self, places: dict[str, Pubkey], piece: tuple[bytes, ...]) -> None:
        call = self._program.encode(end_instructions.EXTEND_PATH, places, tail=b"".join(piece))
        self._sender.send("extend_path", [call])

    def _read_path(self, key: Pubkey, path: Lead) -> int | None:
        """How many commitments of a path stand there already; None if it is not there."""
        _, [found] = self._sender.node.accounts([str(key)], CONFIRMED)
        if found is None or found.owner != encode_base58(bytes(self._program.id)):
            return None
        return int(accounts.PATH.unpack(found.data)["number"]) - path.base.number

    def _make_key(self, kind: bytes, content: bytes) -> Keypair:
        secret = bytes(self._sender.payer)[:32]
        return Keypair.from_seed(keccak256(secret + b"zklink." + kind + bytes(self._program.id) + content))

    def _send(self, form: Instruction, places: dict[str, Pubkey], **values: Any) -> SolanaReceipt:
        call = self._program.encode(form, {"bridge": self._program.bridge} | places, **values)
        return self._sender.send(form.name, [call])


class Lent:
    """An account whose rent is lent for one call."""

    def __init__(self, key: Pubkey, close: Callable[[], object]) -> None:
        self._key, self._close = key, close

    def __enter__(self) -> Pubkey:
        return self._key

    def __exit__(self, *error: object) -> None:
        """What cannot be closed now is lent until somebody closes it: the call is what counts."""
        try:
            self._close()
        except L1Error as failure:
            log.warning("the rent of %s is not back yet: %s", self._key, redact(str(failure)))
