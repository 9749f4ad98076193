"""The constraint systems that the presets' circuits are: SHA-256 of each `.r1cs`, published with the sources.

Takes a compiled circuit; says whether it is the published one. With the pinned compiler anybody rebuilds it bit by bit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

from zklink.protocol.errors import ConstraintsUnpublished
from zklink.protocol.presets import PRESETS
from zklink.prover.build import CompiledCircuit
from zklink.prover.cache import project_root
from zklink.prover.source import CircuitSource, Statement, circuit_source

PATH: Final = project_root() / "offchain" / "circuits" / "r1cs.json"


@lru_cache(maxsize=1)
def read_published() -> dict[str, str]:
    """SHA-256 in hex by the circuit's name."""
    return {str(name): str(digest) for name, digest in json.loads(PATH.read_text()).items()}


def list_circuits(presets: Collection[str] = ()) -> list[CircuitSource]:
    """The circuits of presets, of all if none is named, each once, by name."""
    chosen = [PRESETS[name] for name in presets or PRESETS]
    sources = {circuit_source(statement, preset) for preset in chosen for statement in Statement}
    return sorted(sources, key=lambda source: source.name)


def hash_constraints(circuit: CompiledCircuit) -> str:
    """SHA-256 in hex of a compiled circuit's constraint system."""
    return hashlib.sha256(circuit.r1cs.read_bytes()).hexdigest()


def check_published(circuits: Iterable[CompiledCircuit]) -> None:
    """Raise ConstraintsUnpublished for a circuit of a preset that is not as published: other sources, another compiler,
    a damaged cache. A circuit of no preset is nobody's here.
    """
    for circuit in circuits:
        published, found = read_published().get(circuit.name), hash_constraints(circuit)
        if published is not None and found != published:
            raise ConstraintsUnpublished(circuit.name, found, published)
