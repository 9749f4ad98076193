"""Builds contracts for generated mutants: in memory, quickly, without the optimizer, for chains that take any size.

Takes names; gives creation codes. What it has built is what `load_contract` gives in this process from then on, so a
mutant is compiled once for the comparison of codes and for all tests. Only for `zklink lab mutate`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from vyper.codegen import jumptable_utils
from vyper.compiler.output import build_abi_output

from tests.support import compile_vyper
from tests.support.compile_vyper import open_replaced, without_optimizer
from tests.support.evm import EvmChain
from tests.support.quick_vyper import quickly
from zklink.l1 import contract_artifacts
from zklink.l1.contract_artifacts import CONTRACTS, AbiEntry, ContractArtifact, find_source, load_contract
from zklink.lab.mutation.recompile import Recompiler

_from_disk = contract_artifacts._load
_find_magic = jumptable_utils.find_magic_for
_find_imports = lru_cache(compile_vyper.find_imports)
"""No mutant changes what is imported."""

_built: dict[str, ContractArtifact] = {}
_abis: dict[Path, tuple[AbiEntry, ...]] = {}


def build(files: Sequence[str]) -> dict[str, bytes]:
    """The creation code of each contract, by its file."""
    EvmChain.is_always_roomy = True
    contract_artifacts._load = _load  # type: ignore[assignment]
    compile_vyper.find_imports = _find_imports
    contract_artifacts.compute_sources_hash = lambda: ""
    jumptable_utils.find_magic_for = lambda ids: _find_magic_once(tuple(ids))
    names = {file: file.rpartition("/")[2].removesuffix(".vy") for file in files}
    for name in names.values():
        _built.pop(name, None)
    return {file: load_contract(name).bytecode for file, name in names.items()}


def swap() -> bool:
    """Contracts of all chains get the code that was built last; False if one was compiled as a whole."""
    for before, after in _recompiler.runtimes.values():
        if not after:
            return False
        for chain in EvmChain.opened:
            chain.swap_code(before, after)
    return True


def _load(name: str, sources_hash: str) -> ContractArtifact:
    if name not in _built:
        source = find_source(name)
        is_product = any(path.is_relative_to(CONTRACTS / "modules") for path in _find_imports(source))
        if not is_product and source.parent != CONTRACTS:
            return _from_disk(name, sources_hash)
        with quickly():
            code = _recompiler.compile(source)
        _built[name] = ContractArtifact(name, _abis[source], code, b"")
    return _built[name]


def _read(source: Path) -> str:
    """As the compiler gets it."""
    text = source.read_text()
    return without_optimizer(text) if source.stem[0].isupper() else text


@contextmanager
def _open(source: Path) -> Iterator[Any]:
    with open_replaced(source, {source: _read(source)}) as data:
        yield data
        # After what is kept: it makes the compiler generate code.
        _abis[source] = tuple(build_abi_output(data))


_recompiler = Recompiler(_open, _read)


@lru_cache(maxsize=4096)
def _find_magic_once(ids: tuple[int, ...]) -> Any:
    return _find_magic(ids)
