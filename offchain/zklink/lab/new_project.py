"""A new project for contracts on several chains: a lock-and-mint bridge with its tests, to be changed into another.

Takes a folder's name; writes files there. Never overwrites any.
"""

import shutil
from pathlib import Path
from typing import Final

from zklink.lab.errors import FolderTaken, ProjectUnusable

TEMPLATE: Final = Path(__file__).resolve().parent / "template"
_LEFT_OUT: Final = ("__pycache__", "*.pyc")


def write_project(folder: Path) -> list[Path]:
    """Write the project; gives its files. Raises FolderTaken, and ProjectUnusable where nothing can be written."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise FolderTaken(str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True)
        # Under its own name it would rule in the template's folder, too.
        (folder / "gitignore").rename(folder / ".gitignore")
    except OSError as error:
        raise ProjectUnusable(str(folder), f"no project can be written there ({error.strerror})") from None
    return sorted(path for path in folder.rglob("*") if path.is_file())
