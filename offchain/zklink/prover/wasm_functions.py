"""Replaces functions of a WASM module by others, by name.

Takes a module with a name section and ready function bodies; gives the module with those bodies in place of its own. It
looks at no more of a module than it needs: the sections that name functions and hold their code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_HEADER: Final = 8
_CUSTOM, _IMPORT, _CODE = 0, 2, 10
_FUNCTION_NAMES: Final = 1
_FUNCTION_KIND: Final = 0
_CUT_OFF: Final = "a WASM module that ends too early"


def replace_functions(module: bytes, bodies: Mapping[str, bytes]) -> bytes:
    """The module with these bodies. Raises ValueError for a name that it does not have, or for no module."""
    sections = dict(_split(module))
    own = _read_bodies(sections[_CODE])
    places = find_functions(module)
    for name, body in bodies.items():
        if name not in places:
            raise ValueError(f"no function {name}")
        own[places[name]] = body
    code = _encode_number(len(own)) + b"".join(_encode_number(len(body)) + body for body in own)
    parts = [module[:_HEADER]]
    for id, content in _split(module):
        content = code if id == _CODE else content
        parts.append(bytes([id]) + _encode_number(len(content)) + content)
    return b"".join(parts)


def read_functions(module: bytes) -> dict[str, bytes]:
    """The bodies of a module's own functions by name. Raises ValueError for no module, or one without names."""
    own = _read_bodies(dict(_split(module))[_CODE])
    return {name: own[place] for name, place in find_functions(module).items()}


def find_functions(module: bytes) -> dict[str, int]:
    """The places of a module's own functions in its code, by name."""
    imported, names = 0, dict[str, int]()
    for id, content in _split(module):
        if id == _IMPORT:
            imported = _count_imports(content)
        elif id == _CUSTOM:
            names |= _read_names(content)
    return {name: index - imported for name, index in names.items() if index >= imported}


def _split(module: bytes) -> Iterator[tuple[int, bytes]]:
    if module[:4] != b"\0asm":
        raise ValueError("no WASM module")
    place = _HEADER
    while place < len(module):
        id = module[place]
        content, place = _read_bytes(module, place + 1)
        yield id, content


def _read_bodies(code: bytes) -> list[bytes]:
    count, place = _read_number(code, 0)
    bodies = []
    for _ in range(count):
        body, place = _read_bytes(code, place)
        bodies.append(body)
    return bodies


def _count_imports(content: bytes) -> int:
    """How many functions are imported; ValueError if anything else is, for that is written in other ways."""
    count, place = _read_number(content, 0)
    for _ in range(count):
        _, place = _read_bytes(content, place)
        _, place = _read_bytes(content, place)
        if content[place] != _FUNCTION_KIND:
            raise ValueError("a module that imports more than functions")
        _, place = _read_number(content, place + 1)
    return count


def _read_names(content: bytes) -> dict[str, int]:
    """The names of functions in a custom section; none if it is about something else."""
    title, place = _read_bytes(content, 0)
    names = dict[str, int]()
    while title == b"name" and place < len(content):
        kind = content[place]
        part, place = _read_bytes(content, place + 1)
        if kind == _FUNCTION_NAMES:
            count, inner = _read_number(part, 0)
            for _ in range(count):
                index, inner = _read_number(part, inner)
                name, inner = _read_bytes(part, inner)
                names[name.decode()] = index
    return names


def _read_bytes(data: bytes, place: int) -> tuple[bytes, int]:
    """What follows its own length, and the place behind it. Raises ValueError at the end of the data."""
    length, start = _read_number(data, place)
    if start + length > len(data):
        raise ValueError(_CUT_OFF)
    return data[start : start + length], start + length


def _read_number(data: bytes, place: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and the place behind it. Raises ValueError at the end of the data."""
    number = shift = 0
    while place < len(data):
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
    raise ValueError(_CUT_OFF)


def _encode_number(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
