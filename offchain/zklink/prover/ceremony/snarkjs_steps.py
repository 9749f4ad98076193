"""What snarkjs does in a ceremony, and what it says: one function for each of its commands.

Takes files; makes a file, or reads which contributions a key contains. A key appears under its name only when it is
whole: what is interrupted leaves a file that nobody takes for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from zklink.protocol.errors import CeremonyBroken, ToolFailed
from zklink.prover.tools import Tools, run_node

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


def list_contributions(tools: Tools, r1cs: Path, ptau: Path, key: Path) -> list[tuple[str, str]]:
    """The names and hashes of the contributions that a key contains, the first one first, after snarkjs has verified
    each of them from the powers of tau on. Raises CeremonyBroken for a key that does not verify.
    """
    try:
        said = run(tools, "zkey", "verify", r1cs.resolve(), ptau.resolve(), key.resolve(), cwd=key.parent)
    except ToolFailed as error:
        raise CeremonyBroken(
            str(key), f"it is no key of this circuit and these powers of tau ({_last(error)})"
        ) from error
    if GOOD not in said:
        raise CeremonyBroken(str(key), "snarkjs does not verify it")
    found = {int(number): (name, _join(words)) for number, name, words in _CONTRIBUTION.findall(said)}
    return [found[number] for number in sorted(found)]


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
