"""Contracts of a project on local chains: compiled from Vyper files, or read from the artifacts of any compiler.

Takes files; gives contracts of web3.py. What was compiled once in a process is not compiled again.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_utils.abi import function_abi_to_4byte_selector
from web3.contract import Contract

from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.errors import ContractUnusable
from zklink.lab.raw_reads import send_unsigned
from zklink.lab.sending import find_reason

GAS: Final = 12_000_000
"""What a deployment may use at most."""

_IMPORT: Final = re.compile(r"^\s*(?:from|import)\s+([\w.]+)(?:\s+import\s+([\w, ]+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Build:
    """What a compiler made of a contract. `bytecode` is the code that deploys it, in hex with 0x."""

    name: str
    abi: Any
    bytecode: str


_BUILDS: Final[dict[tuple[tuple[str, str], ...], Build]] = {}
_READ: Final[list[Build]] = []


def compile_vyper(file: Path) -> Build:
    """Compile a contract; what it imports is looked for beside it. Raises ContractUnusable."""
    if not file.is_file():
        raise ContractUnusable(str(file), "there is no such file")
    key = tuple(sorted((path.name, path.read_text()) for path in list_sources(file)))
    if key not in _BUILDS:
        _BUILDS[key] = _compile(file)
    return _BUILDS[key]


def list_functions() -> dict[bytes, str]:
    """Names of the functions of all that was compiled or read here, by selector; more than one contract has some."""
    found: dict[bytes, list[str]] = {}
    for build in (*_BUILDS.values(), *_READ):
        for entry in build.abi:
            if entry["type"] == "function":
                name = f"{build.name}.{entry['name']}"
                names = found.setdefault(bytes(function_abi_to_4byte_selector(entry)), [])
                names += [name] if name not in names else []
    return {selector: " or ".join(sorted(names)) for selector, names in found.items()}


def list_sources(file: Path, folder: Path | None = None) -> set[Path]:
    """The file, and what it imports from a folder, which is its own if none is named."""
    found, waiting = set[Path](), [file]
    while waiting:
        source = waiting.pop()
        if source in found:
            continue
        found.add(source)
        for match in _IMPORT.finditer(source.read_text()):
            names = [match[1].split(".")[-1], *re.findall(r"\w+", match[2] or "")]
            waiting += [path for name in names for path in (folder or file.parent).rglob(f"{name}.vy*")]
    return found


def _compile(file: Path) -> Build:
    # Not above: only Vyper's users need it.
    from vyper.compiler import compile_from_file_input
    from vyper.compiler.input_bundle import FilesystemInputBundle

    bundle = FilesystemInputBundle([file.parent])
    try:
        source = bundle.load_file(file.name)
        found = compile_from_file_input(source, input_bundle=bundle, output_formats=["abi", "bytecode"])
    except Exception as error:  # Vyper raises classes of its own and of Python
        raise ContractUnusable(str(file), f"it does not compile: {error}") from None
    return Build(file.stem, found["abi"], found["bytecode"])


def read_artifact(file: Path) -> Build:
    """A contract from the JSON of Foundry, Hardhat, ape or vyper. Raises ContractUnusable."""
    try:
        data: Any = json.loads(file.read_text())
        bytecode = data.get("bytecode") or data["deploymentBytecode"]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ContractUnusable(str(file), f"it is no artifact with `abi` and `bytecode`: {error}") from None
    if isinstance(bytecode, dict):
        bytecode = bytecode.get("object") or bytecode.get("bytecode")
    if not isinstance(bytecode, str) or "abi" not in data:
        raise ContractUnusable(str(file), "it is no artifact with `abi` and `bytecode`")
    build = Build(file.stem, data["abi"], f"0x{bytecode.removeprefix('0x')}")
    _READ.append(build)
    return build


def deploy(chain: LocalChain, build: Build, *arguments: Any, sender: int = 0) -> Contract:
    """Deploy from a funded account, by its number. Raises ContractUnusable if its constructor refuses."""
    factory: Any = chain.w3.eth.contract(abi=build.abi, bytecode=build.bytecode)
    data = factory.constructor(*arguments).data_in_transaction
    transaction = {"from": funded_account(sender).address, "data": data, "gas": GAS}
    tx_hash = send_unsigned(chain, transaction)
    receipt: Any = chain.w3.eth.wait_for_transaction_receipt(tx_hash)  # type: ignore[arg-type]
    if not receipt["status"]:
        raise ContractUnusable(
            build.name, f"its constructor refuses: {find_reason(chain, transaction, receipt['blockNumber'])}"
        )
    contract: Contract = chain.w3.eth.contract(receipt["contractAddress"], abi=build.abi)
    return contract
