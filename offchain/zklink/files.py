"""Files that a full disk or a crash must not leave half-written, and files that one process alone has.

Takes a path and its content; gives typed errors that name the file and the place. What is written is on the disk when a
call returns. Never leaves a file that is neither the old one nor the new one.
"""

import fcntl
import os
from pathlib import Path
from typing import Final
from uuid import uuid4

from zklink.protocol.errors import FileInUse, FileNotWritten, FileUnreadable

PACKAGED: Final = Path(__file__).with_name("project")
"""Where a wheel has what is not Python: contracts, circuits, the tools' versions (`setup.py` puts it there)."""
_NEW_FILE: Final = 0o666
_LONGEST_NAME: Final = 200


def project_root() -> Path:
    """The folder that holds `contracts`, `offchain/circuits`, `deployments/tokens.json` and `package.json`: in an
    installed wheel, or the checkout that this package is installed from.
    """
    return PACKAGED if PACKAGED.is_dir() else Path(__file__).resolve().parents[2]


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


def read_bytes(path: Path) -> bytes:
    """What a file holds. Raises FileUnreadable."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadable(str(path), None, _describe(error)) from error


def read_file(path: Path) -> str:
    """A file's text. Raises FileUnreadable, with the place of the first byte that is no UTF-8."""
    try:
        return read_bytes(path).decode()
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


def _write_through(handle: int, data: bytes) -> None:
    """Write all of it, through to the disk."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.fsync(handle)


def _describe(error: OSError) -> str:
    return error.strerror or str(error)
