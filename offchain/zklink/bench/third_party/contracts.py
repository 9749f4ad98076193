"""Other people's contracts, compiled: takes a name of the table, gives an artifact, cached by what it is made of.

Each is compiled from the sources in its package by the compiler that they ask for, with npm's build of it under node.
`compile_own` compiles a few lines of ours on top of a package, where it
gives only abstract contracts.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, Final

from zklink.bench.third_party.origins import NEWEST_SOLC, ORIGINS, PUBLISHED, SOLADY, USES_OZ5, Origin
from zklink.bench.third_party.packages import ensure_package
from zklink.l1.contract_artifacts import EVM_VERSION, ContractArtifact
from zklink.protocol.errors import ToolFailed
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.tools import ensure_tools, run_node

_IMPORT: Final = re.compile(r'^\s*import\s+(?:[^"\';]*?from\s+)?["\']([^"\']+)["\']', re.MULTILINE)
_RUNS: Final = 200
_COMPILE: Final = """
const path = require("path"), fs = require("fs");
const [tools, soljson, task, result] = process.argv.slice(2);
const solc = require(path.join(tools, "node_modules", "solc", "wrapper.js"))(require(soljson));
fs.writeFileSync(result, solc.compile(fs.readFileSync(task, "utf8")));
"""


@lru_cache(maxsize=64)
def load_third_party(name: str) -> ContractArtifact:
    """A contract of the tables. Raises KeyError, ToolFailed."""
    if name in PUBLISHED:
        return _read_published(name, *PUBLISHED[name])
    origin = ORIGINS[name]
    sources = collect_sources(origin)
    return _compile(name, f"{origin.package}/{origin.file}", sources, origin)


@lru_cache(maxsize=64)
def compile_own(name: str, source: str) -> ContractArtifact:
    """A contract of a few lines of ours that imports `@openzeppelin/contracts/…` (5) or `solady/…`."""
    maps = {**USES_OZ5, "solady/": (SOLADY, "")}
    origin = Origin("own", f"{name}.sol", NEWEST_SOLC, maps)
    return _compile(name, f"own/{name}.sol", collect_sources(origin, source), origin)


def collect_sources(origin: Origin, own: str | None = None) -> dict[str, str]:
    """Every file that the compiler needs, by the name that imports lead to: `package/path`."""
    sources: dict[str, str] = {}
    waiting = [(origin.package, origin.file)]
    while waiting:
        package, file = waiting.pop()
        name = f"{package}/{file}"
        if name in sources:
            continue
        text = own if package == "own" and own is not None else (ensure_package(package) / file).read_text()
        for path in dict.fromkeys(_IMPORT.findall(text)):
            target = _resolve(origin, package, file, path)
            waiting.append(target)
            text = re.sub(rf"([\"']){re.escape(path)}([\"'])", rf"\g<1>{'/'.join(target)}\g<2>", text)
        sources[name] = text
    return sources


def _resolve(origin: Origin, package: str, file: str, path: str) -> tuple[str, str]:
    if path.startswith("."):
        parts: list[str] = []
        for part in (*PurePosixPath(file).parent.parts, *path.split("/")):
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        return package, "/".join(parts)
    for prefix, (place, folder) in origin.maps.items():
        if path.startswith(prefix):
            return place, folder + path.removeprefix(prefix)
    raise ToolFailed("solc", f"{package}/{file} imports {path}, which no package is named for")


def _compile(name: str, file: str, sources: Mapping[str, str], origin: Origin) -> ContractArtifact:
    settings: dict[str, Any] = {
        "optimizer": {"enabled": True, "runs": _RUNS},
        "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}},
    }
    if origin.via_ir:
        settings["viaIR"] = True
    if origin.solc == NEWEST_SOLC:
        settings["evmVersion"] = EVM_VERSION
    content = {name: {"content": text} for name, text in sorted(sources.items())}
    task = json.dumps({"language": "Solidity", "sources": content, "settings": settings})

    def make(directory: Path) -> None:
        (directory / "compile.cjs").write_text(_COMPILE)
        (directory / "task.json").write_text(task)
        tools, compiler = ensure_tools(), _find_compiler(origin.solc)
        run_node(["compile.cjs", str(tools.root), str(compiler), "task.json", "result.json"], cwd=directory)
        result = json.loads((directory / "result.json").read_text())
        errors = [e["formattedMessage"] for e in result.get("errors", []) if e["severity"] == "error"]
        if errors:
            raise ToolFailed(f"solc {origin.solc}", f"{name}: {errors[0]}")
        (directory / "output.json").write_text(json.dumps(result["contracts"][file][name]))
        for scratch in ("compile.cjs", "task.json", "result.json"):
            (directory / scratch).unlink()

    entry = ensure_entry("third_party_compiled", compute_content_hash(name, task, origin.solc), make)
    output = json.loads((entry / "output.json").read_text())
    creation, runtime = (output["evm"][kind]["object"] for kind in ("bytecode", "deployedBytecode"))
    if "__" in creation:
        return ContractArtifact(name, tuple(output["abi"]), creation.encode(), b"")
    return ContractArtifact(name, tuple(output["abi"]), bytes.fromhex(creation), bytes.fromhex(runtime))


def _find_compiler(version: str) -> Path:
    if version == NEWEST_SOLC:
        return ensure_tools().package("solc") / "soljson.js"
    return ensure_package(f"solc@{version}") / "soljson.js"


def link(artifact: ContractArtifact, library: str) -> ContractArtifact:
    """A contract that calls one library, which stands at an address."""
    text = re.sub(r"__.{36}__|__\$.{34}\$__", library[2:].lower(), artifact.bytecode.decode())
    return ContractArtifact(artifact.name, artifact.abi, bytes.fromhex(text), b"")


def _read_published(name: str, package: str, file: str) -> ContractArtifact:
    output = json.loads((ensure_package(package) / file).read_text())
    output = output.get("compilerOutput", output)
    code = output["evm"]["bytecode"]["object"] if "evm" in output else output["bytecode"]
    code = code["object"] if isinstance(code, dict) else code
    abi = tuple({"stateMutability": _read_mutability(entry), **entry} for entry in output["abi"])
    return ContractArtifact(name, abi, bytes.fromhex(code.removeprefix("0x")), b"")


def _read_mutability(entry: Mapping[str, Any]) -> str:
    """As compilers before 0.4.16 wrote it."""
    return "view" if entry.get("constant") else "payable" if entry.get("payable") else "nonpayable"
