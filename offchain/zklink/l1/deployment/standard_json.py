"""The compiler's standard JSON input of a contract: what block explorers take to verify a source, and what anybody can
compile without this repository. Takes a contract's name, gives the text, the same on every machine.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from zklink.files import write_file
from zklink.l1.contract_artifacts import CONTRACTS, EVM_VERSION, load_sources

SEARCH_PATHS: Final = (".", CONTRACTS.name)
OUTPUTS: Final = ("evm.bytecode", "evm.deployedBytecode", "abi")


def build_standard_json(name: str) -> str:
    """The input. Raises ContractNotFound, ContractNotCompiled."""
    sources = load_sources(name)
    target = next(iter(sources))
    data = {
        "language": "Vyper",
        "sources": {path: {"content": sources[path]} for path in sorted(sources)},
        "settings": {
            "evmVersion": EVM_VERSION,
            "search_paths": list(SEARCH_PATHS),
            "outputSelection": {target: list(OUTPUTS)},
        },
    }
    return json.dumps(data, indent=1) + "\n"


def hash_input(text: str) -> str:
    """What identifies an input in records: SHA-256."""
    return f"0x{hashlib.sha256(text.encode()).hexdigest()}"


def hash_inputs(names: Iterable[str]) -> dict[str, str]:
    """The hashes of the inputs of contracts, by their names."""
    return {name: hash_input(build_standard_json(name)) for name in sorted(set(names))}


def write_inputs(names: Iterable[str], folder: Path) -> None:
    """A file per contract in a folder. Raises FileNotWritten."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(set(names)):
        write_file(folder / f"{name}.json", build_standard_json(name))
