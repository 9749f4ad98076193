"""A ceremony step by step: begin, contribute, beacon, verify, finish.

Takes a folder that goes from hand to hand; each step adds keys to it and a line to its transcript. Never goes on from
files that are not what the transcript says.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from zklink.files import write_file
from zklink.protocol.errors import CeremonyBroken, CeremonyRefused
from zklink.prover.build import CompiledCircuit
from zklink.prover.ceremony import snarkjs_steps
from zklink.prover.ceremony.beacon_source import check_randomness, parse_source
from zklink.prover.ceremony.snarkjs_steps import NAME, Contained
from zklink.prover.ceremony.transcript import FILE, Made, Step, Transcript, hash_file, read_transcript
from zklink.prover.circuit_artifacts import CircuitArtifacts, load_artifacts
from zklink.prover.published_r1cs import check_published
from zklink.prover.tools import Tools

FIRST: Final = "powers of tau"
BEACON: Final = "beacon"

Say = Callable[[str], object]


def begin(
    tools: Tools,
    folder: Path,
    circuits: Sequence[CompiledCircuit],
    ptau: Path,
    blake2b: str,
    announced: str,
    say: Say,
) -> Transcript:
    """The first keys, from a public file of powers of tau whose BLAKE2b-512 hash is `blake2b`; `announced` is where the
    beacon will come from. Raises CeremonyRefused, CeremonyBroken, ConstraintsUnpublished, ToolFailed.
    """
    source = parse_source(announced)
    if folder.exists() and any(folder.iterdir()):
        raise CeremonyRefused(f"{folder} is not empty: a ceremony begins in a folder of its own")
    check_published(circuits)
    check_ptau(ptau, blake2b, ptau.stat().st_size)
    folder.mkdir(parents=True, exist_ok=True)
    keys = {}
    for circuit in circuits:
        say(f"{circuit.name}: the first key")
        path = folder / "0000" / f"{circuit.name}.zkey"
        snarkjs_steps.make_first_key(tools, circuit.r1cs, ptau, path)
        keys[circuit.name] = Made(hash_file(path))
    hashes = {circuit.name: hash_file(circuit.r1cs) for circuit in circuits}
    found = Transcript(hashes, blake2b.lower(), ptau.stat().st_size, (Step(FIRST, keys),), source.text)
    found.write(folder)
    return found


def contribute(tools: Tools, folder: Path, name: str, say: Say) -> Step:
    """One person's contribution to all circuits. Its hashes are what the person keeps and publishes. Raises
    CeremonyRefused, CeremonyBroken, ToolFailed; then the ceremony is as it was, and the same call begins anew.
    """
    if not NAME.fullmatch(name) or name in (FIRST, BEACON):
        raise CeremonyRefused(f"{name!r} is no name: letters, digits, spaces and . _ @ - are, 64 of them at most")
    return _add(
        folder,
        lambda before, key: snarkjs_steps.contribute(tools, before, key, name, secrets.token_hex(64)),
        Step(name, {}),
        say,
    )


def add_beacon(tools: Tools, folder: Path, randomness: str, iterations: int, say: Say) -> Step:
    """The last contribution: the value of the announced source, which nobody could know when the others contributed.
    Raises as `contribute`.
    """
    found = read_transcript(folder)
    check_randomness(parse_source(found.announced), randomness)
    if len(found.steps) == 1:
        raise CeremonyRefused("nobody has contributed yet: a beacon alone keeps no secret")
    return _add(
        folder,
        lambda before, key: snarkjs_steps.add_beacon(tools, before, key, randomness, iterations),
        Step(BEACON, {}, randomness, iterations),
        say,
    )


def verify(
    tools: Tools,
    folder: Path,
    circuits: Sequence[CompiledCircuit],
    ptau: Path,
    say: Say,
    mine: Sequence[str] = (),
    value: str = "",
    announced: str = "",
) -> Transcript:
    """Check everything, offline: the powers of tau and the circuits by their hashes, every file by its own, and that
    the last keys come from the first ones by just the contributions that the transcript lists. `mine` are the hashes
    of one's own contribution, one for each circuit, which must be among them; `value` is the announced source's, as its
    publisher has it, which must be the beacon; `announced` is the source as one has heard it when the ceremony began:
    whoever has the folder can write another one into it. Raises CeremonyBroken, ConstraintsUnpublished.
    """
    found = read_transcript(folder)
    if announced and found.announced != announced:
        raise CeremonyBroken(FILE, f"it announces the beacon {found.announced}, and it was announced as {announced}")
    _check_announced(found, value)
    check_ptau(ptau, found.ptau_blake2b, found.ptau_bytes)
    check_published(circuits)
    hashes = {circuit.name: hash_file(circuit.r1cs) for circuit in circuits}
    if hashes != found.circuits:
        raise CeremonyBroken(FILE, "its circuits are not those that the sources here give")
    for number, step in enumerate(found.steps):
        for name in found.circuits:
            _check_key(found, folder, number, step, name)
    for circuit in circuits:
        key = found.key_path(folder, len(found.steps) - 1, circuit.name)
        listed = [
            Contained(step.name, step.keys[circuit.name].contribution, step.beacon, step.iterations)
            for step in found.steps[1:]
        ]
        _check_listed(key, listed, snarkjs_steps.list_contributions(tools, circuit.r1cs, ptau, key))
        say(f"{circuit.name}: the key comes from {len(listed)} contributions, each as the transcript lists it")
    by_step = [{made.contribution for made in step.keys.values()} for step in found.steps[1:]]
    for contribution in mine:
        if not any(contribution in step for step in by_step):
            raise CeremonyBroken(
                FILE, f"contribution {contribution} is not in it: somebody has put another in its place"
            )
    if mine and not any(step <= set(mine) for step in by_step):
        raise CeremonyBroken(FILE, f"your contribution has {len(circuits)} hashes, one for each circuit: give all")
    return found


def finish(
    tools: Tools, folder: Path, circuits: Sequence[CompiledCircuit], ptau: Path, out: Path, value: str, say: Say
) -> Mapping[str, CircuitArtifacts]:
    """Verify, with the value that the announced source has given, then write a folder of keys as nodes and deployments
    take it. Raises CeremonyRefused, CeremonyBroken, ConstraintsUnpublished.
    """
    if not read_transcript(folder).is_closed:
        raise CeremonyRefused("the beacon is not in yet: without it the last contributor chooses the keys")
    found = verify(tools, folder, circuits, ptau, say, value=value)
    out.mkdir(parents=True, exist_ok=True)
    sums, artifacts = list[str](), {}
    for circuit in circuits:
        key, vkey = out / f"{circuit.name}.zkey", out / f"{circuit.name}.vkey.json"
        shutil.copyfile(found.key_path(folder, len(found.steps) - 1, circuit.name), key)
        snarkjs_steps.run(tools, "zkey", "export", "verificationkey", key.resolve(), vkey.resolve(), cwd=out)
        artifacts[circuit.name] = load_artifacts(circuit, key, vkey)
        sums += [f"{hash_file(path)}  {path.name}" for path in (key, vkey)]
    write_file(out / "SHA256SUMS", "\n".join(sums) + "\n")
    shutil.copyfile(folder / FILE, out / FILE)
    return artifacts


def _check_announced(found: Transcript, value: str) -> None:
    """The beacon is of the announced source, as far as that can be told offline, and its value if that is given."""
    beacon = found.steps[-1].beacon
    try:
        source = parse_source(found.announced)
        if beacon:
            check_randomness(source, beacon)
    except CeremonyRefused as error:
        raise CeremonyBroken(FILE, error.reason) from error
    if value and beacon != value.removeprefix("0x").lower():
        said = f"its beacon is {beacon}" if beacon else "it has no beacon yet"
        raise CeremonyBroken(FILE, f"{said}, and the announced source {found.announced} has given {value}")


def check_ptau(ptau: Path, blake2b: str, size: int) -> None:
    """Raise CeremonyBroken unless a file is the powers of tau that were named."""
    if ptau.stat().st_size != size:
        raise CeremonyBroken(str(ptau), f"it has {ptau.stat().st_size} bytes, and the ceremony's {size}")
    found = hash_file(ptau, "blake2b")
    if found != blake2b.lower():
        raise CeremonyBroken(str(ptau), f"its BLAKE2b hash is {found}, and not {blake2b.lower()}")


def _add(folder: Path, make: Callable[[Path, Path], str], step: Step, say: Say) -> Step:
    """A step on top of the last one; the transcript names it when all its keys are there."""
    found = read_transcript(folder)
    if found.is_closed:
        raise CeremonyRefused("the beacon is in: nobody contributes any more")
    if step.name in {each.name for each in found.steps}:
        raise CeremonyRefused(f"{step.name} has contributed already")
    number, keys = len(found.steps), dict[str, Made]()
    for circuit in found.circuits:
        _check_key(found, folder, number - 1, found.steps[-1], circuit)
    for circuit in found.circuits:
        key = found.key_path(folder, number, circuit)
        contribution = make(found.key_path(folder, number - 1, circuit), key)
        keys[circuit] = Made(hash_file(key), contribution)
        say(f"{circuit}: contribution {contribution}")
    added = Step(step.name, keys, step.beacon, step.iterations)
    found.add(added).write(folder)
    return added


def _check_key(found: Transcript, folder: Path, number: int, step: Step, circuit: str) -> None:
    path = found.key_path(folder, number, circuit)
    if hash_file(path) != step.keys[circuit].sha256:
        raise CeremonyBroken(str(path), f"it is not the file that {step.name} has made")


def _check_listed(key: Path, listed: Sequence[Contained], contained: Sequence[Contained]) -> None:
    for number, said in enumerate(listed):
        found = contained[number] if number < len(contained) else None
        if found is None or (found.name, found.hash) != (said.name, said.hash):
            raise CeremonyBroken(str(key), f"the contribution of {said.name} is not in it")
        if found != said:
            raise CeremonyBroken(str(key), f"{said.name} is another beacon in it, or none: {found.beacon or 'secret'}")
        if found.beacon and number < len(listed) - 1:
            raise CeremonyBroken(str(key), f"{said.name} is a beacon, and not the last contribution")
    if len(contained) > len(listed):
        raise CeremonyBroken(str(key), f"it has {len(contained)} contributions, and the transcript lists {len(listed)}")
