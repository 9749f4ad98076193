"""The threads that read the chains for an API: one a chain, each at the pace of its blocks.

Takes a history and what readers look at; ends when its owner says so. A chain that cannot be read is tried again later.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from zklink.api.live_view import LiveView
from zklink.history.read_model import History
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.redaction import redact
from zklink.protocol.ids import ChainId
from zklink.service.chain_link import ApiReader, ChainLink

log = logging.getLogger(__name__)

LOOK_SHARE: Final = 0.25
"""Between two looks at a chain passes this share of its block time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The longest time between two looks at a chain, and the time after a look that failed; seconds."""

    longest_look: float
    failed_look: float


def make_chain_threads(
    readers: Mapping[ChainId, tuple[ChainProfile, ApiReader]],
    pace: Pace,
    is_stopped: Callable[[], bool],
    wait: Callable[[float], object],
) -> list[threading.Thread]:
    """A thread per chain, not started; `wait` lets seconds pass and returns early when everything stops."""

    def read(reader: ApiReader, pause_seconds: float) -> None:
        while not is_stopped():
            try:
                reader.look()
                wait(pause_seconds)
            except Exception as error:  # also a mistake of this program: a thread that ends reads nothing more
                log.warning("a chain could not be read for the API: %s", redact(f"{type(error).__name__}: {error}"))
                wait(pace.failed_look)

    threads = []
    for _, (profile, reader) in sorted(readers.items()):
        pause = min(pace.longest_look, profile.block_time_seconds * LOOK_SHARE)
        threads.append(threading.Thread(target=read, args=(reader, pause), name=f"read {profile.name}", daemon=True))
    return threads


def open_readers(
    deployment: Deployment, links: Mapping[ChainId, ChainLink], history: History, live: LiveView
) -> dict[ChainId, tuple[ChainProfile, ApiReader]]:
    """A reader per chain, with its chain's profile."""
    readers = {}
    for chain, link in links.items():
        tokens = [plan.token_id for plan in deployment.tokens if chain in plan.contracts]
        readers[chain] = link.profile, link.api_reader(tokens, history, live, time.monotonic)
    return readers
