"""Loads a program: its code into a buffer, the buffer into a program. What is there already is not done again."""

import hashlib
from dataclasses import dataclass

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from zklink.protocol.errors import CodeUnexpected
from zklink.prover.progress import Progress
from zklink.solana.client.loader import BUFFER_HEAD_BYTES, LOADER, find_program_data
from zklink.solana.deploying.loader import PROGRAM_BYTES, deploy, initialize_buffer, read_program_data
from zklink.solana.deploying.seeded import Seeded, make_keyed
from zklink.solana.deploying.steps import Steps
from zklink.solana.deploying.upload import Uploader


@dataclass(frozen=True, slots=True)
class Loading:
    """A program that is to be loaded: its name in journals, its address, its code, and who may upgrade it then."""

    name: str
    id: Pubkey
    code: bytes
    payer: Pubkey

    @property
    def data(self) -> Pubkey:
        """Where the loader keeps its code."""
        return find_program_data(self.id)

    @property
    def buffer(self) -> Seeded:
        """Where the code is written before it is a program; another code has another place."""
        name = f"zklink {hash_code(self.code)[:24]}"
        return Seeded(self.payer, name, LOADER, BUFFER_HEAD_BYTES + len(self.code))

    def load(self, steps: Steps, key: Keypair, progress: Progress) -> None:
        """Load it, unless it is there. Raises CodeUnexpected if another one is, and what `Sender.send` raises."""
        if self._is_loaded(steps):
            steps.note(self.name)
            return
        buffer = self.buffer
        steps.make(f"{self.name} buffer", buffer, initialize_buffer(buffer.key, self.payer))
        steps.report(steps.name, f"{self.name} upload")
        Uploader(steps.desk, buffer.key, self.code).run(progress)
        [found] = steps.read(self.id)
        held = found.lamports if found else 0
        making = make_keyed(self.payer, self.id, LOADER, PROGRAM_BYTES, steps.rent(PROGRAM_BYTES), held)
        call = deploy(self.payer, self.id, buffer.key, self.payer, len(self.code))
        steps.send(self.name, [*making, call], key)

    def _is_loaded(self, steps: Steps) -> bool:
        there, held = steps.read(self.id, self.data)
        if there is None or not there.data:
            return False
        loaded = None if held is None else read_program_data(held.data)
        if loaded is None or loaded.code != self.code:
            raise CodeUnexpected(steps.name, f"the {self.name}", str(self.id))
        return True


def hash_code(code: bytes) -> str:
    """What identifies a program's bytes in records: SHA-256."""
    return hashlib.sha256(code).hexdigest()
