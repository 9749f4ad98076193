"""The closed table of refusals: every answer that is no result carries one of these codes, whichever door it came
through.

Each has a name, the status of REST and the number of JSON-RPC. A refusal of an operation names the error class of
`zklink.protocol.errors` and its fields besides.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta

from zklink.schema.api.scalars import Answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row: `code` is the same at every door, `status` is REST's, `number` JSON-RPC's. `retries` says whether the
    same request can succeed later.
    """

    code: str
    status: int
    number: int
    when: str
    do: str
    retries: bool = False


_ROWS: Final = (
    Refusal("malformed", 400, -32700, "the body is not JSON", "Send JSON in UTF-8."),
    Refusal("too_deep", 400, -32001, "JSON is nested too deeply", "Nest at most 16 levels."),
    Refusal(
        "not_a_request", 400, -32600, "the JSON is not a request of JSON-RPC 2.0", "Send `jsonrpc`, `method`, `params`."
    ),
    Refusal("no_such_method", 404, -32601, "no method or path has this name", "Look it up in the table of methods."),
    Refusal(
        "invalid_request",
        400,
        -32602,
        "a field is missing, unknown, of another type or out of range",
        "Mend the field that `details.field` or the message names.",
    ),
    Refusal("not_found", 404, -32004, "there is nothing of that id", "Check the id."),
    Refusal("wrong_verb", 405, -32005, "this path takes another HTTP method", "Use the one of the header `Allow`."),
    Refusal("wrong_type", 415, -32006, "the body's type is not JSON", "Send `Content-Type: application/json`."),
    Refusal("too_large", 413, -32007, "the body or a message is too large", "Send at most 64 KiB."),
    Refusal("too_many_calls", 400, -32008, "a batch has too many calls", "Send at most 20 calls a batch."),
    Refusal(
        "too_many_requests",
        429,
        -32009,
        "this caller's allowance is used up",
        "Wait for `details.retry_after_seconds`.",
        True,
    ),
    Refusal(
        "too_many_connections",
        503,
        -32010,
        "the server, or this caller, has as many connections or subscriptions as it may",
        "Close some, or come back later.",
        True,
    ),
    Refusal("too_slow", 408, -32011, "the request did not arrive in time", "Send it faster.", True),
    Refusal("timed_out", 504, -32012, "the node did not answer in time", "Ask again later.", True),
    Refusal(
        "not_ready",
        503,
        -32013,
        "the node has not heard from its chains yet, or repeats blocks of an earlier run",
        "Ask again later.",
        True,
    ),
    Refusal(
        "operation_refused",
        422,
        -32020,
        "the operator does not take this operation",
        "`details.error` names the cause (see the page of errors), the other details are its data.",
    ),
    Refusal(
        "order_refused",
        422,
        -32021,
        "an order of the Open Intents Framework that this system does not take",
        "Ask for a quote of type `oif-user-open-v0` and send its transaction.",
    ),
    Refusal("no_faucet", 403, -32022, "a node that is of no devnet is asked for tokens", "Ask a devnet's node."),
    Refusal("internal", 500, -32603, "a mistake of this program", "Report it."),
)
REFUSALS: Final = {row.code: row for row in _ROWS}


class Problem(Answer):
    """The refusal of a request, the same at every door: in REST the member `error` of the body, in JSON-RPC the member
    `data` of the error.
    """

    code: Annotated[str, Meta(description="A code of the table of refusals.", examples=["not_found"])]
    message: Annotated[str, Meta(description="What is wrong, and what would be right.")]
    details: Annotated[dict[str, str], Meta(description="Data by name, all as text.")]


class ProblemBody(Answer):
    """The body of every answer of REST that is no result."""

    error: Problem


class ErrorRow(Answer):
    """A row of the table of refusals."""

    code: str
    status: Annotated[int, Meta(description="REST's status.")]
    number: Annotated[int, Meta(description="JSON-RPC's number.")]
    when: str
    what_to_do: str
    retries: Annotated[bool, Meta(description="Whether the same request can succeed later.")]


class ErrorTable(Answer):
    """Every refusal that there is."""

    errors: list[ErrorRow]
