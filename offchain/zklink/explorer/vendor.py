"""The files of other people that pages load: which they are, and how they come from npm.

`vendor.json` names packages with the integrity of their archives, the files that are taken from each, and the SHA-256
of every file as it stands in `static/vendor/`. `python -m zklink.explorer.vendor` writes them all anew. Files stand as
they are published, but where one imports from another package by its name: a page finds no packages, only paths.
"""

import base64
import hashlib
import json
import re
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.protocol.errors import ToolFailed
from zklink.prover.tools import run_npm

LIST: Final = Path(__file__).with_name("vendor.json")
VENDOR: Final = Path(__file__).with_name("static") / "vendor"
_NOBLE_HASHES: Final = b"'@noble/hashes/"


@dataclass(frozen=True, slots=True)
class Package:
    """A package of npm, `name@version`: `files` are places in its archive and the names that they get here."""

    spec: str
    integrity: str
    licence: str
    files: Mapping[str, str]


def read_packages() -> list[Package]:
    """What `vendor.json` names."""
    rows = json.loads(LIST.read_text())["packages"]
    return [Package(spec, row["integrity"], row["licence"], row["files"]) for spec, row in rows.items()]


def read_hashes() -> dict[str, str]:
    """The SHA-256 of every file by its name, as `vendor.json` has it."""
    hashes: dict[str, str] = json.loads(LIST.read_text())["sha256"]
    return hashes


def compute_hashes() -> dict[str, str]:
    """The SHA-256 of every file as it stands."""
    paths = sorted(path for path in VENDOR.rglob("*") if path.is_file())
    return {path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def fetch(package: Package) -> dict[str, bytes]:
    """The files of a package by the names that they get here. Raises ToolFailed if the archive is another one."""
    with tempfile.TemporaryDirectory() as folder:
        run_npm(["pack", package.spec, "--ignore-scripts", "--silent"], cwd=Path(folder))
        (archive,) = Path(folder).glob("*.tgz")
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != package.integrity:
            raise ToolFailed("npm pack", f"{package.spec} has the hash {found}, not {package.integrity}")
        with tarfile.open(archive) as tar:
            return {name: localize(name, _read(tar, place)) for place, name in package.files.items()}


def localize(name: str, content: bytes) -> bytes:
    """The file with paths in place of names of packages where it imports."""
    up = "../" * (name.count("/") - 1)
    return content.replace(_NOBLE_HASHES, f"'{up}hashes/".encode())


def publish(content: bytes) -> bytes:
    """The file as it was published: the reverse of `localize`."""
    return re.sub(rb"'(?:\.\./)+hashes/", _NOBLE_HASHES, content)


def _read(tar: tarfile.TarFile, place: str) -> bytes:
    member = tar.extractfile(f"package/{place}")
    assert member is not None
    return member.read()


def main() -> None:
    """Write every file and its hash."""
    for package in read_packages():
        for name, content in fetch(package).items():
            (VENDOR / name).parent.mkdir(parents=True, exist_ok=True)
            (VENDOR / name).write_bytes(content)
            sys.stdout.write(f"{name} from {package.spec}\n")
    rows = json.loads(LIST.read_text())
    LIST.write_text(json.dumps({**rows, "sha256": compute_hashes()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
