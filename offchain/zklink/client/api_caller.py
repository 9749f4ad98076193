"""One method of the node's API, asked: the table of methods says how.

Takes a request's structure; gives the answer's. Asks again while the node does not answer or says that it can answer
later, except for what must not be handed in twice. A refusal of an operation becomes the error class that it names.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, get_type_hints

import msgspec

from zklink.client.patience import ASK_SECONDS, Patience
from zklink.client.transport import Reply, Transport, name_host
from zklink.protocol import errors
from zklink.protocol.errors import NodeUnreachable, RequestRefused, ZkLinkError
from zklink.schema.api.methods import BY_NAME, Method
from zklink.schema.api.refusals import REFUSALS, ProblemBody
from zklink.schema.api.scalars import NoRequest

NOT_TWICE: Final = frozenset({"submit"})
"""Methods whose second call would not do what the first did."""


class ApiCaller:
    """The API at a base address, such as http://127.0.0.1:8645."""

    def __init__(self, transport: Transport, url: str) -> None:
        self.transport, self.url, self.host = transport, url.rstrip("/"), name_host(url)

    async def ask(self, name: str, request: msgspec.Struct | None = None, seconds: float = ASK_SECONDS) -> Any:
        """The answer of a method. Raises RequestRefused, NodeUnreachable, and for `submit` the operator's own error."""
        method, patience = BY_NAME[name], Patience(self.transport, seconds)
        url, params, body = spell_request(method, request or NoRequest())
        while True:
            rest = 0.0
            try:
                reply = await self.transport.send(method.verb, f"{self.url}{url}", params, body)
                if reply.status == 200:
                    return self._decode(reply.body, method.answer)
                failure: ZkLinkError = self._read_refusal(reply)
                rest = reply.rest_seconds
            except NodeUnreachable as error:
                failure = error
            if name in NOT_TWICE or not may_ask_again(failure) or not await patience.pause(rest):
                raise failure

    def _decode(self, body: bytes, type_: type[Any]) -> Any:
        try:
            return msgspec.json.decode(body, type=type_)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NodeUnreachable(self.host, f"its answer is none of this API: {error}") from error

    def _read_refusal(self, reply: Reply) -> ZkLinkError:
        try:
            problem = msgspec.json.decode(reply.body, type=ProblemBody).error
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError):
            return NodeUnreachable(self.host, f"HTTP {reply.status}, and no refusal of this API")
        return rebuild_error(problem.details) or RequestRefused(problem.code, problem.message, problem.details)


def may_ask_again(error: Exception) -> bool:
    """Whether the same question can be answered later."""
    if isinstance(error, RequestRefused):
        return error.code in REFUSALS and REFUSALS[error.code].retries
    return isinstance(error, NodeUnreachable)


def spell_request(method: Method, request: msgspec.Struct) -> tuple[str, dict[str, str], bytes | None]:
    """(path, query, body) of a request."""
    values: dict[str, Any] = msgspec.to_builtins(request)
    path = method.path
    for name in list(values):
        if f"{{{name}}}" in path:
            path = path.replace(f"{{{name}}}", str(values.pop(name)))
    if method.verb == "POST":
        return path, {}, msgspec.json.encode(values)
    return path, {name: str(value) for name, value in values.items() if value is not None}, None


def rebuild_error(details: Mapping[str, str]) -> ZkLinkError | None:
    """The error that a refusal names, with its data; None if it names none whose data are numbers, texts and bytes."""
    cause = getattr(errors, details.get("error", ""), None)
    if not (isinstance(cause, type) and issubclass(cause, ZkLinkError)):
        return None
    hints, values = get_type_hints(cause), {}
    try:
        for field in fields(cause):  # type: ignore[arg-type]  # each is a dataclass (tests/spec/test_errors.py)
            values[field.name] = _read_value(hints[field.name], details[field.name])
        return cause(**values)
    except (KeyError, ValueError, TypeError):
        return None


def _read_value(kind: Any, text: str) -> Any:
    if kind is bool:
        return {"True": True, "False": False}[text]
    if kind is bytes:
        return bytes.fromhex(text.removeprefix("0x"))
    base = getattr(kind, "__supertype__", kind)
    if base not in (int, str):
        raise ValueError(f"{kind} is not read here")
    return base(text)
