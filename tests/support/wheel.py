"""The wheel of this checkout, and empty environments that have it."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).parent / "uv"
BUILT_FROM = (
    "offchain/zklink",
    "offchain/circuits",
    "contracts",
    "deployments/tokens.json",
    "package.json",
    "setup.py",
    "pyproject.toml",
    "LICENSE",
    "NOTICE",
)


def build_wheel(folder: Path) -> Path:
    """The wheel, made in a folder: setuptools would leave its `build` in the checkout, and use it again."""
    source = folder / "source"
    for name in BUILT_FROM:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    call(UV, "build", "--quiet", "--wheel", "--out-dir", folder / "dist", source)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def install_wheel(wheel: Path, folder: Path, extras: str = "") -> Path:
    """The Python of a new environment with the wheel; its extras in the versions that this checkout is tested with."""
    call(UV, "venv", "--quiet", "--python", sys.executable, folder)
    python = folder / "bin" / "python"
    locked = ("--constraints", ROOT / "constraints.txt") if extras else ()
    call(UV, "pip", "install", "--quiet", "--python", python, *locked, f"{wheel}{extras}")
    return python


def call(*command: str | Path) -> None:
    """Run to the end; it must succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
