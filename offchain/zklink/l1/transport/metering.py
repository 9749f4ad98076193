"""Counts what a node of a chain is asked and how it answers: by outcome, with time, rests and head.

Takes requests on their way; gives plain counts. A node is known by its place in the settings, never by its address.
Never changes an answer; one that is too long, or takes too long to come, is none.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import requests
from eth_typing import URI
from urllib3.exceptions import ProtocolError, ReadTimeoutError
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from zklink.l1.transport.answers import HEAD, check_answer, has_error, read_height
from zklink.l1.transport.meters import NodeMeter, Outcome
from zklink.l1.transport.verdicts import Verdict, classify, classify_answer, read_answer, read_status

_TOLD: Final = frozenset(Verdict) - {Verdict.UNKNOWN, Verdict.DENIED, Verdict.UNSUPPORTED, Verdict.MISTAKE}


MOST_REPLY_BYTES: Final = 64 << 20
"""Bytes of a reply that are read: many times what any question of this system is answered with."""
LONGEST_REPLY_SECONDS: Final = 60.0
"""How long a reply may go on coming in, however small its pieces."""
_PIECE: Final = 1 << 16


class MeteredProvider(HTTPProvider):
    """A node over HTTP, whose requests are counted, and whose replies are read up to a bound."""

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

    def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:
        options: dict[str, Any] = {**self.get_request_kwargs(), "stream": True}
        options["headers"] = {**options.get("headers", {}), "Accept-Encoding": "identity"}
        ask = self._request_session_manager.get_response_from_post_request
        with ask(cast(URI, self.endpoint_uri), data=request_data, **options) as response:
            pieces, size, end = list[bytes](), 0, self._watch() + LONGEST_REPLY_SECONDS
            while piece := _read_some(response):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_REPLY_BYTES or self._watch() > end:
                    raise requests.HTTPError(f"a reply of {size} bytes that goes on", response=response)
            response._content = b"".join(pieces)  # what its status means is read from it, too
            response.raise_for_status()
            return response.content

    def _note_head(self, params: Sequence[Any], answer: RPCResponse) -> None:
        if name_answer(HEAD, params, answer) is Outcome.OK:
            self.meter.head = read_height(answer)


def _read_some(response: requests.Response) -> bytes:
    """What has come of a reply, as it came: some kilobytes that are packed can be gigabytes. Empty at its end."""
    try:
        return response.raw.read1(_PIECE, decode_content=False) or b""
    except (ProtocolError, ReadTimeoutError) as error:
        raise requests.ConnectionError(error) from error


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
