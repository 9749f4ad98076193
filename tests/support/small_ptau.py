"""Small files of powers of tau for rehearsals of a ceremony, made once per machine by snarkjs."""

import hashlib
from pathlib import Path

from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.tools import ensure_tools, run_snarkjs


def ensure_ptau(power: int) -> tuple[Path, str]:
    """The file for 2^power constraints, and its BLAKE2b-512 hash in hex."""
    tools = ensure_tools()

    def make(directory: Path) -> None:
        run_snarkjs(tools, ["powersoftau", "new", "bn128", str(power), "new.ptau"], cwd=directory)
        entropy = "-e=a test's entropy"
        run_snarkjs(
            tools, ["powersoftau", "contribute", "new.ptau", "given.ptau", "--name=one", entropy], cwd=directory
        )
        run_snarkjs(tools, ["powersoftau", "prepare", "phase2", "given.ptau", "final.ptau"], cwd=directory)

    path = ensure_entry("ptau", compute_content_hash(str(power), tools.root.name), make) / "final.ptau"
    return path, hashlib.blake2b(path.read_bytes()).hexdigest()
