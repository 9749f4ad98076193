"""A network at rest, in a folder: every chain's state, the node's database, and a list of both with their hashes.

Takes the chains at a moment at which no block is being made, and a closed database; gives a folder, and chains and a
database that agree. A folder that is damaged, of other code or of other options is never used: `find_fault` says why.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zklink.demo.network.node_settings import DATABASE_FILE, DEPLOYMENT_FILE
from zklink.devnet.anvil_command import anvil_path
from zklink.devnet.pools import PoolPlan
from zklink.devnet.tokens import TOKENS_FILE
from zklink.devnet.world import World
from zklink.files import read_file, sync_folder, write_file
from zklink.l1.contract_artifacts import compute_sources_hash
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import SILENCE_SECONDS
from zklink.protocol.presets import Preset
from zklink.prover.cache import compute_content_hash

if TYPE_CHECKING:
    from zklink.devnet.solana.member import SolanaMember

FORMAT: Final = "zklink.devnet.1"
LIST_FILE: Final = "network.json"
SOLANA_FILE: Final = "solana.ledger"
PACKAGE: Final = Path(__file__).resolve().parents[2]
ELSEWHERE: Final = frozenset({"api", "bench", "cli", "explorer", "recovery"})
"""Parts of the package that write nothing of a network's state."""

SLEEP_SECONDS: Final = SILENCE_SECONDS // 2
"""Chains that slept longer go on at the time at which they stopped: a primary that is silent for two days is over."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The list: what a folder holds. `key` names the code, contracts, keys and terms; `files` has SHA-256 by name."""

    format: str
    key: str
    preset: str
    chains: tuple[str, ...]
    saved_at: int
    heads: dict[str, int]
    files: dict[str, str]

    @property
    def age_seconds(self) -> float:
        """How long ago it was saved."""
        return time.time() - self.saved_at


def compute_key(
    preset: Preset,
    key_hashes: Sequence[bytes],
    chains: Sequence[ChainProfile],
    pools: Sequence[PoolPlan],
    program: bytes = b"",
) -> str:
    """The hash of everything that a saved network is made from: code, contracts, tokens, circuits' keys, options, the
    program that runs the chains, and that of the bridge on a Solana chain.
    """
    sources = [path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in ELSEWHERE]
    return compute_content_hash(
        FORMAT,
        repr(preset),
        *key_hashes,
        repr(tuple(chains)),
        repr(tuple(pools)),
        compute_sources_hash(),
        str(anvil_path().resolve()),
        TOKENS_FILE.read_bytes(),
        program,
        *(part for path in sources for part in (str(path.relative_to(PACKAGE)), path.read_bytes())),
    )


def save_network(
    folder: Path, world: World, run: Path, key: str, preset: Preset, solana: "SolanaMember | None" = None
) -> None:
    """Save chains that make no blocks now and the closed database in `run`. Raises NodeRefused, FileNotWritten."""
    files = {}
    if solana is not None:
        files[SOLANA_FILE] = solana.dump()
        write_file(folder / SOLANA_FILE, files[SOLANA_FILE])
    for chain in world:
        name = f"{chain.name}.state"
        content = bytes.fromhex(str(chain.rpc("anvil_dumpState")).removeprefix("0x"))
        write_file(folder / name, content)
        files[name] = content
    write_file(folder / DEPLOYMENT_FILE, read_file(run / DEPLOYMENT_FILE))
    _copy_database(run / DATABASE_FILE, folder / DATABASE_FILE)
    files |= {name: (folder / name).read_bytes() for name in (DEPLOYMENT_FILE, DATABASE_FILE)}
    saved = Saved(
        FORMAT,
        key,
        preset.name,
        tuple(chain.name for chain in world),
        int(time.time()),
        {chain.name: chain.client.head().number for chain in world},
        {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    write_file(folder / LIST_FILE, json.dumps(asdict(saved), indent=2) + "\n")
    sync_folder(folder)


def read_saved(folder: Path) -> Saved:
    """The list of a folder. Raises ValueError with the reason if there is none, or if it is not a list."""
    try:
        data: dict[str, Any] = json.loads(read_file(folder / LIST_FILE))
        return Saved(**{**data, "chains": tuple(data["chains"])})
    except (ZkLinkError, ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{LIST_FILE} cannot be read") from error


def find_fault(folder: Path, key: str) -> str:
    """Why a folder cannot be used; empty if it can."""
    try:
        saved = read_saved(folder)
    except ValueError as error:
        return str(error)
    if saved.format != FORMAT or saved.key != key:
        return "it is of another version of the program, its contracts or its keys"
    for name, digest in saved.files.items():
        try:
            content = (folder / name).read_bytes()
        except OSError:
            return f"{name} is missing"
        if hashlib.sha256(content).hexdigest() != digest:
            return f"{name} is damaged"
    return ""


def load_network(folder: Path, world: World, run: Path, solana: "SolanaMember | None" = None) -> Deployment:
    """Give fresh chains the saved states, and `run` the database; gives the deployment. Only for a folder without
    fault. Raises NodeRefused, DeploymentRefused.
    """
    saved = read_saved(folder)
    for chain in world:
        chain.rpc("anvil_loadState", f"0x{(folder / f'{chain.name}.state').read_bytes().hex()}")
        if saved.age_seconds > SLEEP_SECONDS:
            chain.rpc("evm_setTime", chain.head_timestamp() + 1)
    if solana is not None:
        slept = saved.age_seconds if saved.age_seconds > SLEEP_SECONDS else 0.0
        solana.load((folder / SOLANA_FILE).read_bytes(), slept)
    # The states of earlier blocks are not saved: with these the node's confirmed height is one that the chain knows.
    world.confirm()
    _copy_database(folder / DATABASE_FILE, run / DATABASE_FILE)
    return Deployment.from_json(read_file(folder / DEPLOYMENT_FILE))


def _copy_database(source: Path, target: Path) -> None:
    """A whole copy, with what still stands in the write-ahead log."""
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")
