"""What nodes of providers do wrong, as data: kinds of misbehaviour, menus of them, and chance from a seed.

Takes nothing; gives faults that `rpc_proxy` carries out in process and `rpc_http` over HTTP. Never asks a node.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

SEND: Final = "eth_sendRawTransaction"
LOGS: Final = "eth_getLogs"
CHAIN_ID: Final = "eth_chainId"
URL: Final = "http://node.invalid/v1/marked-key"
"""The address in the errors of HTTP; it carries a key, as providers' addresses do."""


class Kind(Enum):
    """What a node does with a request."""

    AWAY = auto()
    """Nobody answers; the request did not arrive."""
    LOST = auto()
    """The request is carried out, and its answer is lost."""
    HANG = auto()
    """The caller's time-out passes; the request did not arrive."""
    NULL = auto()
    ERROR = auto()
    """A JSON-RPC error; the request is not carried out."""
    LATE_ERROR = auto()
    """A JSON-RPC error, though the request is carried out."""
    HTTP = auto()
    PAGE = auto()
    """A page of HTML with status 200."""
    EMPTY = auto()
    """No logs, whatever there is."""
    REPEATED = auto()
    """Each log twice."""
    REMOVED = auto()
    """Beside each log one of a block that a reorganisation took away."""
    PARTIAL = auto()
    """The first half of the logs, rounded down."""
    STALE = auto()
    """Another node behind the same address answers, which has not seen the last blocks."""
    DROPPED = auto()
    """The node takes a transaction in, says its name, and never hands it on."""
    WRONG_CHAIN = auto()
    """Another chain's id."""


@dataclass(frozen=True, slots=True)
class RpcFault:
    """One misbehaviour. `text` is the error's; `rest_seconds` the Retry-After of an HTTP answer; `seconds` what passes
    until the caller gives up; `behind` the blocks that a stale node has not seen; `evm_chain_id` the other chain's.
    """

    kind: Kind
    text: str = ""
    code: int = -32000
    status: int = 500
    rest_seconds: float | None = None
    seconds: float = 10.0
    behind: int = 1
    evm_chain_id: int = 1


AWAY: Final = RpcFault(Kind.AWAY)
LOST: Final = RpcFault(Kind.LOST)
HANG: Final = RpcFault(Kind.HANG)
NULL: Final = RpcFault(Kind.NULL)
PAGE: Final = RpcFault(Kind.PAGE)
DROPPED: Final = RpcFault(Kind.DROPPED)
EMPTY: Final = RpcFault(Kind.EMPTY)
REPEATED: Final = RpcFault(Kind.REPEATED)
REMOVED: Final = RpcFault(Kind.REMOVED)
PARTIAL: Final = RpcFault(Kind.PARTIAL)
NAMED: Final = {"away": AWAY, "lost": LOST, "blind": NULL, "hang": HANG, "page": PAGE}
"""Short names of faults."""


def error(text: str, code: int = -32000) -> RpcFault:
    """The node answers with an error, and does nothing."""
    return RpcFault(Kind.ERROR, text, code)


def late_error(text: str, code: int = -32000) -> RpcFault:
    """The node does its work and answers with an error."""
    return RpcFault(Kind.LATE_ERROR, text, code)


def http(status: int, rest_seconds: float | None = None, text: str = "") -> RpcFault:
    """The node's HTTP server refuses."""
    return RpcFault(Kind.HTTP, text, status=status, rest_seconds=rest_seconds)


def stale(behind: int = 1) -> RpcFault:
    """One behind the load balancer answers that is so many blocks late."""
    return RpcFault(Kind.STALE, behind=behind)


def wrong_chain(evm_chain_id: int) -> RpcFault:
    """The address leads to a node of another chain."""
    return RpcFault(Kind.WRONG_CHAIN, evm_chain_id=evm_chain_id)


TOO_WIDE: Final = error("query exceeds the range limit")
TOO_OFTEN: Final = http(429, rest_seconds=1.0)


@dataclass(frozen=True, slots=True)
class RangeLimit:
    """Logs are given for at most so many blocks at once; in `dense`, where there are many, for one at a time."""

    blocks: int = 10**9
    refusal: RpcFault = TOO_WIDE
    dense: range = range(0)

    def refuses(self, first: int, last: int) -> bool:
        """Whether blocks first .. last are too many."""
        is_dense = first < last and first < self.dense.stop and last >= self.dense.start
        return is_dense or last - first + 1 > self.blocks


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests are answered until time passes."""

    requests: int
    refusal: RpcFault = TOO_OFTEN


READ_FAULTS: Final = (
    AWAY,
    NULL,
    PAGE,
    HANG,
    error("internal error", -32603),
    error("transaction indexing is in progress"),
    error("cannot query unfinalized data"),
    error("your app has exceeded its compute units per second capacity", 429),
    http(500),
    http(503),
    http(429, rest_seconds=2.0),
)
SEND_FAULTS: Final = (AWAY, LOST, HANG, late_error("internal error"), error("internal error"), http(502), NULL)
LOG_FAULTS: Final = (*READ_FAULTS, REPEATED, REMOVED, http(413), error("query returned more than 10000 results"))


@dataclass
class Chance:
    """Faults by chance: the same seed gives the same ones for the same requests. `rate` is the share of requests that
    fail, `rates` that of single methods; `menus` are the faults of a method, and those of every other one stand under
    "".
    """

    seed: int
    rate: float
    menus: Mapping[str, Sequence[RpcFault]] = field(
        default_factory=lambda: {"": READ_FAULTS, SEND: SEND_FAULTS, LOGS: LOG_FAULTS}
    )
    rates: Mapping[str, float] = field(default_factory=dict)
    drawn: list[tuple[str, RpcFault]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def draw(self, method: str) -> RpcFault | None:
        """A fault for this request, or none."""
        if self._random.random() >= self.rates.get(method, self.rate):
            return None
        fault = self._random.choice(self.menus.get(method, self.menus[""]))
        self.drawn.append((method, fault))
        return fault
