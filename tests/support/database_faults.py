"""Databases that fail: a disk that takes so many bytes and no more, a server that is gone."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def full_disk(file: Path | None = None, space: int = 0) -> Iterator[None]:
    """Of a SQLite database's log, `space` more bytes fit on the disk; without a file nothing can be written anywhere.
    The system fails the write in its middle, as a full disk does: no file of this process can be larger.
    """
    log = None if file is None else file.with_name(f"{file.name}-wal")
    size = 0 if log is None else log.stat().st_size + space
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
