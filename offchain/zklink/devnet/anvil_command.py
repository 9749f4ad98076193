"""Finds this project's anvil, and is the `anvil` command of the environment (ape looks for it on PATH)."""

import os
import sys
from pathlib import Path

from zklink.prover.tools import ensure_tools, find_anvil


def anvil_path() -> Path:
    """The binary, installed at the first use."""
    return find_anvil() or ensure_tools().anvil


def main() -> None:
    """The `anvil` command: runs the installed binary with the same arguments."""
    path = find_anvil()
    if path is None:
        sys.exit("anvil is not installed: run `zklink setup`")
    os.execv(path, [str(path), *sys.argv[1:]])
