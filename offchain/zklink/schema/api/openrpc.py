"""The OpenRPC document of the JSON-RPC door, from the table of methods."""

from functools import cache
from typing import Any, Final

from zklink.schema.api.documents import VERSION, build_schemas, describe_fields
from zklink.schema.api.events import Subscribed, SubscribeRequest, Unsubscribed, UnsubscribeRequest
from zklink.schema.api.methods import COMMON, METHODS, Method
from zklink.schema.api.refusals import REFUSALS

DISCOVER: Final = "rpc.discover"
"""The method that gives this document (OpenRPC, service discovery)."""

SUBSCRIBE: Final = Method(
    "subscribe",
    "",
    "",
    SubscribeRequest,
    Subscribed,
    "Over WebSocket alone: events come as notifications `event`.",
    ("too_many_connections",),
    5,
)
UNSUBSCRIBE: Final = Method(
    "unsubscribe", "", "", UnsubscribeRequest, Unsubscribed, "Over WebSocket alone: end a subscription."
)


@cache
def build_openrpc() -> dict[str, Any]:
    """The document, as JSON values."""
    return {
        "openrpc": "1.3.2",
        "info": {"title": "zklink", "version": VERSION, "license": {"name": "Apache-2.0"}},
        "methods": [_describe(method) for method in (*METHODS, SUBSCRIBE, UNSUBSCRIBE)],
        "components": {"schemas": build_schemas()[1], "errors": {code: _describe_error(code) for code in REFUSALS}},
    }


def list_refusals(method: Method) -> tuple[str, ...]:
    """Every code with which the JSON-RPC door can refuse a method, once the call itself is understood."""
    return tuple(dict.fromkeys((*method.refusals, *COMMON, "internal")))


def _describe(method: Method) -> dict[str, Any]:
    places, _ = build_schemas()
    return {
        "name": method.name,
        "summary": method.summary,
        "paramStructure": "either",
        "params": [
            {"name": name, "schema": schema, "required": is_required}
            for name, schema, is_required in describe_fields(method.request)
        ],
        "result": {"name": "answer", "schema": places[method.answer]},
        "errors": [{"$ref": f"#/components/errors/{code}"} for code in list_refusals(method)],
    }


def _describe_error(code: str) -> dict[str, Any]:
    row = REFUSALS[code]
    return {"code": row.number, "message": row.when, "data": {"code": code, "what_to_do": row.do}}
