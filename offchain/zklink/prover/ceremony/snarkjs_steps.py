"""What snarkjs does in a ceremony, and what it says: one function for each of its commands.

Takes files; makes a file, or reads which contributions a key contains. A key appears under its name only when it is
whole: what is interrupted leaves a file that nobody takes for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.protocol.errors import CeremonyBroken, ToolFailed
from zklink.prover.key_header import MAGIC
from zklink.prover.sections import find_sections, read_section
from zklink.prover.tools import Tools, run_node

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
"""What a contributor may be called. snarkjs prints names as they stand in a key: one with line breaks could print other
contributions than the key contains.
"""

CONTRIBUTIONS: Final = 10
"""The section of a key that lists them: a hash of 64 bytes, their number, then for each its points and its transcript
(_FIXED bytes), its type and its parameters.
"""

MOST_BYTES: Final = 1 << 20
_FIXED: Final = 3 * 64 + 128 + 64


@dataclass(frozen=True, slots=True)
class Contained:
    """A contribution that a key contains. `beacon` is its randomness in hex, `iterations` the exponent of their number;
    empty and 0 for a person's.
    """

    name: str
    hash: str
    beacon: str = ""
    iterations: int = 0


HOURS: Final = 24 * 3_600
"""Seconds that a step may take; the largest circuits take hours."""

PART: Final = ".part"
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_CONTRIBUTION: Final = re.compile(r"contribution #(\d+) (.*):\n((?:\t\t[0-9a-f ]+\n){4})")
_HASH: Final = re.compile(r"Contribution Hash: \n((?:\t\t[0-9a-f ]+\n){4})")
GOOD: Final = "ZKey Ok!"


def run(tools: Tools, *arguments: str | Path, cwd: Path) -> str:
    """snarkjs' words, without colours. Raises ToolFailed."""
    said = run_node([str(tools.snarkjs), *map(str, arguments)], cwd=cwd, timeout_seconds=HOURS)
    return _COLOUR.sub("", said)


def make_file(path: Path, make: Callable[[Path], str]) -> str:
    """Have a file made beside its place, then put it there; gives what `make` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}{PART}{path.suffix}")
    part.unlink(missing_ok=True)
    said = make(part)
    part.replace(path)
    return said


def make_first_key(tools: Tools, r1cs: Path, ptau: Path, key: Path) -> None:
    """The key before any contribution."""
    make_file(
        key, lambda part: run(tools, "groth16", "setup", r1cs.resolve(), ptau.resolve(), part.resolve(), cwd=key.parent)
    )


def contribute(tools: Tools, before: Path, key: Path, name: str, entropy: str) -> str:
    """A contribution on top of a key; gives its hash. snarkjs mixes random bytes of the machine into `entropy`."""
    said = make_file(
        key,
        lambda part: run(
            tools,
            "zkey",
            "contribute",
            before.resolve(),
            part.resolve(),
            f"--name={name}",
            f"-e={entropy}",
            cwd=key.parent,
        ),
    )
    return _read_hash(key, said)


def add_beacon(tools: Tools, before: Path, key: Path, randomness: str, iterations: int) -> str:
    """The public contribution at the end; gives its hash."""
    said = make_file(
        key,
        lambda part: run(
            tools,
            "zkey",
            "beacon",
            before.resolve(),
            part.resolve(),
            randomness,
            str(iterations),
            "--name=beacon",
            cwd=key.parent,
        ),
    )
    return _read_hash(key, said)


def list_contributions(tools: Tools, r1cs: Path, ptau: Path, key: Path) -> list[Contained]:
    """The contributions that a key contains, the first one first, after snarkjs has verified each of them from the
    powers of tau on. Names and beacons are read from the key itself, hashes from what snarkjs says. Raises
    CeremonyBroken for a key that does not verify.
    """
    noted = read_noted(key)
    try:
        said = run(tools, "zkey", "verify", r1cs.resolve(), ptau.resolve(), key.resolve(), cwd=key.parent)
    except ToolFailed as error:
        raise CeremonyBroken(
            str(key), f"it is no key of this circuit and these powers of tau ({_last(error)})"
        ) from error
    if GOOD not in said:
        raise CeremonyBroken(str(key), "snarkjs does not verify it")
    found = {int(number): (name, _join(words)) for number, name, words in _CONTRIBUTION.findall(said)}
    if [found.get(number, ("",))[0] for number in range(1, len(found) + 1)] != [name for name, _, _ in noted]:
        raise CeremonyBroken(str(key), "snarkjs names other contributions than the key lists")
    return [
        Contained(name, found[number][1], beacon, iterations)
        for number, (name, beacon, iterations) in enumerate(noted, 1)
    ]


def read_noted(key: Path) -> list[tuple[str, str, int]]:
    """Name, beacon and iterations of each contribution, as the key lists them. Raises CeremonyBroken for a name that is
    none (NAME), and for a list that is not whole.
    """
    try:
        data = read_section(key, find_sections(key, MAGIC), CONTRIBUTIONS, MOST_BYTES)
        count, at, noted = int.from_bytes(data[64:68], "little"), 68, list[tuple[str, str, int]]()
        for _ in range(count):
            at += _FIXED
            kind, size = (int.from_bytes(data[at + i : at + i + 4], "little") for i in (0, 4))
            noted.append(_read_parameters(kind, data[at + 8 : at + 8 + size]))
            at += 8 + size
        if at != len(data):
            raise ValueError("its list of contributions is not whole")
    except (OSError, ValueError, IndexError) as error:
        raise CeremonyBroken(str(key), f"its contributions cannot be read ({error})") from error
    return noted


def _read_parameters(kind: int, data: bytes) -> tuple[str, str, int]:
    """1, length, name; of a beacon (kind 1) also 2, iterations, and 3, length, randomness."""
    if kind not in (0, 1) or data[0] != 1:
        raise ValueError("a contribution has no name or another kind")
    name, rest = data[2 : 2 + data[1]].decode("ascii"), data[2 + data[1] :]
    if len(name) != data[1] or not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name")
    if kind == 0:
        if rest:
            raise ValueError("a contribution has parameters beside its name")
        return name, "", 0
    if rest[0] != 2 or rest[2] != 3 or len(rest) != 4 + rest[3]:
        raise ValueError("a beacon has other parameters")
    return name, rest[4:].hex(), rest[1]


def _last(error: ToolFailed) -> str:
    words = [line for line in _COLOUR.sub("", error.output).splitlines() if "rror" in line]
    return words[-1].strip()[:200] if words else "snarkjs says nothing of it"


def _read_hash(key: Path, said: str) -> str:
    found = _HASH.search(said)
    if found is None:
        raise CeremonyBroken(str(key), "snarkjs names no hash of the contribution")
    return _join(found.group(1))


def _join(words: str) -> str:
    return "".join(words.split())
