"""Compiles Solidity: only tests need it, for third parties' contracts, so no `.sol` stands under contracts/.

Takes source text, gives an artifact, cached by content. The compiler is the installed one, else downloaded, else npm's
under node.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path

import solcx

from zklink.l1.contract_artifacts import EVM_VERSION, ContractArtifact
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.tools import Tools, ensure_tools, node_binary

SOLC = "0.8.30"
_SHIM = """
const path = require("path"), fs = require("fs");
const solc = require(path.join(process.argv[2], "node_modules", "solc"));
const options = process.argv.slice(3);
if (options.includes("--version")) {
  console.log("solc, the solidity compiler commandline interface\\nVersion: " + solc.version());
} else if (options.includes("--standard-json")) {
  process.stdout.write(solc.compile(fs.readFileSync(0, "utf8")));
} else {
  console.error("only --version and --standard-json");
  process.exit(1);
}
"""


def compile_solidity(name: str, source: str) -> ContractArtifact:
    """The contract `name` of a single source file."""

    def make(directory: Path) -> None:
        _ensure_solc()
        settings = {
            "optimizer": {"enabled": True, "runs": 200},
            "evmVersion": EVM_VERSION,
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}},
        }
        task = {"language": "Solidity", "sources": {"source.sol": {"content": source}}, "settings": settings}
        output = solcx.compile_standard(task, solc_version=SOLC)["contracts"]["source.sol"][name]
        (directory / "output.json").write_text(json.dumps(output))

    entry = ensure_entry("solidity", compute_content_hash(name, source, SOLC, EVM_VERSION), make)
    output = json.loads((entry / "output.json").read_text())
    creation, runtime = (bytes.fromhex(output["evm"][kind]["object"]) for kind in ("bytecode", "deployedBytecode"))
    return ContractArtifact(name, tuple(output["abi"]), creation, runtime)


@lru_cache(maxsize=1)
def _ensure_solc() -> None:
    if SOLC in {str(version) for version in solcx.get_installed_solc_versions()}:
        return
    try:
        solcx.install_solc(SOLC)
    except Exception:  # offline: whatever the downloader raises, npm's build of the same compiler serves
        os.environ["SOLCX_BINARY_PATH"] = str(_ensure_shim(ensure_tools()))


def _ensure_shim(tools: Tools) -> Path:
    """A directory with an executable that py-solc-x takes for solc."""

    def make(directory: Path) -> None:
        (directory / "shim.cjs").write_text(_SHIM)
        executable = directory / f"solc-v{SOLC}"
        executable.write_text(f'#!/bin/sh\nexec "{node_binary()}" "$(dirname "$0")/shim.cjs" "{tools.root}" "$@"\n')
        executable.chmod(0o755)

    return ensure_entry("solcx", compute_content_hash(_SHIM, str(tools.root), str(node_binary())), make)
