"""Records as JSON and back: frozen dataclasses of numbers, bytes, texts, enums and other such records.

Takes a record or a text with the class that it is of. A field that a text lacks has its default, so a record may gain
fields; one that the class lacks is refused.
"""

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

R = TypeVar("R")


def encode_record(record: Any) -> str:
    """The JSON of a record."""
    return json.dumps(_encode(record))


def decode_record(kind: type[R], text: str) -> R:
    """The record of a JSON text. Raises ValueError with the reason if it is none."""
    try:
        decoded: R = _decode(kind, json.loads(text))
        return decoded
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error


def _encode(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    return value


def _decode(kind: Any, value: Any) -> Any:
    kind = getattr(kind, "__supertype__", kind)  # NewType
    if get_origin(kind) in (Union, UnionType):
        (inner,) = (part for part in get_args(kind) if part is not NoneType)
        return None if value is None else _decode(inner, value)
    if get_origin(kind) in (list, tuple):
        return get_origin(kind)(_decode(get_args(kind)[0], item) for item in value)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _decode(hints[name], item) for name, item in value.items()})  # type: ignore[operator]
    if kind is bytes:
        return bytes.fromhex(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if type(value) is not kind:
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
