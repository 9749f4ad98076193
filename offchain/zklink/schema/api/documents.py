"""What the two documents of the API share: the JSON Schemas of every structure."""

from functools import cache
from typing import Any, Final

import msgspec

from zklink.schema.api.events import Event, Subscribed, SubscribeRequest, Unsubscribed, UnsubscribeRequest
from zklink.schema.api.methods import METHODS
from zklink.schema.api.refusals import Problem, ProblemBody

REFERENCE: Final = "#/components/schemas/{name}"
VERSION: Final = "1"
"""The API's version: that of the paths."""

SOCKET_STRUCTURES: Final = (SubscribeRequest, Subscribed, UnsubscribeRequest, Unsubscribed, Event)


@cache
def build_schemas() -> tuple[dict[type, dict[str, Any]], dict[str, Any]]:
    """(where each structure's schema is, all schemas by name)."""
    types = [type_ for method in METHODS for type_ in (method.request, method.answer)]
    types += [Problem, ProblemBody, *SOCKET_STRUCTURES]
    found, components = msgspec.json.schema_components(types, ref_template=REFERENCE)
    return dict(zip(types, found, strict=True)), components


def describe_fields(structure: type | str) -> list[tuple[str, dict[str, Any], bool]]:
    """The fields of a structure, or of one of that name: name, schema, whether it must be given."""
    schema = find_schema(structure)
    required = schema.get("required", [])
    return [(name, field, name in required) for name, field in schema.get("properties", {}).items()]


def find_schema(structure: type | str) -> dict[str, Any]:
    """The schema of a structure itself."""
    name = structure if isinstance(structure, str) else structure.__name__
    schema: dict[str, Any] = build_schemas()[1][name]
    return schema
