"""The files with which one circuit is proven: takes a circuit, gives its compiled form and keys from the cache. Never
compiles or makes keys twice on one machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zklink.files import read_file
from zklink.protocol.errors import FilesMixed, VerificationKeyInvalid
from zklink.protocol.presets import Preset
from zklink.prover.build import CompiledCircuit, ensure_compiled, find_compiled
from zklink.prover.key_folder import check_key_files
from zklink.prover.key_header import read_key_header
from zklink.prover.progress import SILENT, Progress
from zklink.prover.r1cs import read_r1cs_header
from zklink.prover.setup import Keys, ensure_keys, find_keys, hash_circuit, read_circuit_hash
from zklink.prover.source import CircuitSource, Statement, circuit_source
from zklink.prover.tools import find_tools
from zklink.prover.verification_key import VerificationKey


@dataclass(frozen=True, slots=True)
class CircuitArtifacts:
    """A compiled circuit with its keys."""

    circuit: CompiledCircuit
    zkey: Path
    vk_path: Path
    vk: VerificationKey
    constraints: int

    @property
    def name(self) -> str:
        """The name of the circuit."""
        return self.circuit.name

    @property
    def r1cs(self) -> Path:
        """The constraint system (iden3 binary format)."""
        return self.circuit.r1cs

    @property
    def wasm(self) -> Path:
        """The witness calculator."""
        return self.circuit.wasm

    @property
    def vk_hash(self) -> bytes:
        """The 32-byte hash of the verification key."""
        return self.vk.hash()

    @property
    def is_development(self) -> bool:
        """Whether anyone can forge proofs under this key. Never deploy such a key on a public chain."""
        return self.vk.is_development


def load_artifacts(circuit: CompiledCircuit, zkey: Path, vk_path: Path) -> CircuitArtifacts:
    """Artifacts from files, of our own set-up or of a ceremony. Raises VerificationKeyInvalid, FileUnreadable, and what
    `check_artifacts` raises.
    """
    try:
        vk = VerificationKey.from_json(read_file(vk_path))
    except VerificationKeyInvalid as error:
        raise VerificationKeyInvalid(f"{error.reason} (in {vk_path})") from error
    artifacts = CircuitArtifacts(circuit, zkey, vk_path, vk, circuit.constraints)
    check_artifacts(artifacts)
    return artifacts


def check_artifacts(artifacts: CircuitArtifacts) -> None:
    """Whether constraints, proving key and verification key are whole and belong together, as far as their heads say;
    every prover asks. Raises ConstraintSystemInvalid, ProvingKeyInvalid, FilesMixed.

    A witness calculator is checked when it is opened. A key of another circuit with the very same sizes is found by its
    metadata if it has any, else by its first proof, which does not verify.
    """
    zkey, r1cs, vk = artifacts.zkey, artifacts.r1cs, artifacts.vk
    key, sizes = read_key_header(zkey), read_r1cs_header(r1cs)
    if (key.alpha, key.beta, key.gamma, key.delta, key.ic) != (vk.alpha, vk.beta, vk.gamma, vk.delta, vk.ic):
        raise FilesMixed(artifacts.name, str(artifacts.vk_path), str(zkey), "it is another key's")
    found = (key.wires, key.publics, key.domain)
    expected = (sizes.wires, sizes.publics, sizes.domain)
    if found != expected:
        names = ("wires", "public signals", "rows")
        parts = (f"{a} {name}, not {b}" for name, a, b in zip(names, found, expected, strict=True) if a != b)
        raise FilesMixed(artifacts.name, str(zkey), str(r1cs), f"the key is for {', '.join(parts)}")
    made_from = read_circuit_hash(zkey)
    if made_from is not None and made_from != hash_circuit(artifacts.circuit):
        raise FilesMixed(artifacts.name, str(zkey), str(r1cs), "the key was made from other constraints")


def ensure_artifacts(source: CircuitSource, progress: Progress = SILENT) -> CircuitArtifacts:
    """Compiles the circuit and makes its development keys, unless both are in the cache."""
    circuit = ensure_compiled(source, progress)
    keys: Keys = ensure_keys(circuit, progress)
    return load_artifacts(circuit, keys.zkey, keys.verification_key)


def open_circuit(preset: Preset, statement: Statement, keys: Path | None) -> CircuitArtifacts:
    """The circuit of a statement with the keys of a folder, as a ceremony gives them; without one with those of
    development. Raises KeyFilesMissing, ProvingKeyInvalid, and what `load_artifacts` raises.
    """
    if keys is None:
        return ensure_circuit(preset, statement=statement)
    source = circuit_source(statement, preset)
    zkey, vk_path = check_key_files(keys, source.name)
    return load_artifacts(ensure_compiled(source), zkey, vk_path)


def ensure_circuit(
    preset: Preset, progress: Progress = SILENT, statement: Statement = Statement.SWAP
) -> CircuitArtifacts:
    """The circuit of a statement at the sizes of a preset, ready to prove."""
    return ensure_artifacts(circuit_source(statement, preset), progress)


def find_circuit(preset: Preset, statement: Statement = Statement.SWAP) -> CircuitArtifacts | None:
    """The circuit of a statement if all of it is in the cache already, else None."""
    tools = find_tools()
    circuit = None if tools is None else find_compiled(circuit_source(statement, preset), tools)
    keys = None if circuit is None else find_keys(circuit)
    if circuit is None or keys is None:
        return None
    return load_artifacts(circuit, keys.zkey, keys.verification_key)
