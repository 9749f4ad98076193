"""Files that a full disk or a crash must not leave half-written: whole files, and lists of lines.

Takes a path and its content; gives typed errors that name the file and the place. What is written is on the disk when a
call returns. Never leaves a file that is neither the old one nor the new one.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from zklink.protocol.errors import FileInUse, FileNotWritten, FileUnreadable

log = logging.getLogger(__name__)

_NEWLINE: Final = b"\n"
_EMPTY: Final = b"\0\n"
"""What a crash leaves where a line was to be."""
_PIECE_BYTES: Final = 1 << 8
_NEW_FILE: Final = 0o666
_LONGEST_NAME: Final = 200


def write_file(path: Path, content: str | bytes) -> None:
    """Put `content` in the place of a file, or make it. Raises FileNotWritten; then the file is as it was before."""
    data = content.encode() if isinstance(content, str) else content
    try:
        target = path.resolve()  # a link stays a link
        if target.exists() and not target.is_file():  # a terminal or a pipe: nothing is to be kept there
            path.write_bytes(data)
            return
        _put(target, data)
    except OSError as error:
        raise FileNotWritten(str(path), _describe(error)) from error


def _put(target: Path, data: bytes) -> None:
    """Write beside the file, then exchange: the old one comes back if the exchange cannot be made durable."""
    stem = f".{target.name[:_LONGEST_NAME]}-{uuid4().hex}"
    beside, old = target.with_name(stem), target.with_name(f"{stem}-old")
    has_old = target.exists()
    try:
        _write_new(beside, data, target.stat().st_mode & 0o777 if has_old else None)
        if has_old:
            _keep(target, old)
        beside.replace(target)
        try:
            sync_folder(target.parent)
        except BaseException:
            if has_old:
                old.replace(target)
            else:
                target.unlink()
            raise
    finally:
        beside.unlink(missing_ok=True)
        old.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes, mode: int | None) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _NEW_FILE)
    try:
        if mode is not None:
            os.fchmod(handle, mode)
        _write_through(handle, data)
    finally:
        os.close(handle)


def _keep(path: Path, old: Path) -> None:
    """A second name for a file, or a copy where the system has no such names."""
    try:
        os.link(path, old)
    except OSError:
        _write_new(old, path.read_bytes(), path.stat().st_mode & 0o777)


def read_file(path: Path) -> str:
    """A file's text. Raises FileUnreadable, with the place of the first byte that is no UTF-8."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise FileUnreadable(str(path), 0, _describe(error)) from error
    except UnicodeDecodeError as error:
        raise FileUnreadable(str(path), error.start, f"no text: byte 0x{error.object[error.start]:02x}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, and its files with them when `sync_tree` went before."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make everything in a folder durable."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        elif path.is_dir() and not path.is_symlink():
            sync_folder(path)
    sync_folder(folder)


_locks: dict[Path, int] = {}
"""The lock files that this process holds, open until it ends."""


def lock_file(path: Path) -> None:
    """Keep a file for this process until it ends, however often it asks; the lock is a file beside it. Raises FileInUse
    if another process has it, OSError.
    """
    target = path.resolve()  # one lock, whatever link leads there
    lock = target.with_name(f".{target.name[:_LONGEST_NAME]}.lock")
    held = _locks.get(lock)
    if held is not None and lock.exists() and os.path.samestat(os.fstat(held), lock.stat()):
        return
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, _NEW_FILE)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        os.close(handle)
        raise FileInUse(str(path)) from error
    _locks[lock] = handle


class LineFile:
    """A list of lines that grows at its end. One process at a time has it; a line is neither empty nor has a NUL.

    A line without its end was never acknowledged, nor one that is empty or has a NUL: they are cut off the end, and the
    log says so, when the file is opened and before anything is appended.
    """

    def __init__(self, path: Path) -> None:
        """Raises FileInUse if another process has it, FileNotWritten if a half line cannot be cut off."""
        self._path = path
        self._keep: int | None = None
        """Where the file must be cut first: the cut after a failed write failed as well."""
        self._is_name_durable = False
        with self._writing():
            lock_file(path)
            if path.exists():
                self._mend()

    def lines(self) -> Sequence[bytes]:
        """Every whole line, without its end. Raises FileUnreadable."""
        try:
            written = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise FileUnreadable(str(self._path), 0, _describe(error)) from error
        kept = written if self._keep is None else written[: self._keep]
        return kept.split(_NEWLINE)[:-1]

    def append(self, line: bytes) -> None:
        """Write one line. Raises FileNotWritten; then the file has no part of it."""
        assert line and _NEWLINE not in line and b"\0" not in line
        with self._writing():
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _NEW_FILE)
            try:
                self._keep = self._mend(handle)
                if not self._is_name_durable:
                    sync_folder(self._path.resolve().parent)
                    self._is_name_durable = True
                _write_through(handle, line + _NEWLINE)
                self._keep = None
            except BaseException:
                if self._keep is not None:
                    with suppress(OSError):  # else the next append cuts first
                        self._cut(handle, self._keep)
                        self._keep = None
                raise
            finally:
                os.close(handle)

    def replace(self, lines: Sequence[bytes]) -> None:
        """Write other lines in the place of all. Raises FileNotWritten; then the file is as it was."""
        write_file(self._path, b"".join(line + _NEWLINE for line in lines))
        self._keep = None

    def _mend(self, handle: int | None = None) -> int:
        """Cut off what is no whole line; gives the size of the rest."""
        opened = os.open(self._path, os.O_RDWR) if handle is None else handle
        try:
            size = os.fstat(opened).st_size
            whole = _find_end(opened, size) if self._keep is None else min(self._keep, size)
            self._cut(opened, whole)
            return whole
        finally:
            if handle is None:
                os.close(opened)

    def _cut(self, handle: int, whole: int) -> None:
        size = os.fstat(handle).st_size
        if size <= whole:
            return
        os.ftruncate(handle, whole)
        os.fsync(handle)
        log.warning("%s: cut after byte %d: the last %d bytes were no whole line", self._path, whole, size - whole)

    def _writing(self) -> "_Writing":
        return _Writing(self._path)


class _Writing:
    """Turns what the system refuses into FileNotWritten."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise FileNotWritten(str(self._path), _describe(error)) from error


def _write_through(handle: int, data: bytes) -> None:
    """Write all of it, through to the disk."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)


def _find_end(handle: int, size: int) -> int:
    """The place after the last whole line, looked for from the back."""
    end = size
    while end > 0:
        filled = _find_last(handle, end, lambda piece: len(piece.rstrip(_EMPTY)))
        start = _find_last(handle, filled, lambda piece: piece.rfind(_NEWLINE) + 1)
        line = os.pread(handle, filled + 1 - start, start)
        if filled and line.endswith(_NEWLINE) and b"\0" not in line:
            return filled + 1
        end = start
    return 0


def _find_last(handle: int, end: int, find: Callable[[bytes], int]) -> int:
    """The place before `end` that `find` gives, counted from the start of the piece; 0 if it gives 0 for all."""
    pieces = _PIECE_BYTES
    while end > 0:
        start = max(0, end - pieces)
        if found := find(os.pread(handle, end - start, start)):
            return start + found
        end, pieces = start, 2 * pieces
    return 0


def _describe(error: OSError) -> str:
    return error.strerror or str(error)
