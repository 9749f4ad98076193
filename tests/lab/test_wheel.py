"""The laboratory from a wheel: a folder with nothing of this system, and an environment with the extras lab and ape."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.code_blocks import ROOT, Block, read_blocks
from tests.support.engines import note_engine

UV = Path(sys.executable).parent / "uv"
TUTORIAL = ROOT / "docs" / "tutorial-your-own-bridge.md"
COPIED = ("pyproject.toml", "setup.py", "LICENSE", "NOTICE", "package.json", "deployments/tokens.json")
EXPLOIT = "test_bridge__known_exploit__does_not_give_in"
END = "-- end of a block --"


def call(folder: Path, *command: str | Path, code: int = 0) -> str:
    """What a command prints that ends with this code, run with nothing of this repository on its path."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment's programs, where only the wheel and what it needs is installed."""
    note_engine("revm")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("offchain/zklink", "offchain/circuits", "contracts"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in COPIED:
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    call(folder, UV, "build", "--quiet", "--wheel", "--out-dir", "dist", source)
    call(folder, UV, "venv", "--quiet", "--python", sys.executable, "env")
    (wheel,) = (folder / "dist").glob("*.whl")
    python, locked = folder / "env/bin/python", ROOT / "constraints.txt"
    call(folder, UV, "pip", "install", "--quiet", "--python", python, "--constraints", locked, f"{wheel}[lab,ape]")
    return python.parent


@pytest.mark.slow
def test_wheel__lab_and_ape__writes_a_project_whose_gates_and_tests_pass(programs: Path, tmp_path: Path) -> None:
    zklink = programs / "zklink"
    assert "run the tests: cd bridge && pytest" in call(tmp_path, zklink, "lab", "new", "bridge")
    bridge = tmp_path / "bridge"
    assert call(bridge, zklink, "lab", "check") == "0 findings\n"
    said = call(bridge, programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--lab-coverage")
    assert "54 passed" in said
    assert "never run: 169-172" in said  # as docs/lab-gates.md shows it
    assert "killed           strangers sign" in call(bridge, zklink, "lab", "promise", "MSG-2")


@pytest.mark.slow
def test_tutorial__from_the_wheel__finds_its_bugs_where_it_says(programs: Path, tmp_path: Path) -> None:
    """Its blocks from the first to the last, in an empty folder, with pytest where it says what pytest shows."""
    blocks = read_blocks(TUTORIAL)
    commands = [line for block in blocks if block.language == "sh" for line in block.text.splitlines()]
    steps = [block for block in blocks if block.language == "python"]
    (shown,) = (block.text for block in blocks if block.text.startswith("E   AssertionError"))
    planting = next(index for index, block in enumerate(steps) if 'tell("there_and_back"' in block.text)

    assert commands.pop(0) == "zklink lab new bridge"
    call(tmp_path, programs / "zklink", "lab", "new", "bridge")
    shutil.rmtree(tmp_path / "bridge")  # the page goes on with the same in Python
    (tmp_path / "tutorial.py").write_text(build_program(steps, planting))
    said = call(tmp_path, programs / "python", "tutorial.py")
    parts = said.split(f"{END}\n")
    assert parts.pop() == ""
    assert parts == [block.output or "" for block in steps]

    pytest_said = (tmp_path / "pytest.txt").read_text()
    assert all(line.rstrip() in pytest_said for line in shown.splitlines())
    found = [line.partition(":")[0] for line in (steps[planting].output or "").splitlines()]
    assert len(found) == 4
    assert all(f"FAILED tests/test_exploits.py::{EXPLOIT}[{name}]" in pytest_said for name in found)

    assert len(commands) == 3
    for command in commands:
        shell = ("bash", "-c", f"PATH={programs}:$PATH; {command}")
        said = call(tmp_path, *shell)
        assert "survived" not in said.replace("0 survived", "")


def build_program(steps: list[Block], planting: int) -> str:
    """The blocks, each followed by a line that ends its output; after the planting, the exploits under pytest."""
    parts = []
    for index, block in enumerate(steps):
        parts += [block.text, f'print("{END}", flush=True)']
        if index == planting:
            parts.append(
                "import subprocess as _subprocess\n"
                "_words = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests/test_exploits.py']\n"
                "_done = _subprocess.run(_words, cwd='bridge', capture_output=True, text=True)\n"
                "Path('pytest.txt').write_text(_done.stdout)"
            )
    return "\n".join(parts)
