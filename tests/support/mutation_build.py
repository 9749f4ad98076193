"""Builds contracts for generated mutants: in memory, quickly, without the optimizer, for chains that take any size.

Takes names; gives creation codes. What it has built is what `load_contract` gives in this process from then on, so a
mutant is compiled once for the comparison of codes and for all tests. Only for `zklink lab mutate`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from vyper.codegen import jumptable_utils

from tests.support.compile_vyper import compile_replaced, find_imports, without_optimizer
from tests.support.evm import EvmChain
from zklink.l1 import contract_artifacts
from zklink.l1.contract_artifacts import CONTRACTS, ContractArtifact, find_source, load_contract

_from_disk = contract_artifacts._load
_find_magic = jumptable_utils.find_magic_for
_built: dict[str, ContractArtifact] = {}


def build(files: Sequence[str]) -> dict[str, bytes]:
    """The creation code of each contract, by its file."""
    EvmChain.is_always_roomy = True
    contract_artifacts._load = _load  # type: ignore[assignment]
    contract_artifacts.compute_sources_hash = lambda: ""
    jumptable_utils.find_magic_for = lambda ids: _find_magic_once(tuple(ids))
    names = {file: file.rpartition("/")[2].removesuffix(".vy") for file in files}
    for name in names.values():
        _built.pop(name, None)
    return {file: load_contract(name).bytecode for file, name in names.items()}


def _load(name: str, sources_hash: str) -> ContractArtifact:
    if name not in _built:
        source = find_source(name)
        is_product = any(path.is_relative_to(CONTRACTS / "modules") for path in find_imports(source))
        if not is_product and source.parent != CONTRACTS:
            return _from_disk(name, sources_hash)
        _built[name] = compile_replaced(source, {source: without_optimizer(source.read_text())})
    return _built[name]


@lru_cache(maxsize=4096)
def _find_magic_once(ids: tuple[int, ...]) -> Any:
    return _find_magic(ids)
