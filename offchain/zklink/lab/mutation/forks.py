"""A function's answer from a fork of this process, or that it found no end.

Takes a function that gives what JSON can say. The time is the processor's, so a busy machine ends nothing early.
"""

import json
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Final

PATIENCE: Final = 20
"""A fork that uses no processor, since it waits for something, is given so many times its seconds."""

NO_END: Final = {"verdict": "killed", "by": "no end", "code": ""}


def fork(judge: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any]:
    """What a fork answers; `error` if it fails. A mutant that runs longer than that is noticed by whoever waits."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(judge, writer, seconds)
    with suppress(OSError):  # the fork does the same; whoever comes first
        os.setpgid(child, child)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        text = _read(answers, time.monotonic() + PATIENCE * seconds)
    with suppress(ProcessLookupError, PermissionError):  # what it has started ends with it
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if text is None or (not text and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU):
        return dict(NO_END)
    found: dict[str, Any] = json.loads(text) if text else {"error": "the fork ended without a word"}
    return found


def _answer(judge: Callable[[], dict[str, Any]], writer: int, seconds: float) -> None:
    """The whole life of a fork."""
    os.setpgid(0, 0)
    os.close(0)
    used = time.process_time()
    most = max(1, round(used + seconds))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    try:
        found = judge()
    except BaseException:  # pytest ends with SystemExit, a plugin with anything
        found = {"error": traceback.format_exc(limit=-3)}
    with os.fdopen(writer, "wb") as answer:
        answer.write(json.dumps(found).encode())
    os._exit(0)


def _read(answers: IO[bytes], until: float) -> bytes | None:
    """All that comes until the fork ends; None if it does not."""
    ready, _, _ = select.select([answers], [], [], max(0.0, until - time.monotonic()))
    return answers.read() if ready else None
