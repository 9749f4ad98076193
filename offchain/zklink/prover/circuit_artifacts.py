"""The files with which one circuit is proven: takes a circuit, gives its compiled form and keys from the cache. Never
compiles or makes keys twice on one machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zklink.files import read_file
from zklink.protocol.presets import Preset
from zklink.prover.build import CompiledCircuit, ensure_compiled, find_compiled
from zklink.prover.progress import SILENT, Progress
from zklink.prover.setup import Keys, ensure_keys, find_keys
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
    """Artifacts from files, of our own set-up or of a ceremony. Raises VerificationKeyInvalid."""
    return CircuitArtifacts(circuit, zkey, vk_path, VerificationKey.from_json(read_file(vk_path)), circuit.constraints)


def ensure_artifacts(source: CircuitSource, progress: Progress = SILENT) -> CircuitArtifacts:
    """Compiles the circuit and makes its development keys, unless both are in the cache."""
    circuit = ensure_compiled(source, progress)
    keys: Keys = ensure_keys(circuit, progress)
    return load_artifacts(circuit, keys.zkey, keys.verification_key)


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
