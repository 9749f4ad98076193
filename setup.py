"""What `pyproject.toml` cannot say: a wheel also has the files of this repository that a node needs at run time.

Copies them into the built package, in `zklink/project` and below their own paths, where `zklink.files.project_root`
finds them. An editable installation has no copy: there the repository itself is that place.
"""

import shutil
from pathlib import Path
from typing import Final

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT: Final = Path(__file__).resolve().parent
PROJECT: Final = ("contracts", "offchain/circuits", "deployments/tokens.json", "package.json")
"""Sources of contracts and circuits, from which each machine compiles; the devnet's tokens; the tools' versions."""


class BuildWithProject(build_py):
    """Builds the package, and copies what the node needs beside it."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for name in PROJECT:
            target = Path(self.build_lib) / "zklink" / "project" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
            else:
                shutil.copy(ROOT / name, target)


setup(cmdclass={"build_py": BuildWithProject})
