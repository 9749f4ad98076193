"""What a ceremony has done so far: one file that names every other one by its hash. Never runs anything.

Takes and gives JSON; a step is added only when all its files are there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from zklink.files import read_file, write_file
from zklink.protocol.errors import CeremonyBroken, FileUnreadable

FORMAT: Final = "zklink.ceremony.2"
FILE: Final = "transcript.json"
PIECE_BYTES: Final = 1 << 20
CIRCUIT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""A circuit's name. It is part of files' names, and a transcript comes from somebody else: it names no other folder."""


@dataclass(frozen=True, slots=True)
class Made:
    """A circuit's key after a step: the file's SHA-256, and the hash of the contribution as snarkjs shows it, empty for
    the first key, to which nobody has contributed.
    """

    sha256: str
    contribution: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One contribution to the keys of all circuits. `beacon` is its randomness in hex and `iterations` the exponent of
    their number, where it is the public one at the end.
    """

    name: str
    keys: Mapping[str, Made]
    beacon: str = ""
    iterations: int = 0


@dataclass(frozen=True, slots=True)
class Transcript:
    """A ceremony: its circuits by the SHA-256 of their constraints, its powers of tau by BLAKE2b-512 and size in bytes,
    the first keys, and the contributions in order. `announced` is where its beacon comes from, as it was said at the
    beginning.
    """

    circuits: Mapping[str, str]
    ptau_blake2b: str
    ptau_bytes: int
    steps: tuple[Step, ...]
    announced: str

    @property
    def is_closed(self) -> bool:
        """Whether the beacon is in, after which nobody contributes."""
        return bool(self.steps[-1].beacon)

    def add(self, step: Step) -> Transcript:
        """With one more step."""
        return replace(self, steps=(*self.steps, step))

    def key_path(self, folder: Path, number: int, circuit: str) -> Path:
        """Where the key of a circuit after a step is."""
        return folder / f"{number:04d}" / f"{circuit}.zkey"

    def write(self, folder: Path) -> None:
        """Put it in the place of the one before. Raises FileNotWritten."""
        write_file(folder / FILE, json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n")


def read_transcript(folder: Path) -> Transcript:
    """A ceremony's transcript. Raises CeremonyBroken if it is none."""
    path = folder / FILE
    try:
        data = json.loads(read_file(path))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']!r} is not {FORMAT!r}")
        steps = tuple(
            Step(
                str(step["name"]),
                {
                    str(name): Made(str(made["sha256"]), str(made["contribution"]))
                    for name, made in step["keys"].items()
                },
                str(step["beacon"]),
                int(step["iterations"]),
            )
            for step in data["steps"]
        )
        circuits = {str(name): str(digest) for name, digest in data["circuits"].items()}
        found = Transcript(circuits, str(data["ptau_blake2b"]), int(data["ptau_bytes"]), steps, str(data["announced"]))
        if not steps or any(step.keys.keys() != circuits.keys() for step in steps):
            raise ValueError("a step lacks a circuit")
        if not all(map(CIRCUIT.fullmatch, circuits)):
            raise ValueError("a circuit's name is no file's")
    except (FileUnreadable, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CeremonyBroken(str(path), f"it is no transcript ({error})") from error
    return found


def hash_file(path: Path, name: str = "sha256") -> str:
    """A file's hash in hex, however large it is. Raises CeremonyBroken if it cannot be read."""
    digest = hashlib.new(name)
    try:
        with path.open("rb") as handle:
            while piece := handle.read(PIECE_BYTES):
                digest.update(piece)
    except OSError as error:
        raise CeremonyBroken(str(path), error.strerror or str(error)) from error
    return digest.hexdigest()
