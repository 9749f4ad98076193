"""Fixed layouts of bytes: a table of fields gives packing, unpacking and the C struct.

All integers are little-endian, as on Solana, but for AMOUNT and WORD, which stand as in a word of docs/protocol.md,
section 4: big-endian. A layout has no padding: C reads it through the same offsets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

INTEGERS: Final = {"u8": 1, "u16": 2, "u32": 4, "u64": 8}
"""Little-endian integers and their bytes."""
AMOUNT: Final = "amount"
"""An amount of 112 bits, big-endian: 14 bytes."""
KEY: Final = "key"
"""32 bytes: an address of Solana, a hash, a universal address."""
WORD: Final = "word"
"""A number of 256 bits, big-endian."""
SIGNER: Final = "signer"
"""The 20 bytes of a group's member."""
SIZES: Final = {**INTEGERS, AMOUNT: 14, KEY: 32, WORD: 32, SIGNER: 20}


@dataclass(frozen=True, slots=True)
class Field:
    """`count` values side by side; 1 is a single value."""

    name: str
    kind: str
    count: int = 1

    @property
    def size(self) -> int:
        """Bytes."""
        return SIZES[self.kind] * self.count


class Layout:
    """Fields in order, without padding; a name stands once."""

    __slots__ = ("fields", "name", "size")

    def __init__(self, name: str, *fields: Field) -> None:
        names = [field.name for field in fields]
        if len(set(names)) != len(names):
            raise ValueError(f"{name} names a field twice")
        self.name = name
        self.fields = fields
        self.size = sum(field.size for field in fields)

    def pack(self, **values: Any) -> bytes:
        """The bytes of these values; ValueError unless every field is given and fits."""
        if values.keys() != {field.name for field in self.fields}:
            missing = sorted({field.name for field in self.fields} ^ values.keys())
            raise ValueError(f"{self.name}: fields {', '.join(missing)}")
        return b"".join(_pack(self.name, field, values[field.name]) for field in self.fields)

    def unpack(self, data: bytes) -> dict[str, Any]:
        """The values by name, lists for more than one; ValueError for any other length."""
        if len(data) != self.size:
            raise ValueError(f"{self.name} has {self.size} bytes, not {len(data)}")
        return {field.name: _unpack(field, data[at : at + field.size]) for field, at in self._places()}

    def offset(self, name: str) -> int:
        """Where a field begins; KeyError for an unknown one."""
        return {field.name: at for field, at in self._places()}[name]

    def _places(self) -> Iterator[tuple[Field, int]]:
        at = 0
        for field in self.fields:
            yield field, at
            at += field.size


def _pack(layout: str, field: Field, value: Any) -> bytes:
    values = [value] if field.count == 1 else list(value)
    if len(values) != field.count:
        raise ValueError(f"{layout}.{field.name} has {field.count} values, not {len(values)}")
    return b"".join(_pack_one(f"{layout}.{field.name}", field.kind, item) for item in values)


def _pack_one(what: str, kind: str, value: int | bytes) -> bytes:
    size = SIZES[kind]
    if isinstance(value, int):
        if not 0 <= value < 1 << 8 * size:
            raise ValueError(f"{what}: {value} does not fit {size} bytes")
        return value.to_bytes(size, "little" if kind in INTEGERS else "big")
    if len(value) != size:
        raise ValueError(f"{what} has {size} bytes, not {len(value)}")
    return bytes(value)


def _unpack(field: Field, data: bytes) -> Any:
    size = SIZES[field.kind]
    items = [_unpack_one(field.kind, data[at : at + size]) for at in range(0, len(data), size)]
    return items[0] if field.count == 1 else items


def _unpack_one(kind: str, data: bytes) -> int | bytes:
    if kind in (KEY, SIGNER):
        return data
    return int.from_bytes(data, "little" if kind in INTEGERS else "big")


def by_name(layouts: tuple[Layout, ...]) -> Mapping[str, Layout]:
    """The layouts by their names."""
    return {layout.name: layout for layout in layouts}
