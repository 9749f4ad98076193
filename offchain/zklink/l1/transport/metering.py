"""Counts what a node of a chain is asked and how it answers: by outcome, with time, rests and head.

Takes requests on their way; gives plain counts. A node is known by its place in the settings, never by its address.
Never changes an answer.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import requests
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from zklink.l1.transport.answers import HEAD, check_answer, has_error, read_height
from zklink.l1.transport.verdicts import Verdict, classify, classify_answer, read_answer, read_status

SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets of a node's times."""


class Outcome(StrEnum):
    """How a node answered a request."""

    OK = "ok"
    TOLD = "told"
    """An error that answers the question: a revert, a nonce that is too low, a range that is too wide."""
    LIMITED = "limited"
    """HTTP 429: it is asked too often."""
    DENIED = "denied"
    """HTTP 401, 402, 403 or 404: a wrong key or path."""
    UNSUPPORTED = "unsupported"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    """No connection, or one that broke off."""
    ODD = "odd"
    """What it says can be no answer."""
    FAILED = "failed"
    """Anything else: HTTP 5xx, an error of the node's own."""


_TOLD: Final = frozenset(Verdict) - {Verdict.UNKNOWN, Verdict.DENIED, Verdict.UNSUPPORTED, Verdict.MISTAKE}


@dataclass
class NodeMeter:
    """What one node was asked since the start. `resting_until` is on the clock of the pool that lets it rest."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(SECONDS) + 1))
    seconds: float = 0.0
    rests: int = 0
    resting_until: float = float("-inf")
    head: int = -1
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def is_resting(self) -> bool:
        """Whether it is left alone now."""
        return self.clock() < self.resting_until

    def count(self, outcome: Outcome, seconds: float) -> None:
        """One request, and how long its answer took."""
        with self._lock:
            self.outcomes[outcome] += 1
            self.seconds += seconds
            self.buckets[sum(seconds > bound for bound in SECONDS)] += 1

    def rest(self, until: float) -> None:
        """It is left alone until then."""
        with self._lock:
            self.rests += 1
            self.resting_until = until


class MeteredProvider(HTTPProvider):
    """A node over HTTP, whose requests are counted."""

    def __init__(self, url: str, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__(url)
        self.meter, self._watch = NodeMeter(), clock

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        begun = self._watch()
        try:
            answer = super().make_request(method, params)
        except Exception as error:
            self.meter.count(name_failure(error), self._watch() - begun)
            raise
        self.meter.count(name_answer(method, params, answer), self._watch() - begun)
        if method == HEAD and params[0] == "latest":
            self._note_head(params, answer)
        return answer

    def _note_head(self, params: Sequence[Any], answer: RPCResponse) -> None:
        if name_answer(HEAD, params, answer) is Outcome.OK:
            self.meter.head = read_height(answer)


def name_answer(method: str, params: Sequence[Any], answer: Any) -> Outcome:
    """The outcome of a request that was answered with JSON."""
    try:
        check_answer(method, params, answer)
    except (ValueError, TypeError, LookupError):
        return Outcome.ODD
    return _name_verdict(classify_answer(answer)) if has_error(answer) else Outcome.OK


def name_failure(error: BaseException) -> Outcome:
    """The outcome of a request that failed."""
    told = read_answer(error)
    if told is not None:
        return _name_verdict(classify_answer(told))
    status = read_status(error)
    if status == 429:
        return Outcome.LIMITED
    if isinstance(error, requests.Timeout):
        return Outcome.TIMED_OUT
    if isinstance(error, requests.ConnectionError):
        return Outcome.UNREACHABLE
    if status is None and isinstance(error, ValueError):
        return Outcome.ODD
    return _name_verdict(classify(error))


def _name_verdict(verdict: Verdict) -> Outcome:
    if verdict is Verdict.DENIED:
        return Outcome.DENIED
    if verdict is Verdict.UNSUPPORTED:
        return Outcome.UNSUPPORTED
    return Outcome.TOLD if verdict in _TOLD else Outcome.FAILED
