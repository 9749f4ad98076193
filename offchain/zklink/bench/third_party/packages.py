"""The npm packages of `packages.json`: fetched once, checked against the hash that stands there, and kept in the cache.

Takes a package's name and version, gives a folder with its sources. Only what is compiled is kept: sources, licences
and compilers. Nothing of a package is ever run but the compilers.
"""

import base64
import hashlib
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from zklink.protocol.errors import ToolFailed
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.progress import SILENT, Progress
from zklink.prover.tools import run_npm

MANIFEST: Final = Path(__file__).with_name("packages.json")
_KEPT_SUFFIXES: Final = (".sol",)
_KEPT_NAMES: Final = ("package.json", "soljson.js", "Uni.json", "ZRXToken.json")
_AT_ONCE: Final = 4
_LICENCES: Final = ("LICENSE", "LICENCE", "COPYING")


@lru_cache(maxsize=1)
def read_manifest() -> dict[str, str]:
    """The integrity of each package, by `name@version`."""
    manifest: dict[str, str] = json.loads(MANIFEST.read_text())
    return manifest


def ensure_packages(progress: Progress = SILENT) -> None:
    """Fetch what is missing of the manifest. Raises ToolFailed."""
    specs = tuple(read_manifest())
    with progress.step("Fetching other people's contracts", len(specs)) as step, ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(ensure_package, specs):
            step.advance()


def ensure_package(spec: str) -> Path:
    """The folder of a package of the manifest, `name@version`. Raises KeyError, ToolFailed."""
    integrity = read_manifest()[spec]
    return ensure_entry(
        "third_party", compute_content_hash(spec, integrity), lambda into: _fetch(spec, integrity, into)
    )


def _fetch(spec: str, integrity: str, into: Path) -> None:
    run_npm(["pack", spec, "--ignore-scripts", "--silent"], cwd=into)
    (archive,) = into.glob("*.tgz")
    _check_integrity(spec, archive.read_bytes(), integrity)
    with tarfile.open(archive) as tar:
        for member in tar:
            place = PurePosixPath(*PurePosixPath(member.name).parts[1:])  # npm packs everything under one folder
            if member.isfile() and _is_kept(place):
                content = tar.extractfile(member)
                assert content is not None
                target = into / place
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    archive.unlink()


def _check_integrity(spec: str, data: bytes, integrity: str) -> None:
    found = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    if found != integrity:
        raise ToolFailed("npm pack", f"{spec} has the hash {found}, not {integrity}")


def _is_kept(place: PurePosixPath) -> bool:
    is_inside = not place.is_absolute() and ".." not in place.parts
    is_wanted = place.suffix in _KEPT_SUFFIXES or place.name in _KEPT_NAMES or place.stem.upper() in _LICENCES
    return is_inside and is_wanted
