"""Panics of native code, turned into exceptions of this package.

Takes a function that makes the error; gives a `with` block. A panic of a wheel written in Rust is a BaseException: it
would pass every `except Exception` and end the program. Never catches an interrupt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PANIC = "PanicException"


def is_panic(error: BaseException) -> bool:
    """Whether native code panicked. The class has no import of its own: every wheel brings another one."""
    return any(base.__name__ == _PANIC for base in type(error).__mro__)


@contextmanager
def panics_as(make_error: Callable[[str], Exception]) -> Iterator[None]:
    """Raise `make_error(detail)` in the place of a panic."""
    try:
        yield
    except BaseException as error:
        if not is_panic(error):
            raise
        raise make_error(str(error)) from error
