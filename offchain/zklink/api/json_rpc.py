"""The door for wallets and nodes: JSON-RPC 2.0 (jsonrpc.org/specification), one call or a batch.

Takes the JSON of a message; gives the JSON of the answer, or None where the caller wants none. `params` is an object of
fields, or an array of them in the order of the table. Never raises.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from zklink.api.calls import Calls, describe_problem, find_method
from zklink.api.json_text import decode_json
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.openrpc import DISCOVER, build_openrpc
from zklink.schema.api.refusals import REFUSALS

Extra = Mapping[str, Callable[[Any], Awaitable[Any]]]
"""Methods that only one connection has, by name."""

MEMBERS: Final = frozenset({"jsonrpc", "method", "params", "id"})


class JsonRpc:
    """Answers messages of one caller."""

    def __init__(self, calls: Calls, caller: str, extra: Extra | None = None) -> None:
        self._calls, self._caller, self._extra = calls, caller, extra or {}

    async def answer(self, body: bytes) -> Any | None:
        """The answer to a message: an object, a list for a batch, None if nothing in it wants an answer."""
        limits = self._calls.limits
        try:
            if len(body) > limits.body_bytes:
                raise RequestRefused("too_large", f"a message may have {limits.body_bytes} bytes")
            message = decode_json(body, limits.depth)
            if not isinstance(message, list):
                return await self._answer_one(message)
            self._check_batch(message)
        except RequestRefused as error:
            return build_error(error, None)
        answers = [await self._answer_one(call) for call in message]
        return [answer for answer in answers if answer is not None] or None

    def _check_batch(self, message: list[Any]) -> None:
        if not message:
            raise RequestRefused("not_a_request", "an empty batch asks for nothing")
        if len(message) > self._calls.limits.batch:
            raise RequestRefused("too_many_calls", f"a batch may have {self._calls.limits.batch} calls")

    async def _answer_one(self, call: Any) -> dict[str, Any] | None:
        id = call.get("id") if isinstance(call, dict) else None
        id = id if isinstance(id, str | int) and not isinstance(id, bool) else None
        try:
            check_call(call)
            result = await self._call(call["method"], call.get("params", {}))
        except RequestRefused as error:
            is_silent = isinstance(call, dict) and "id" not in call and error.code != "not_a_request"
            return None if is_silent else build_error(error, id)
        return None if "id" not in call else {"jsonrpc": "2.0", "id": id, "result": result}

    async def _call(self, name: str, params: Any) -> Any:
        if name in self._extra:
            return await self._extra[name](params)
        if name == DISCOVER:
            self._calls.allowances.spend(self._caller, 1)
            return build_openrpc()
        method = find_method(name)
        return await self._calls.answer(self._caller, method, name_params(params, method.request.__struct_fields__))


def check_call(call: Any) -> None:
    """Raise RequestRefused unless this is a call of JSON-RPC 2.0."""
    if not isinstance(call, dict) or call.get("jsonrpc") != "2.0" or not isinstance(call.get("method"), str):
        raise RequestRefused("not_a_request", 'a call is an object with "jsonrpc": "2.0" and a "method"')
    if not call.keys() <= MEMBERS:
        raise RequestRefused("not_a_request", "a call has no members but jsonrpc, method, params, id")
    id = call.get("id")
    if isinstance(id, bool) or not isinstance(id, str | int | None):
        raise RequestRefused("not_a_request", "an id is a text or a whole number")
    if not isinstance(call.get("params", {}), dict | list):
        raise RequestRefused("not_a_request", "params are an object or an array")


def name_params(params: dict[str, Any] | list[Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Parameters by name. Raises RequestRefused if there are too many."""
    if isinstance(params, dict):
        return params
    if len(params) > len(names):
        raise RequestRefused("invalid_request", f"at most {len(names)} parameters: {', '.join(names)}")
    return dict(zip(names, params, strict=False))


def build_error(error: RequestRefused, id: str | int | None) -> dict[str, Any]:
    """A refusal as JSON-RPC shows it."""
    number = REFUSALS[error.code].number
    return {
        "jsonrpc": "2.0",
        "id": id,
        "error": {"code": number, "message": error.message, "data": describe_problem(error)},
    }
