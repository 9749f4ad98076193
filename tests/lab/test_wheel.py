"""The laboratory from a wheel: a folder with nothing of this system, and an environment with the extras lab and ape."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import note_engine

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"


def call(folder: Path, *command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_wheel__lab_and_ape__writes_a_project_whose_gates_and_tests_pass(tmp_path: Path) -> None:
    note_engine("revm")
    source = tmp_path / "source"
    shutil.copytree(ROOT / "offchain/zklink", source / "offchain/zklink", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    call(tmp_path, UV, "build", "--quiet", "--wheel", "--out-dir", "dist", source)
    call(tmp_path, UV, "venv", "--quiet", "--python", sys.executable, "env")
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    python, locked = tmp_path / "env/bin/python", ROOT / "constraints.txt"
    call(tmp_path, UV, "pip", "install", "--quiet", "--python", python, "--constraints", locked, f"{wheel}[lab,ape]")
    zklink = python.with_name("zklink")
    assert "run the tests: cd bridge && pytest" in call(tmp_path, zklink, "lab", "new", "bridge")
    bridge = tmp_path / "bridge"
    assert call(bridge, zklink, "lab", "check") == "0 findings\n"
    said = call(bridge, python, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "49 passed" in said
    assert "killed           strangers sign" in call(bridge, zklink, "lab", "promise", "MSG-2")
