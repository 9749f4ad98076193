"""Says what a node's failure means.

Takes exceptions as web3.py, requests and eth-tester raise them; gives a verdict, a reason, a line of text. What is in
no list below is UNKNOWN: a read is asked again, a transaction may have arrived. Never asks a node.
"""

import re
from ast import literal_eval
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final

from requests import ConnectTimeout, HTTPError, Timeout
from urllib3.exceptions import NewConnectionError
from web3.exceptions import (
    ContractLogicError,
    ExtraDataLengthError,
    InvalidAddress,
    MethodUnavailable,
    MismatchedABI,
    TransactionNotFound,
    Web3RPCError,
    Web3ValidationError,
)

from zklink.l1.transport.redaction import redact
from zklink.l1.transport.retry_after import read_retry_after
from zklink.l1.transport.reverts import decode_revert_data
from zklink.protocol.errors import NodesDisagree, ZkLinkError

_REVERT_DATA: Final = re.compile(r"(?:reverted:? )?0x([0-9a-f]{8}(?:[0-9a-f]{64})*)", re.IGNORECASE)
"""A selector and whole words: no hash and no address looks like this."""
_REVERT_PREFIXES: Final = ("execution reverted", "vm exception while processing transaction: revert", "revert")


_LONGEST_TEXT: Final = 10_000
_NO_CONNECTION: Final = re.compile(
    r"HTTPS?ConnectionPool\(host='([^']{1,253})', port=(\d{1,5})\): Max retries exceeded .{0,300}?"
    r"(?:\[Errno -?\d{1,6}\]|timed out\.|Caused by \w{1,60}\() ?([^'\"()]{1,120})"
)


class Verdict(Enum):
    """Causes that need different answers."""

    MISTAKE = auto()
    """Ours: no node was asked, or not with what was meant."""
    UNKNOWN = auto()
    """No answer, or one that says nothing about the question."""
    DENIED = auto()
    """The caller is refused (HTTP 401, 402, 403, 404): the same question never helps."""
    UNSUPPORTED = auto()
    """The node lacks the method."""
    MISSING = auto()
    """The node has no transaction of that hash, or does not show it yet."""
    TOO_LARGE = auto()
    """The answer would be too large, or its range too wide."""
    REVERTED = auto()
    ALREADY_KNOWN = auto()
    NONCE_TOO_LOW = auto()
    UNDERPRICED = auto()
    FEE_CAPPED = auto()
    """The fee is above the node's own cap."""
    REFUSED = auto()
    """The node says why it cannot take this transaction or make this call."""


_MESSAGES: Final[tuple[tuple[str, Verdict], ...]] = (
    ("already known", Verdict.ALREADY_KNOWN),
    ("known transaction", Verdict.ALREADY_KNOWN),
    ("already imported", Verdict.ALREADY_KNOWN),
    ("alreadyknown", Verdict.ALREADY_KNOWN),
    ("already in pool", Verdict.ALREADY_KNOWN),
    ("already in mempool", Verdict.ALREADY_KNOWN),
    ("nonce too low", Verdict.NONCE_TOO_LOW),
    ("nonce is too low", Verdict.NONCE_TOO_LOW),
    ("invalid transaction nonce", Verdict.NONCE_TOO_LOW),
    ("exceeds the configured cap", Verdict.FEE_CAPPED),
    ("underpriced", Verdict.UNDERPRICED),
    ("fee too low", Verdict.UNDERPRICED),
    ("feetoolow", Verdict.UNDERPRICED),
    ("less than block base fee", Verdict.UNDERPRICED),
    ("gas price too low", Verdict.UNDERPRICED),
    ("minimum needed", Verdict.UNDERPRICED),
    ("insufficient funds", Verdict.REFUSED),
    ("insufficient balance", Verdict.REFUSED),
    ("does not have enough funds", Verdict.REFUSED),
    ("intrinsic gas", Verdict.REFUSED),
    ("gas required exceeds", Verdict.REFUSED),
    ("out of gas", Verdict.REFUSED),
    ("exceeds block gas limit", Verdict.REFUSED),
    ("gas limit too high", Verdict.REFUSED),
    ("gas limit is too high", Verdict.REFUSED),
    ("oversized data", Verdict.REFUSED),
    ("initcode size", Verdict.REFUSED),
    ("invalid sender", Verdict.REFUSED),
    ("invalid signature", Verdict.REFUSED),
    ("invalid chain id", Verdict.REFUSED),
    ("transaction type not supported", Verdict.REFUSED),
    ("unknown transaction type", Verdict.REFUSED),
    ("unsupported transaction type", Verdict.REFUSED),
    ("invalid transaction type", Verdict.REFUSED),
    ("only replay-protected", Verdict.REFUSED),
    ("higher than max fee per gas", Verdict.REFUSED),
    ("method not found", Verdict.UNSUPPORTED),
    ("does not exist/is not available", Verdict.UNSUPPORTED),
    ("unsupported method", Verdict.UNSUPPORTED),
    ("query returned more than", Verdict.TOO_LARGE),
    ("range limit", Verdict.TOO_LARGE),
    ("block range", Verdict.TOO_LARGE),
    ("range is too", Verdict.TOO_LARGE),
    ("range too", Verdict.TOO_LARGE),
    ("too many blocks", Verdict.TOO_LARGE),
    ("too many results", Verdict.TOO_LARGE),
    ("response size", Verdict.TOO_LARGE),
    ("response too large", Verdict.TOO_LARGE),
    ("response is too big", Verdict.TOO_LARGE),
)
_PATTERNS: Final = tuple(
    (re.compile(rf"\b{re.escape(part)}" if " " in part else re.escape(part)), verdict) for part, verdict in _MESSAGES
)
"""Sentences begin with a word of their own: an unknown transaction is no known transaction."""
_STATUSES: Final = {
    401: Verdict.DENIED,
    402: Verdict.DENIED,
    403: Verdict.DENIED,
    404: Verdict.DENIED,
    413: Verdict.TOO_LARGE,
}
_MISTAKES: Final = (ZkLinkError, AssertionError, InvalidAddress, MismatchedABI, Web3ValidationError)


def classify(error: BaseException) -> Verdict:
    """The cause of a failure."""
    if isinstance(error, ContractLogicError) or _is_named(error, "TransactionFailed", "Revert"):
        return Verdict.REVERTED
    if isinstance(error, ExtraDataLengthError):
        return Verdict.REFUSED
    if isinstance(error, NodesDisagree):
        return Verdict.UNKNOWN
    if isinstance(error, _MISTAKES) or not isinstance(error, Exception):
        return Verdict.MISTAKE
    if isinstance(error, MethodUnavailable | NotImplementedError):
        return Verdict.UNSUPPORTED
    if isinstance(error, TransactionNotFound):
        return Verdict.MISSING
    if isinstance(error, HTTPError):
        answer = read_answer(error)
        told = classify_text(_read_body(error)) if answer is None else classify_answer(answer)
        return told if told is not Verdict.UNKNOWN else _STATUSES.get(read_status(error) or 0, Verdict.UNKNOWN)
    if isinstance(error, Web3RPCError):
        return classify_text(str(error))
    if _is_named(error, "ValidationError"):  # eth-tester's: it is sure of itself
        told = classify_text(str(error))
        return told if told is not Verdict.UNKNOWN else Verdict.REFUSED
    return Verdict.UNKNOWN


def classify_text(message: str) -> Verdict:
    """What a node's own words mean; UNKNOWN if they are none of those that all nodes use."""
    lowered = message.lower()
    return next((verdict for pattern, verdict in _PATTERNS if pattern.search(lowered)), Verdict.UNKNOWN)


def classify_answer(answer: Mapping[str, Any]) -> Verdict:
    """What the `error` of a JSON-RPC answer means."""
    error: Any = answer.get("error")
    if not isinstance(error, Mapping):
        return Verdict.UNKNOWN
    message = str(error.get("message") or "")
    if error.get("code") == 3 or message.lower().startswith(_REVERT_PREFIXES):
        return Verdict.REVERTED
    return Verdict.UNSUPPORTED if error.get("code") == -32601 else classify_text(message)


def read_answer(error: BaseException) -> Mapping[str, Any] | None:
    """The JSON-RPC error that came with an HTTP status, if there is one: some nodes answer a revert with 400."""
    if not isinstance(error, HTTPError):
        return None
    try:
        answer = error.response.json()
        return answer if isinstance(answer, Mapping) and isinstance(answer["error"], Mapping) else None
    except Exception:
        return None


def is_never_sent(error: object) -> bool:
    """Whether a request certainly did not arrive, since there was no connection."""
    waiting, seen = [error], 0
    while waiting and (seen := seen + 1) < 20:
        part = waiting.pop()
        if isinstance(part, ConnectTimeout | NewConnectionError):
            return True
        if isinstance(part, BaseException):
            waiting += [*part.args, getattr(part, "reason", None)]
    return False


def is_perhaps_too_large(error: BaseException) -> bool:
    """Whether a smaller question could help: the node says so, or it answered, or ran out of time, without a reason."""
    verdict = classify(error)
    if verdict is Verdict.UNKNOWN:
        status = read_status(error)
        return isinstance(error, Web3RPCError | Timeout) or (status is not None and status != 429)
    return verdict is Verdict.TOO_LARGE


def read_status(error: BaseException) -> int | None:
    """The HTTP status that a failure carries, if any."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def read_rest(error: BaseException) -> float:
    """The seconds that a node asks to be left alone (Retry-After), or that nodes keep a quorum from being reached; 0 if
    they do not.
    """
    if isinstance(error, NodesDisagree):
        return error.rest_seconds
    return read_retry_after(getattr(getattr(error, "response", None), "headers", None) or {})


def decode_reason(error: BaseException) -> str:
    """The reason string of a revert, without secrets; empty if there is none."""
    return redact(_read_reason(error))


def _read_reason(error: BaseException) -> str:
    if (answer := read_answer(error)) is not None:
        data = _find_data(answer["error"].get("data"))
        return _cut_prefix(str(answer["error"].get("message") or "")) if data is None else decode_revert_data(data)
    data = _find_data(getattr(error, "data", None))
    if data is not None:
        return decode_revert_data(data)
    first = error.args[0] if error.args else ""
    if isinstance(first, bytes):
        return decode_revert_data(first)
    message = _cut_prefix(str(getattr(error, "message", None) or first))
    if message in {"no data", "b''", "None"}:
        return ""
    data = _find_data(message)
    return message if data is None else decode_revert_data(data)


def _cut_prefix(message: str) -> str:
    prefix = next((prefix for prefix in _REVERT_PREFIXES if message.lower().startswith(prefix)), "")
    return message[len(prefix) :].lstrip(": ") if prefix else message


def _find_data(answer: object) -> bytes | None:
    """The data of a revert in a node's answer: as it is, after a word ("Reverted 0x.."), or inside an object."""
    if isinstance(answer, bytes):
        return bytes(answer)
    if isinstance(answer, Mapping):
        return next((found for value in answer.values() if (found := _find_data(value)) is not None), None)
    if isinstance(answer, str) and answer.startswith(("b'", 'b"')):  # eth-tester's, as Python spells them
        with suppress(ValueError, SyntaxError):
            return bytes(literal_eval(answer))
    match = _REVERT_DATA.fullmatch(answer.strip()) if isinstance(answer, str) else None
    return None if match is None else bytes.fromhex(match[1])


def describe(error: BaseException) -> str:
    """One line about a failure, without the addresses of the requests library's objects and without secrets."""
    text = _show(_shorten(str(error)))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def describe_answer(answer: Mapping[str, Any]) -> str:
    """One line about an answer that is an error, without secrets."""
    error: Any = answer.get("error")
    told = error.get("message") or error if isinstance(error, Mapping) else error
    return _show(str(told)) or "an error without words"


def _shorten(text: str) -> str:
    """What the requests library says of a connection that it did not get, in words for whoever runs the program."""
    found = _NO_CONNECTION.search(text)
    return text if found is None else f"no connection to {found[1]}, port {found[2]}: {found[3].strip()}"


def _show(text: str) -> str:
    """The first line, redacted, of what can be printed."""
    lines = redact(text[:_LONGEST_TEXT]).strip().splitlines()
    shown = lines[0][:200] if lines else ""
    return "".join(letter if letter.isprintable() else "?" for letter in shown)


def _read_body(error: HTTPError) -> str:
    """What a node says beside its HTTP status: some put a JSON-RPC error there."""
    try:
        return str(error.response.text)[:2_000]
    except Exception:
        return ""


def _is_named(error: BaseException, *names: str) -> bool:
    """eth-tester's and py-evm's classes, known by name: a client of real nodes must not need them."""
    return any(base.__name__ in names for base in type(error).__mro__)
