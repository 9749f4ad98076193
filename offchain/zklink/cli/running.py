"""How commands run that go on until they are told to end."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

AGAIN_SECONDS: Final = 5.0
"""Before a chain or a database is tried again that was not there at the start."""


def assemble_patiently(assemble: Callable[[], T]) -> T:
    """What `assemble` gives, once every chain and the database are there; any other error is raised."""
    from zklink.l1.transport.redaction import redact
    from zklink.protocol.errors import DatabaseFailed, RpcUnavailable

    while True:
        try:
            return assemble()
        except (RpcUnavailable, DatabaseFailed) as error:
            logging.getLogger(__name__).warning("not started yet: %s", redact(str(error)))
            time.sleep(AGAIN_SECONDS)


def end_on_signals(end: Callable[[], object]) -> None:
    """SIGTERM and SIGINT call `end`, whatever they did before."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end())
