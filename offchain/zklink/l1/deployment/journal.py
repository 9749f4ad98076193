"""The journal of a deployment: what is about to be done and what is done, each line on the disk before the next act.

Takes the path of a file of JSON lines; gives back, after a kill at any moment, what was begun. It is also where
transactions outlive a restart (`SubmissionLog`): the same step goes on under its nonce. Never asks a chain.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from zklink.files import lock_file, sync_folder
from zklink.l1.transport.submission_log import KeptSubmission
from zklink.protocol.errors import FileNotWritten, JournalUnfit
from zklink.protocol.ids import ChainId

FORMAT: Final = "zklink.journal.1"


@dataclass(frozen=True, slots=True)
class Begun:
    """What a deployment fixed before its first transaction. `nonces` are the deployer's first ones by chain, `plan` is
    the hash of the init codes of all contracts.
    """

    deployer: str
    nonces: dict[ChainId, int]
    plan: str


@dataclass(frozen=True, slots=True)
class Done:
    """A step that is mined: its transaction, its block, the gas that it took, and the contract's address if it created
    one.
    """

    chain_id: ChainId
    step: str
    transaction: str
    block: int
    gas: int
    address: str = ""


@dataclass(frozen=True, slots=True)
class KeptWire:
    """A signed transaction of a Solana chain that may land up to a height, and the step that it is for."""

    step: str
    wire: bytes
    signature: str
    last_valid_height: int


class Journal:
    """One file. One process at a time has it (FileInUse); a torn last line, of a kill while it was written, is cut off.

    Raises JournalUnfit for a file that is none, FileNotWritten.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begun: Begun | None = None
        self.done: dict[tuple[ChainId, str], Done] = {}
        self.intended: set[tuple[ChainId, str]] = set()
        self._kept: dict[ChainId, dict[str, KeptSubmission]] = {}
        self._sent: dict[tuple[ChainId, int], list[bytes]] = {}
        self._wires: dict[ChainId, dict[str, KeptWire]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        lock_file(path)
        self._read()

    def begin(self, begun: Begun) -> None:
        """Fix what the deployment is. Raises JournalUnfit if the file is of another one."""
        if self.begun is None:
            nonces = {str(k): nonce for k, nonce in begun.nonces.items()}
            self._append("begun", {"format": FORMAT, **asdict(begun), "nonces": nonces})
            self.begun = begun
        elif self.begun.deployer != begun.deployer:
            raise JournalUnfit(str(self.path), f"it was begun by {self.begun.deployer}, not by {begun.deployer}")
        elif self.begun.plan != begun.plan:
            raise JournalUnfit(str(self.path), "the environment file, the keys or the sources have changed since")

    def intend(self, chain_id: ChainId, step: str, nonce: int, account: str, init_code_hash: bytes) -> None:
        """Note a step before anything of it is sent."""
        if (chain_id, step) not in self.intended:
            said = {"step": step, "nonce": nonce, "account": account, "init_code_hash": f"0x{init_code_hash.hex()}"}
            self._append("intended", {"chain_id": chain_id, **said})
            self.intended.add((chain_id, step))

    def finish(self, done: Done) -> None:
        """Note a step that is mined, and again if it is mined in another block since."""
        if self.done.get((done.chain_id, done.step)) != done:
            self._append("done", asdict(done))
            self.done[done.chain_id, done.step] = done

    def wires(self, chain_id: ChainId) -> list[KeptWire]:
        """The transactions of a Solana chain whose fates are not known."""
        return list(self._wires.get(chain_id, {}).values())

    def keep_wire(self, chain_id: ChainId, kept: KeptWire) -> None:
        """Keep a transaction of a Solana chain before a node gets it."""
        self._append("wired", {"chain_id": chain_id, **asdict(kept), "wire": kept.wire.hex()})
        self._wires.setdefault(chain_id, {})[kept.signature] = kept

    def drop_wire(self, chain_id: ChainId, signature: str) -> None:
        """It has landed, or never will."""
        if signature in self._wires.get(chain_id, {}):
            self._append("unwired", {"chain_id": chain_id, "signature": signature})
            del self._wires[chain_id][signature]

    def submissions(self, chain_id: ChainId) -> "JournaledSubmissions":
        """Where the transactions of a chain are kept."""
        return JournaledSubmissions(self, chain_id)

    def kept(self, chain_id: ChainId) -> dict[str, KeptSubmission]:
        """The transactions of a chain whose fates are not known, by their ids."""
        return self._kept.setdefault(chain_id, {})

    def keep(self, chain_id: ChainId, kept: KeptSubmission) -> None:
        """Keep a transaction before a node gets it."""
        self._append("kept", {"chain_id": chain_id, **_show(kept)})
        self._note(chain_id, kept)

    def drop(self, chain_id: ChainId, submission_id: str) -> None:
        """A transaction's fate is known."""
        if submission_id in self.kept(chain_id):
            self._append("dropped", {"chain_id": chain_id, "id": submission_id})
            del self.kept(chain_id)[submission_id]

    def _read(self) -> None:
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        whole, _, torn = data.rpartition(b"\n")
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise JournalUnfit(str(self.path), f"line {number} cannot be read") from error
        if torn:
            os.truncate(self.path, len(data) - len(torn))

    def _take(self, entry: dict[str, Any]) -> None:
        kind = entry.pop("entry")
        if kind == "begun":
            if entry["format"] != FORMAT:
                raise ValueError(entry["format"])
            nonces = {ChainId(int(k)): int(nonce) for k, nonce in entry["nonces"].items()}
            self.begun = Begun(entry["deployer"], nonces, entry["plan"])
            return
        chain_id = ChainId(entry.pop("chain_id"))
        if kind == "intended":
            self.intended.add((chain_id, entry["step"]))
        elif kind == "done":
            self.done[chain_id, entry["step"]] = Done(chain_id, **entry)
        elif kind == "kept":
            self._note(chain_id, _read_kept(entry))
        elif kind == "wired":
            kept = KeptWire(**{**entry, "wire": bytes.fromhex(entry["wire"])})
            self._wires.setdefault(chain_id, {})[kept.signature] = kept
        elif kind == "unwired":
            self._wires.get(chain_id, {}).pop(entry["signature"], None)
        elif kind == "dropped":
            self.kept(chain_id).pop(entry["id"], None)
        else:
            raise ValueError(kind)

    def sent(self, chain_id: ChainId, nonce: int) -> list[bytes]:
        """The hashes of all transactions that were ever signed with a nonce."""
        return self._sent.get((chain_id, nonce), [])

    def _note(self, chain_id: ChainId, kept: KeptSubmission) -> None:
        self.kept(chain_id)[kept.id] = kept
        hashes = self._sent.setdefault((chain_id, kept.nonce), [])
        hashes.extend(tx_hash for tx_hash in kept.tx_hashes if tx_hash not in hashes)

    def _append(self, kind: str, entry: dict[str, Any]) -> None:
        line = json.dumps({"entry": kind, **entry}) + "\n"
        is_new = not self.path.exists()
        try:
            with self.path.open("ab") as file:
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                sync_folder(self.path.parent)
        except OSError as error:
            raise FileNotWritten(str(self.path), error.strerror or str(error)) from error


@dataclass(frozen=True, slots=True)
class JournaledSubmissions:
    """The SubmissionLog of one chain, in a journal."""

    journal: Journal
    chain_id: ChainId

    def load(self, address: str) -> Sequence[KeptSubmission]:
        """See SubmissionLog."""
        mine = (one for one in self.journal.kept(self.chain_id).values() if one.account == address)
        return sorted(mine, key=lambda one: one.nonce)

    def keep(self, kept: KeptSubmission) -> None:
        """See SubmissionLog."""
        self.journal.keep(self.chain_id, kept)

    def drop(self, id: str) -> None:
        """See SubmissionLog."""
        self.journal.drop(self.chain_id, id)

    def clear(self) -> None:
        """See SubmissionLog."""
        for one in tuple(self.journal.kept(self.chain_id)):
            self.drop(one)


_BYTES: Final = ("data", "raw", "void_in")


def _show(kept: KeptSubmission) -> dict[str, Any]:
    shown = {item.name: getattr(kept, item.name) for item in fields(kept)}
    for name in _BYTES:
        shown[name] = None if shown[name] is None else shown[name].hex()
    return {**shown, "tx_hashes": [tx_hash.hex() for tx_hash in kept.tx_hashes]}


def _read_kept(entry: dict[str, Any]) -> KeptSubmission:
    for name in _BYTES:
        entry[name] = None if entry[name] is None else bytes.fromhex(entry[name])
    return KeptSubmission(**{**entry, "tx_hashes": [bytes.fromhex(text) for text in entry["tx_hashes"]]})
