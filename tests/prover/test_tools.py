"""Tools come from the pinned packages, and their failures are typed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from zklink.protocol.errors import ToolFailed, ToolMissing
from zklink.prover.cache import project_root
from zklink.prover.tools import Tools, ensure_tools, find_anvil, find_tools, run_node, run_snarkjs


def test_ensure_tools__installed__versions_are_the_pinned_ones() -> None:
    tools = ensure_tools()
    pins = json.loads((project_root() / "package.json").read_text())["dependencies"]
    for name, version in pins.items():
        installed = json.loads((tools.package(name) / "package.json").read_text())["version"]
        assert installed == version, name
    assert tools.circom_wasm.is_file() and tools.snarkjs.is_file() and (tools.circomlib / "poseidon.circom").is_file()


def test_package_json__every_version__is_exact() -> None:
    pins = json.loads((project_root() / "package.json").read_text())["dependencies"]
    assert all(version.replace(".", "").isdigit() for version in pins.values())


def test_find_anvil__installed__runs() -> None:
    ensure_tools()
    anvil = find_anvil()
    assert anvil is not None
    said = subprocess.run([str(anvil), "--version"], capture_output=True, text=True, check=True).stdout
    assert "1.7.1" in said


def test_find_anvil__named_by_the_user__is_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANVIL_BIN", "/opt/anvil")
    assert find_anvil() == Path("/opt/anvil")


def test_find_tools__nothing_installed__none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path))
    monkeypatch.delenv("ANVIL_BIN", raising=False)
    assert find_tools() is None and find_anvil() is None


def test_package__missing__names_it(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="circom2 is not installed"):
        _ = Tools(tmp_path).circom_wasm


def test_run_node__program_fails__says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="broken for a reason"):
        run_node(["-e", "console.error('broken for a reason'); process.exit(3)"], cwd=tmp_path)


def test_run_node__program_hangs__fails(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="no result within"):
        run_node(["-e", "setInterval(() => {}, 1000)"], cwd=tmp_path, timeout_seconds=0.5)


def test_run_snarkjs__bad_file__fails(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed):
        run_snarkjs(ensure_tools(), ["zkey", "export", "verificationkey", "missing.zkey", "vk.json"], cwd=tmp_path)
