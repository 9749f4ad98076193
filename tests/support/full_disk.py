"""A disk that fails on command: takes the bytes that fit and the calls that fail, gives the errors of a real one."""

import errno
import os
from dataclasses import dataclass

import pytest

from zklink import files


@dataclass
class FailingDisk:
    """Stands in for `os` in `zklink.files`. `space` is the number of bytes that still fit; None for no end of them."""

    space: int | None = None
    is_sync_broken: bool = False
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
        if self.is_sync_broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fsync(handle)

    def ftruncate(self, handle: int, size: int) -> None:
        if self.is_cut_broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.ftruncate(handle, size)

    def mend(self) -> None:
        """There is space again, and everything works."""
        self.space, self.is_sync_broken, self.is_cut_broken = None, False, False


def install_disk(monkeypatch: pytest.MonkeyPatch) -> FailingDisk:
    """Let the package write on a disk that works until it is told not to."""
    disk = FailingDisk()
    monkeypatch.setattr(files, "os", disk)
    return disk
