"""Classifies a node's failures, and asks again where that helps.

Takes exceptions as web3.py and eth-tester raise them; gives a verdict. Never sends a transaction.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, TypeVar

from eth_abi import decode
from eth_abi.exceptions import DecodingError
from requests.exceptions import RequestException
from web3.exceptions import ContractLogicError, ProviderConnectionError, RequestTimedOut, Web3RPCError

from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import CallReverted, RpcUnavailable

T = TypeVar("T")

ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")
PANIC_SELECTOR: Final = bytes.fromhex("4e487b71")
_REVERT_PREFIXES: Final = ("execution reverted", "vm exception while processing transaction: revert", "revert")


class Verdict(Enum):
    """Causes that need different answers."""

    UNREACHABLE = auto()
    REVERTED = auto()
    ALREADY_KNOWN = auto()
    NONCE_TOO_LOW = auto()
    UNDERPRICED = auto()
    REFUSED = auto()


_MESSAGES: Final[tuple[tuple[str, Verdict], ...]] = (
    ("already known", Verdict.ALREADY_KNOWN),
    ("known transaction", Verdict.ALREADY_KNOWN),
    ("already imported", Verdict.ALREADY_KNOWN),
    ("alreadyknown", Verdict.ALREADY_KNOWN),
    ("transaction already in pool", Verdict.ALREADY_KNOWN),
    ("nonce too low", Verdict.NONCE_TOO_LOW),
    ("nonce is too low", Verdict.NONCE_TOO_LOW),
    ("invalid transaction nonce", Verdict.NONCE_TOO_LOW),
    ("underpriced", Verdict.UNDERPRICED),
    ("fee too low", Verdict.UNDERPRICED),
    ("feetoolow", Verdict.UNDERPRICED),
    ("less than block base fee", Verdict.UNDERPRICED),
    ("gas price too low", Verdict.UNDERPRICED),
    ("rate limit", Verdict.UNREACHABLE),
    ("too many requests", Verdict.UNREACHABLE),
    ("timed out", Verdict.UNREACHABLE),
    ("timeout", Verdict.UNREACHABLE),
    ("header not found", Verdict.UNREACHABLE),
    ("try again", Verdict.UNREACHABLE),
)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Ask `attempts` times with doubling pauses between `pause_seconds` and `longest_pause_seconds`."""

    attempts: int = 6
    pause_seconds: float = 0.25
    longest_pause_seconds: float = 4.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after the given failed attempt (from 0)."""
        return min(self.pause_seconds * 2.0**attempt, self.longest_pause_seconds)


def classify(error: BaseException) -> Verdict | None:
    """The cause of a failure; None if it did not come from a node (a mistake in the program, an interrupt)."""
    if isinstance(error, ContractLogicError) or _is_named(error, "TransactionFailed", "Revert"):
        return Verdict.REVERTED
    if isinstance(error, RequestException | OSError | RequestTimedOut | ProviderConnectionError):
        return Verdict.UNREACHABLE
    if isinstance(error, Web3RPCError) or _is_named(error, "ValidationError"):
        message = str(error).lower()
        return next((verdict for part, verdict in _MESSAGES if part in message), Verdict.REFUSED)
    return None


def ask(
    chain: str,
    what: str,
    request: Callable[[], T],
    policy: RetryPolicy,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Make a request that changes nothing, again if the node does not answer. Raises CallReverted, RpcUnavailable."""
    detail = ""
    for attempt in range(policy.attempts):
        try:
            return request()
        except Exception as error:
            verdict = classify(error)
            if verdict is Verdict.REVERTED:
                raise CallReverted(chain, what, decode_reason(error)) from error
            if verdict is not Verdict.UNREACHABLE:
                raise
            detail = describe(error)
        if attempt + 1 < policy.attempts:
            sleep(policy.pause(attempt))
    raise RpcUnavailable(chain, what, policy.attempts, detail)


def decode_reason(error: BaseException) -> str:
    """The reason string of a revert, without secrets; empty if there is none."""
    return redact(_read_reason(error))


def _read_reason(error: BaseException) -> str:
    data = getattr(error, "data", None)
    if isinstance(data, str) and data.startswith("0x"):
        return decode_revert_data(bytes.fromhex(data[2:]))
    first = error.args[0] if error.args else ""
    if isinstance(first, bytes):
        return decode_revert_data(first)
    message = str(getattr(error, "message", None) or first)
    lowered = message.lower()
    for prefix in _REVERT_PREFIXES:
        if lowered.startswith(prefix):
            message = message[len(prefix) :].lstrip(": ")
            break
    if message in {"no data", "b''", "None"}:
        return ""
    return decode_revert_data(bytes.fromhex(message[2:])) if message.startswith("0x08c379a0") else message


def decode_revert_data(data: bytes) -> str:
    """Decode `Error(string)` and `Panic(uint256)`; other data is shown as hex."""
    try:
        if data[:4] == ERROR_SELECTOR:
            return str(decode(["string"], data[4:])[0])
        if data[:4] == PANIC_SELECTOR:
            return f"panic {decode(['uint256'], data[4:])[0]:#x}"
    except DecodingError:
        pass
    return f"0x{data.hex()}" if data else ""


def describe(error: BaseException) -> str:
    """One line about a failure, without the addresses of the requests library's objects and without secrets."""
    text = redact(str(error)).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def _is_named(error: BaseException, *names: str) -> bool:
    """eth-tester's and py-evm's classes, known by name: a client of real nodes must not need them."""
    return any(base.__name__ in names for base in type(error).__mro__)
