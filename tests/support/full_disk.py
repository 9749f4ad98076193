"""A disk that fails on command: takes the bytes that fit and the calls that fail, gives the errors of a real one."""

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from zklink import files


@dataclass
class FailingDisk:
    """Stands in for `os` in `zklink.files`. `space` is the number of bytes that still fit; None for no end of them."""

    space: int | None = None
    is_sync_broken: bool = False
    is_folder_sync_broken: bool = False
    has_links: bool = True
    is_cut_broken: bool = False

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def write(self, handle: int, data: bytes) -> int:
        if self.space is None:
            return os.write(handle, data)
        if self.space == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(handle, bytes(data)[: self.space])
        self.space -= written
        return written

    def fsync(self, handle: int) -> None:
        if self.is_sync_broken or (self.is_folder_sync_broken and stat.S_ISDIR(os.fstat(handle).st_mode)):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fsync(handle)

    def link(self, source: Path, target: Path) -> None:
        if not self.has_links:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        os.link(source, target)

    def ftruncate(self, handle: int, size: int) -> None:
        if self.is_cut_broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.ftruncate(handle, size)

    def mend(self) -> None:
        """There is space again, and everything works."""
        self.space, self.is_sync_broken, self.is_cut_broken = None, False, False
        self.is_folder_sync_broken = False


def install_disk(monkeypatch: pytest.MonkeyPatch) -> FailingDisk:
    """Let the package write on a disk that works until it is told not to."""
    disk = FailingDisk()
    monkeypatch.setattr(files, "os", disk)
    return disk
