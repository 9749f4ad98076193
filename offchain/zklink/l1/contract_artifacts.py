"""Compiled contracts: takes a contract's name, gives its ABI and creation code.

Compiles `contracts/**` in process with the installed vyper and keeps the result in the cache directory under a hash of
the contract, all it imports, the compiler's version and the settings, so that nothing stale can be deployed. Never
writes into the checkout.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

import platformdirs

from zklink.files import project_root, read_file, write_file
from zklink.protocol.errors import ContractNotCompiled, ContractNotFound, FileUnreadable

CONTRACTS: Final = project_root() / "contracts"
EVM_VERSION: Final = "cancun"
_SUFFIXES: Final = (".vy", ".vyi", ".json")
_ENTRY_FORMAT: Final = 2
"""The version of a cache entry's form; change it whenever `_encode` writes another form."""

AbiEntry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ContractArtifact:
    """A compiled contract: its name, creation code and ABI (`abi` is the standard JSON text)."""

    name: str
    abi: tuple[AbiEntry, ...]
    bytecode: bytes
    runtime_bytecode: bytes
    immutable_bytes: int = 0

    @property
    def code_size(self) -> int:
        """Bytes that stand on a chain, which limits them: the constructor appends the immutable values."""
        return len(self.runtime_bytecode) + self.immutable_bytes

    def abi_list(self) -> list[AbiEntry]:
        """The ABI in the shape that web3.py and pyrevm take."""
        return list(self.abi)


def find_source(name: str) -> Path:
    """The one `contracts/**/<name>.vy`; ContractNotFound if there is none or more than one."""
    found = sorted(CONTRACTS.rglob(f"{name}.vy"))
    if len(found) != 1:
        raise ContractNotFound(name, tuple(str(path.relative_to(CONTRACTS)) for path in found))
    return found[0]


def load_contract(name: str) -> ContractArtifact:
    """Compile a contract, or take it from the cache. Raises ContractNotFound, ContractNotCompiled."""
    return _load(name, compute_sources_hash())


def load_sources(name: str) -> dict[str, str]:
    """A contract's source and all that it imports, by their paths in the repository, the contract first. Raises
    ContractNotFound, ContractNotCompiled.
    """
    load_contract(name)
    source = find_source(name)
    imported = json.loads(read_file(cache_directory() / "contracts" / name / "imports.json"))
    paths = [source, *(CONTRACTS / item for item in imported)]
    return {path.relative_to(CONTRACTS.parent).as_posix(): read_file(path) for path in paths}


def compute_sources_hash() -> str:
    """Hash of everything that can change a compilation; recomputed when a file's time or size changes."""
    return _hash_sources(_fingerprint())


def compile_source(name: str, source: str, path: Path | None = None) -> ContractArtifact:
    """Compile given text as if it stood in `path` (default: next to the other contracts); not cached."""
    return _compile(name, source, path or CONTRACTS / f"{name}.vy")[0]


def compiler_version() -> str:
    """The compiler of this package, as records name it."""
    import vyper

    return f"vyper {vyper.__version__}, {EVM_VERSION}"


def cache_directory() -> Path:
    """`$ZKLINK_CACHE`, else the user's cache directory."""
    given = os.environ.get("ZKLINK_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("zklink"))


@lru_cache(maxsize=512)
def _load(name: str, sources_hash: str) -> ContractArtifact:
    """`sources_hash` decides only when to look again; on disk an entry is filed under the hash of the files that the
    contract imports.
    """
    source = find_source(name)
    folder = cache_directory() / "contracts" / name
    imports = folder / "imports.json"
    found = _find_entry(source, imports)
    if found is not None:
        return found
    artifact, paths = _compile(name, source.read_text(), source)
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / f"{_hash_files([source, *paths])}.json", json.dumps(_encode(artifact)))
    write_file(imports, json.dumps([str(path.relative_to(CONTRACTS)) for path in paths]))
    return artifact


def _find_entry(source: Path, imports: Path) -> ContractArtifact | None:
    """What the cache has; None if it has nothing, or only damaged files, which are then written again."""
    try:
        paths = [CONTRACTS / item for item in json.loads(read_file(imports))]
        return _decode(json.loads(read_file(imports.with_name(f"{_hash_files([source, *paths])}.json"))))
    except (FileUnreadable, ValueError, KeyError, TypeError):
        return None


def _compile(name: str, source: str, place: Path) -> tuple[ContractArtifact, list[Path]]:
    """The artifact, and the files under contracts/ that it imports, directly or not."""
    from vyper.compiler import CompilerData
    from vyper.compiler.input_bundle import FileInput, FilesystemInputBundle
    from vyper.compiler.output import build_abi_output
    from vyper.compiler.settings import Settings, anchor_settings
    from vyper.exceptions import VyperException

    bundle = FilesystemInputBundle([CONTRACTS.parent, CONTRACTS])
    unit = FileInput(contents=source, source_id=-1, path=place, resolved_path=place)
    try:
        with bundle.search_path(place.parent):
            data = CompilerData(unit, bundle, settings=Settings(evm_version=EVM_VERSION))
            with anchor_settings(data.settings):
                abi = tuple(build_abi_output(data))
                immutable_bytes = int(data.global_ctx.immutable_section_bytes)
                artifact = ContractArtifact(name, abi, data.bytecode, data.bytecode_runtime, immutable_bytes)
        imported = {Path(unit.resolved_path) for unit in data.resolved_imports.compiler_inputs}
    except VyperException as error:
        raise ContractNotCompiled(name, str(error)) from error
    return artifact, sorted(path for path in imported if path.is_relative_to(CONTRACTS) and path != place)


def _hash_files(paths: Iterable[Path]) -> str:
    import vyper

    digest = hashlib.sha256(f"{vyper.__version__} {EVM_VERSION} {_ENTRY_FORMAT}".encode())
    for path in paths:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"\0{path.relative_to(CONTRACTS)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:24]


def _encode(artifact: ContractArtifact) -> dict[str, object]:
    return {
        "name": artifact.name,
        "abi": list(artifact.abi),
        "bytecode": artifact.bytecode.hex(),
        "runtime_bytecode": artifact.runtime_bytecode.hex(),
        "immutable_bytes": artifact.immutable_bytes,
    }


def _decode(data: dict[str, Any]) -> ContractArtifact:
    return ContractArtifact(
        data["name"],
        tuple(cast("list[AbiEntry]", data["abi"])),
        bytes.fromhex(data["bytecode"]),
        bytes.fromhex(data["runtime_bytecode"]),
        data["immutable_bytes"],
    )


def _fingerprint() -> tuple[tuple[str, int, int], ...]:
    """Time and size of every source. It is asked for at each `load_contract`, hence no `Path.rglob`, which takes ten
    times as long.
    """
    entries, folders = [], [os.fspath(CONTRACTS)]
    for folder in folders:
        with os.scandir(folder) as found:
            for entry in found:
                if entry.name.endswith(_SUFFIXES):
                    stat = entry.stat()
                    entries.append((entry.path, stat.st_mtime_ns, stat.st_size))
                elif entry.is_dir():
                    folders.append(entry.path)
    return tuple(sorted(entries))


@lru_cache(maxsize=8)
def _hash_sources(fingerprint: tuple[tuple[str, int, int], ...]) -> str:
    return _hash_files(Path(name) for name, _, _ in fingerprint)
