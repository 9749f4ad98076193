"""Builds contracts for generated mutants: in memory, quickly, without the optimizer where they fit on a chain then.

Takes names; gives creation codes. What it has built is what `load_contract` gives in this process from then on, so a
mutant is compiled once for the comparison of codes and for all tests. Only for `zklink lab mutate`.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tests.support.compile_vyper import find_imports, without_optimizer
from tests.support.quick_vyper import quickly
from zklink.l1 import contract_artifacts
from zklink.l1.contract_artifacts import CONTRACTS, ContractArtifact, compile_source, find_source
from zklink.lab.gates.project import CODE_LIMIT

_from_disk = contract_artifacts._load
_built: dict[str, tuple[str, ContractArtifact]] = {}
_too_large: set[str] = set()


def build(files: Sequence[str]) -> dict[str, bytes]:
    """The creation code of each contract, by its file."""
    contract_artifacts._load = _load  # type: ignore[assignment]
    return {
        file: contract_artifacts.load_contract(file.rpartition("/")[2].removesuffix(".vy")).bytecode for file in files
    }


def _load(name: str, sources_hash: str) -> ContractArtifact:
    source = find_source(name)
    files = sorted(find_imports(source))
    if not any(path.is_relative_to(CONTRACTS / "modules") for path in files) and source.parent != CONTRACTS:
        return _from_disk(name, sources_hash)
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
    kept = _built.get(name)
    if kept is None or kept[0] != digest:
        kept = _built[name] = digest, _compile(name, source)
    return kept[1]


def _compile(name: str, source: Path) -> ContractArtifact:
    text = source.read_text()
    with quickly():
        if name not in _too_large:
            artifact = compile_source(name, without_optimizer(text), source)
            if artifact.code_size <= CODE_LIMIT:
                return artifact
            _too_large.add(name)
        return compile_source(name, text, source)
