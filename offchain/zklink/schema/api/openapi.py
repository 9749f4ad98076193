"""The OpenAPI 3.1 document of the REST door, from the table of methods."""

import re
from functools import cache
from typing import Any, Final

from zklink.schema.api.documents import VERSION, build_schemas, describe_fields
from zklink.schema.api.methods import METHODS, Method
from zklink.schema.api.refusals import REFUSALS, ProblemBody

EVENTS_PATH: Final = "/v1/events"
ALWAYS: Final = ("no_such_method", "wrong_verb", "too_many_connections", "internal")
"""Refusals that every path can have beside those of its methods."""

OF_BODIES: Final = ("malformed", "too_deep", "too_large", "too_slow", "wrong_type")
_DOCUMENT: Final = {
    "title": "zklink",
    "version": VERSION,
    "description": (
        "Zero-knowledge cross-chain swaps. Amounts are whole numbers as decimal strings, in layer-2 units unless a name"
        " says `l1` or `wei`; chains are named by the protocol's own ids."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}


@cache
def build_openapi() -> dict[str, Any]:
    """The document, as JSON values."""
    paths: dict[str, dict[str, Any]] = {}
    for method in METHODS:
        paths.setdefault(method.path, {})[method.verb.lower()] = _describe(method)
    paths[EVENTS_PATH] = {"get": _describe_events()}
    return {
        "openapi": "3.1.0",
        "info": _DOCUMENT,
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": {"schemas": build_schemas()[1]},
    }


def list_refusals(method: Method) -> tuple[str, ...]:
    """Every code with which the REST door can refuse a method."""
    bodies = OF_BODIES if method.verb == "POST" else ()
    return tuple(dict.fromkeys((*method.all_refusals, *bodies, *ALWAYS)))


def _describe(method: Method) -> dict[str, Any]:
    places, _ = build_schemas()
    described: dict[str, Any] = {
        "operationId": method.name,
        "summary": method.summary,
        "description": f"Costs {method.cost} of the caller's allowance.",
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": places[method.answer]}}},
            **_describe_refusals(list_refusals(method)),
        },
    }
    if method.verb == "GET":
        described["parameters"] = [
            _describe_parameter(method.path, *field) for field in describe_fields(method.request)
        ]
    else:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": places[method.request]}},
        }
    return described


def _describe_parameter(path: str, name: str, schema: dict[str, Any], is_required: bool) -> dict[str, Any]:
    is_in_path = name in re.findall(r"{(\w+)}", path)
    shown = {key: value for key, value in schema.items() if key != "default" or value is not None}
    if "anyOf" in shown:  # a text cannot say null: without the parameter it is
        kinds = [kind for kind in shown.pop("anyOf") if kind.get("type") != "null"]
        shown = {**kinds[0], **shown} if len(kinds) == 1 else {**shown, "anyOf": kinds}
    return {
        "name": name,
        "in": "path" if is_in_path else "query",
        "required": is_in_path or is_required,
        "schema": shown,
    }


def _describe_refusals(codes: tuple[str, ...]) -> dict[str, Any]:
    by_status: dict[str, list[str]] = {}
    for code in codes:
        by_status.setdefault(str(REFUSALS[code].status), []).append(code)
    content = {"application/json": {"schema": build_schemas()[0][ProblemBody]}}
    return {
        status: {"description": f"Refused: {', '.join(f'`{code}`' for code in found)}.", "content": content}
        for status, found in sorted(by_status.items())
    }


def _describe_events() -> dict[str, Any]:
    texts = {"type": "string"}
    names = (("topics", True), ("tx_hash", False), ("address", False), ("account", False), ("after", False))
    return {
        "operationId": "events",
        "summary": "Events as they happen (server-sent events); the fields are those of `subscribe`.",
        "description": "`topics` are separated by commas. The header `Last-Event-ID` stands for `after`.",
        "parameters": [{"name": name, "in": "query", "required": needed, "schema": texts} for name, needed in names],
        "responses": {
            "200": {"description": "A stream without end.", "content": {"text/event-stream": {"schema": texts}}},
            **_describe_refusals(("invalid_request", "too_many_requests", *ALWAYS)),
        },
    }
