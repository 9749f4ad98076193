"""The cache of built files, and how several processes share it.

Takes a key and a function that builds; gives a folder. An entry's key is a hash of all its sources. It is written
beside its place and renamed into it, under a lock, so an entry that exists is complete, also after a power cut. Never
gives an old result for a changed source.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from zklink.files import project_root as project_root
from zklink.files import sync_folder, sync_tree

PROJECT_MARK = "package.json"


def cache_directory() -> Path:
    """`$ZKLINK_CACHE`, else the user's cache directory."""
    given = os.environ.get("ZKLINK_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("zklink"))


def compute_content_hash(*parts: bytes | str) -> str:
    """16 hex digits of SHA-256 over the parts, each with its length."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Holds the cache's lock of that name; waits for another process that holds it."""
    path = cache_directory() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure_entry(folder: str, key: str, make: Callable[[Path], None]) -> Path:
    """The cache entry `folder/key`; if it is missing, `make` fills an empty directory that then becomes it."""
    target = cache_directory() / folder / key
    if target.is_dir():
        return target
    with locked(f"{folder.replace('/', '-')}-{key}"):
        if target.is_dir():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in target.parent.glob(f".{key}-*"):  # of a process that was killed: the lock is ours now
            shutil.rmtree(left, ignore_errors=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=target.parent))
        try:
            make(scratch)
            scratch.chmod(0o755)
            sync_tree(scratch)
            scratch.rename(target)
            sync_folder(target.parent)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
    return target
