"""Asks a node, and asks again where that helps: the one layer of retries, with one budget of time.

Takes questions that change nothing; gives their answers or a typed error. Keeps what was learned about the node: until
when it wants to be left alone. Never sends a transaction.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from web3 import HTTPProvider, Web3

from zklink.l1.transport.verdicts import (
    Verdict,
    classify,
    decode_reason,
    describe,
    is_perhaps_too_large,
    read_rest,
    read_status,
)
from zklink.protocol.errors import CallReverted, RpcRefused, RpcUnavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long a node is asked.

    attempts: most times that one question is asked. pause_seconds: the pause after the first failure, doubled after
    each up to longest_pause_seconds. budget_seconds: after so long no attempt is begun, whatever a node's Retry-After
    says. request_timeout_seconds: how long one attempt waits for its answer, where the provider has no time-out of its
    own.
    """

    attempts: int = 6
    pause_seconds: float = 0.25
    longest_pause_seconds: float = 4.0
    budget_seconds: float = 60.0
    request_timeout_seconds: float = 10.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the given failed attempt (from 0)."""
        return min(self.pause_seconds * 2.0**attempt, self.longest_pause_seconds)


class Asker:
    """Asks one chain's node, or the pool of its nodes."""

    def __init__(
        self,
        chain: str,
        policy: RetryPolicy,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.chain, self.policy = chain, policy
        self._sleep, self._clock = sleep, clock
        self._rest_until = float("-inf")

    def ask(self, what: str, request: Callable[[], T], shrink: Callable[[], bool] | None = None) -> T:
        """Ask until there is an answer. `shrink` makes the question smaller, or says that it cannot be.

        Raises CallReverted, RpcRefused, RpcUnavailable, and TransactionNotFound, which is an answer.
        """
        tries = self.begin(what)
        while True:
            tries.rest()
            try:
                return request()
            except Exception as error:
                verdict = classify(error)
                if verdict in (Verdict.MISTAKE, Verdict.MISSING):
                    raise
                if verdict is Verdict.REVERTED:
                    raise CallReverted(self.chain, what, decode_reason(error)) from error
                if shrink is not None and is_perhaps_too_large(error) and shrink() and verdict is Verdict.TOO_LARGE:
                    continue
                if verdict in (Verdict.UNKNOWN, Verdict.TOO_LARGE):
                    tries.fail(error)
                else:
                    raise RpcRefused(self.chain, what, _name_denial(error) or describe(error)) from error

    def begin(self, what: str) -> "Tries":
        """The tries of one question."""
        return Tries(self, what, self._clock())

    def learn(self, error: BaseException) -> None:
        """Remember how long the node wants to be left alone."""
        rest = read_rest(error)
        if rest > 0:
            self._rest_until = max(self._rest_until, self._clock() + rest)

    def now(self) -> float:
        """Seconds on this asker's clock."""
        return self._clock()

    def spent(self, begun: float) -> float:
        """Seconds since then."""
        return self._clock() - begun

    def rest_seconds(self) -> float:
        """How long the node still wants to be left alone."""
        return max(0.0, self._rest_until - self._clock())

    def sleep(self, seconds: float) -> None:
        """Wait."""
        if seconds > 0:
            self._sleep(seconds)


@dataclass(slots=True)
class Tries:
    """The attempts of one question so far."""

    asker: Asker
    what: str
    begun: float
    failures: int = 0
    detail: str = ""

    def rest(self) -> None:
        """Leave the node alone as long as it asked for. RpcUnavailable if that is longer than the budget."""
        seconds = self.asker.rest_seconds()
        if self.asker.spent(self.begun) + seconds > self.asker.policy.budget_seconds and seconds > 0:
            detail = f"the node wants to be left alone for {seconds:.0f} seconds"
            raise self._unavailable(f"{detail} ({self.detail})" if self.detail else detail)
        self.asker.sleep(seconds)

    def fail(self, error: BaseException) -> None:
        """Note a failed attempt and pause. RpcUnavailable if it was the last one."""
        self.detail = describe(error)
        self.failures += 1
        self.asker.learn(error)
        policy = self.asker.policy
        pause = policy.pause(self.failures - 1)
        is_spent = self.asker.spent(self.begun) + pause > policy.budget_seconds
        if self.failures >= policy.attempts or is_spent:
            raise self._unavailable(self.detail) from error
        if not self.asker.rest_seconds():
            self.asker.sleep(pause)

    def _unavailable(self, detail: str) -> RpcUnavailable:
        return RpcUnavailable(self.asker.chain, self.what, self.failures, detail)


def take_over_retries(w3: Web3, policy: RetryPolicy) -> None:
    """Switch off web3.py's own retries, five for each of ours, and give its requests a time-out if they have none."""
    provider = w3.provider
    if isinstance(provider, HTTPProvider):
        provider.exception_retry_configuration = None  # type: ignore[assignment]
        if provider._request_kwargs is not None:
            provider._request_kwargs.setdefault("timeout", policy.request_timeout_seconds)


def _name_denial(error: BaseException) -> str:
    if classify(error) is not Verdict.DENIED:
        return ""
    return f"HTTP {read_status(error)}: check the key and the path of its URL"
