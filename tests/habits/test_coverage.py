"""What tests enter is reported for the package; ape's own option, which would say 0.0 %, is refused with a pointer."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


def test_apes_coverage__asked_for__is_refused_with_a_pointer() -> None:
    command = [sys.executable, "-m", "pytest", "--coverage", "--collect-only", "-q", str(Path(__file__))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 4
    assert "make coverage" in done.stderr


def test_coverage__is_of_branches_in_the_whole_package() -> None:
    run = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]["run"]
    assert (run["branch"], run["source"]) == (True, ["offchain/zklink"])
