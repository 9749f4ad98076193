"""Compiles Vyper sources for property tests, with files replaced in memory (for mutants), cached by content.

Takes a source file and replacement texts; gives an artifact. The cache key covers the source itself, every file that it
imports, the replacements and the compiler, so nothing stale is ever tested. Never writes into the checkout.

What is replaced is compiled without optimizer, in half the time: `PLAIN` is the product compiled in that way, on which
a test that catches a mutant must pass.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from vyper import version
from vyper.compiler import CompilerData
from vyper.compiler.input_bundle import CompilerInput, FileInput, FilesystemInputBundle
from vyper.compiler.output import build_abi_output
from vyper.compiler.settings import Settings

from tests.support.mutant_vyper import MutantCompiler
from tests.support.quick_vyper import quickly
from zklink.l1.contract_artifacts import (
    CONTRACTS,
    EVM_VERSION,
    ContractArtifact,
    cache_directory,
    find_source,
    load_contract,
)

IMPORT = re.compile(r"^from (\.+)([\w.]*) import (\w+)$", re.MULTILINE)
OPTIMIZED = re.compile(r"^# pragma optimize \w+$", re.MULTILINE)
TEST_CONTRACTS = Path(__file__).resolve().parents[1] / "properties" / "contracts"

Replacements = tuple[tuple[Path, str], ...]
"""Files that read differently than on disk: (path, whole text)."""


class _ReplacingBundle(FilesystemInputBundle):  # type: ignore[misc]
    """The file system, except for some files."""

    def __init__(self, search_paths: list[Path], replaced: Mapping[Path, str]) -> None:
        super().__init__(search_paths)
        self._replaced = replaced

    def _load_from_path(self, resolved_path: Path, original_path: Path) -> CompilerInput:
        if resolved_path not in self._replaced:
            return super()._load_from_path(resolved_path, original_path)
        source_id = self._generate_source_id(resolved_path)
        return FileInput(source_id, original_path, resolved_path, self._replaced[resolved_path])


def load(name: str, replacements: Replacements = (), *, is_small: bool = False) -> ContractArtifact:
    """The contract `name` of the product or of the property tests, compiled with the `replacements` it imports; with
    `is_small` as small as the product, for chains that limit the size of code.
    """
    own = TEST_CONTRACTS / f"{name}.vy"
    source = own if own.is_file() else find_source(name)
    files = find_imports(source)
    used = tuple((path, text) for path, text in replacements if path in files)
    if source != own and not used:
        return load_contract(name)
    replaced = dict(used)
    if used and not is_small:
        replaced[source] = without_optimizer(replaced.get(source) or source.read_text())
    digest = hashlib.sha256(f"{version} {EVM_VERSION}".encode())
    for path in sorted(files):
        text = replaced.get(path) or path.read_text()
        digest.update(f"\0{path.name}\0{len(text)}\0{text}".encode())
    return _load(source, tuple(replaced.items()), digest.hexdigest()[:24])


def without_optimizer(text: str) -> str:
    """The contract as it reads if it is to be compiled quickly."""
    return OPTIMIZED.sub("# pragma optimize none", text)


def find_imports(source: Path) -> set[Path]:
    """The file itself and every file that it imports from the checkout, directly or not."""
    found: set[Path] = set()
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        stat = path.stat()
        waiting += _find_direct_imports(path, stat.st_mtime_ns, stat.st_size)
    return found


@lru_cache(maxsize=1024)
def _find_direct_imports(path: Path, time: int, size: int) -> tuple[Path, ...]:
    """`time` and `size` decide only when to read the file again."""
    starts = (
        path.parents[len(dots) - 1] / folder.replace(".", "/") / name
        for dots, folder, name in IMPORT.findall(path.read_text())
    )
    return tuple(start.with_suffix(s) for start in starts for s in (".vy", ".vyi") if start.with_suffix(s).is_file())


@lru_cache(maxsize=256)
def _load(source: Path, replacements: Replacements, digest: str) -> ContractArtifact:
    file = cache_directory() / "properties" / f"{source.stem}-{digest}.json"
    if file.is_file():
        return _decode(json.loads(file.read_text()))
    artifact = compile_replaced(source, dict(replacements))
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, suffix=".part", delete=False) as part:
        json.dump({"name": artifact.name, "abi": artifact.abi, "bytecode": artifact.bytecode.hex()}, part)
    os.replace(part.name, file)
    return artifact


def compile_replaced(source: Path, replaced: Mapping[Path, str]) -> ContractArtifact:
    """The contract with some files read differently; not cached, and without its runtime code."""
    if source.parent == CONTRACTS and source in replaced:
        with quickly():
            abi, code = _mutants.compile(source, replaced)
        return ContractArtifact(source.stem, abi, code, b"")
    return compile_whole(source, replaced)


def compile_whole(source: Path, replaced: Mapping[Path, str]) -> ContractArtifact:
    """The same by a whole compilation."""
    with open_replaced(source, replaced) as data:
        return ContractArtifact(source.stem, tuple(build_abi_output(data)), data.bytecode, b"")


@contextmanager
def open_replaced(source: Path, replaced: Mapping[Path, str]) -> Iterator[CompilerData]:
    """The compiler's data of a contract with some files read differently; inside, it computes quickly."""
    bundle = _ReplacingBundle([CONTRACTS.parent, CONTRACTS], replaced)
    text = replaced.get(source, source.read_text())
    with bundle.search_path(source.parent), quickly():
        unit = FileInput(contents=text, source_id=-1, path=source, resolved_path=source)
        yield CompilerData(unit, bundle, settings=Settings(evm_version=EVM_VERSION))


def _read_plain(file: Path) -> str:
    """A file of the product; a contract as it reads if it is to be compiled quickly."""
    return without_optimizer(file.read_text()) if file.parent == CONTRACTS else file.read_text()


_mutants = MutantCompiler(open_replaced, _read_plain)


def _decode(data: dict[str, Any]) -> ContractArtifact:
    return ContractArtifact(data["name"], tuple(data["abi"]), bytes.fromhex(data["bytecode"]), b"")


PLAIN: Replacements = tuple((path, without_optimizer(path.read_text())) for path in sorted(CONTRACTS.glob("*.vy")))
"""The product's contracts, compiled as mutants are."""
