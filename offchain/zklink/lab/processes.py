"""Processes that a laboratory starts beside this one: they end with it, and never wait for somebody to read them.

Takes nothing of what they do; gives what `subprocess.Popen` needs.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

_PR_SET_PDEATHSIG: Final = 1


def dying_with_parent() -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel ends the child when our process dies, however that happens. None where it cannot:
    Linux ties the child to the *thread* that started it, so only the main thread may.
    """
    is_main = threading.current_thread() is threading.main_thread()
    return _ask_to_die if sys.platform == "linux" and is_main else None


def read_away(output: IO[str]) -> None:
    """Read on to the end and keep nothing: a full pipe would block who writes."""
    with contextlib.suppress(ValueError, OSError):
        for _ in output:
            pass


def make_folder(kind: str) -> Path:
    """A new folder for what a child writes; whoever stops the child removes it. Removes those of this kind, too, whose
    process was killed before it could: a chain that mined for hours leaves gigabytes.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"zklink-{kind}-*-*"):
        owner = folder.name.split("-")[-2]
        if owner.isdecimal() and not _is_alive(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"zklink-{kind}-{os.getpid()}-"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _ask_to_die() -> None:
    """Runs in the child."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
