"""How a Solana member ends by both groups' word: evidence and a path are written, and END is raised with them.

Takes END, what leads to it from the member's tip, and signatures; sends calls that anybody may make. What was written
for it is closed again, and its rent comes back.
"""

from collections.abc import Sequence
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.primitives.keccak import keccak256
from zklink.protocol.facts import Accepted, End
from zklink.protocol.messages import SIGNATURE_BYTES
from zklink.solana.client.bridge import SolanaBridge
from zklink.solana.client.importing import PIECE_BYTES, make_account
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender, SolanaReceipt
from zklink.solana.interface import accounts, end_instructions, instructions

FIRST_PIECE: Final = 18
NEXT_PIECE: Final = 27
"""Commitments that fit beside the opening of a path, and into each call that lets it go on."""


class Ender:
    """Who sends these calls, and lends the rent of what is written: the sender's payer."""

    def __init__(self, bridge: SolanaBridge, program: Program, sender: Sender) -> None:
        self._bridge, self._program, self._sender = bridge, program, sender

    def raise_end(self, fact: End, commitments: Sequence[bytes], validators: bytes, watchers: bytes) -> SolanaReceipt:
        """Raise END by the word of both groups, which then stands; `commitments` lead to it from the member's tip.
        Raises what `Sender.send` does.
        """
        reading = self._bridge.read(CONFIRMED)
        name = fact.digest(reading.deployment_hash)
        evidence, path = self._key(b"evidence", name), self._key(b"path", name)
        self._close(evidence.pubkey(), path.pubkey())  # what somebody who was killed has left
        self._write_evidence(evidence, validators, watchers)
        self._write_path(path, Accepted(reading.tip.number, reading.tip.sync_hash), commitments)
        places = {
            "governor": Pubkey(reading.fields["governor"]),
            "bridge": self._program.bridge,
            "evidence": evidence.pubkey(),
            "path": path.pubkey(),
        }
        call = self._program.encode(end_instructions.RAISE_END, places, validators_say=1)
        try:
            return self._sender.send("raise_end", [call])
        finally:
            self._close(evidence.pubkey(), path.pubkey())

    def _close(self, evidence: Pubkey, path: Pubkey) -> None:
        """Take the rent of both back, where they are there."""
        writer = {"writer": self._sender.payer.pubkey()}
        forms = ((instructions.CLOSE_BLOCK, "block", evidence), (end_instructions.CLOSE_PATH, "path", path))
        _, found = self._sender.node.accounts([str(evidence), str(path)], CONFIRMED)
        calls = [
            self._program.encode(form, writer | {role: key})
            for (form, role, key), each in zip(forms, found, strict=True)
            if each is not None and each.owner == str(self._program.id)
        ]
        if calls:
            self._sender.send("close", calls)

    def _write_evidence(self, account: Keypair, validators: bytes, watchers: bytes) -> None:
        body, places = validators + watchers, {"writer": self._sender.payer.pubkey(), "block": account.pubkey()}
        counts: dict[str, Any] = {
            "validators": len(validators) // SIGNATURE_BYTES,
            "watchers": len(watchers) // SIGNATURE_BYTES,
        }
        opened = self._program.encode(instructions.OPEN_BLOCK, places, later=0, **counts)
        made = make_account(self._sender, self._program, account.pubkey(), accounts.BLOCK.size + len(body))
        self._sender.send("open_block", [*made, opened], [account])
        for at in range(0, len(body), PIECE_BYTES):
            call = self._program.encode(instructions.WRITE_BLOCK, places, body[at : at + PIECE_BYTES], at=at)
            self._sender.send("write_block", [call])

    def _write_path(self, account: Keypair, base: Accepted, commitments: Sequence[bytes]) -> None:
        places = {"writer": self._sender.payer.pubkey(), "path": account.pubkey()}
        first, rest = commitments[:FIRST_PIECE], commitments[FIRST_PIECE:]
        named: dict[str, Any] = {"number": base.number, "sync_hash": base.sync_hash}
        opened = self._program.encode(end_instructions.OPEN_PATH, places, b"".join(first), **named)
        made = make_account(self._sender, self._program, account.pubkey(), accounts.PATH.size)
        self._sender.send("open_path", [*made, opened], [account])
        for at in range(0, len(rest), NEXT_PIECE):
            tail = b"".join(rest[at : at + NEXT_PIECE])
            self._sender.send("extend_path", [self._program.encode(end_instructions.EXTEND_PATH, places, tail)])

    def _key(self, what: bytes, name: bytes) -> Keypair:
        secret = bytes(self._sender.payer)[:32]
        return Keypair.from_seed(keccak256(secret + b"zklink." + what + bytes(self._program.id) + name))
