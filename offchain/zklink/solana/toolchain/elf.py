"""Reads relocatable objects as clang writes them for BPF. Takes bytes, gives sections and symbols; links nothing."""

import struct
from dataclasses import dataclass, field
from typing import Final

from zklink.protocol.errors import ProgramNotLinked

EM_BPF: Final = 247
_ET_REL: Final = 1
_SECTION_HEADER: Final = struct.Struct("<IIQQQQIIQQ")
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_RELOCATION: Final = struct.Struct("<QQ")
_FIRST_SPECIAL_INDEX: Final = 0xFF00

SYMTAB: Final = 2
RELA: Final = 4
NOBITS: Final = 8
REL: Final = 9
WRITE: Final = 1
EXECUTE: Final = 4
STT_SECTION: Final = 3
LOCAL: Final = 0
WEAK: Final = 2


@dataclass(eq=False)
class Section:
    """A section; `place` is where the linker puts it."""

    name: str
    type: int
    flags: int
    data: bytearray
    align: int
    relocations: list["Relocation"] = field(default_factory=list)
    place: int = 0

    @property
    def is_text(self) -> bool:
        """Whether it holds instructions."""
        return bool(self.flags & EXECUTE)

    @property
    def is_writable(self) -> bool:
        """Whether a program could write to it, which sBPF has no place for."""
        return self.type == NOBITS or (bool(self.flags & WRITE) and not self.name.startswith(".data.rel.ro"))


@dataclass(eq=False)
class Symbol:
    """A name; `section` is None where it is defined elsewhere."""

    name: str
    value: int
    binding: int
    type: int
    section: Section | None


@dataclass(frozen=True, eq=False)
class Relocation:
    """At a byte of its section, something of this type that names a symbol."""

    offset: int
    type: int
    symbol: Symbol


@dataclass(frozen=True)
class ObjectFile:
    """All sections, in order, and all symbols."""

    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]


def read_object(data: bytes) -> ObjectFile:
    """Raises ProgramNotLinked for what is no object file for BPF."""
    try:
        return _read(data)
    except (struct.error, IndexError, ValueError) as error:
        raise ProgramNotLinked(f"not an object file ({error!r})") from error


def _read(data: bytes) -> ObjectFile:
    if data[:6] != b"\x7fELF\x02\x01":
        raise ProgramNotLinked("not a little-endian ELF64")
    kind, machine = struct.unpack_from("<HH", data, 16)
    if (kind, machine) != (_ET_REL, EM_BPF):
        raise ProgramNotLinked(f"type {kind} for machine {machine}, not an object for BPF")
    (table,) = struct.unpack_from("<Q", data, 40)
    count, names = struct.unpack_from("<HH", data, 60)
    headers = [_SECTION_HEADER.unpack_from(data, table + _SECTION_HEADER.size * i) for i in range(count)]
    sections = tuple(_read_section(data, header, headers[names][4]) for header in headers)
    tables = (header for header in headers if header[1] == SYMTAB)
    symbols = tuple(symbol for header in tables for symbol in _symbols(data, header, headers, sections))
    for _, type_, _, _, offset, size, _, info, _, _ in headers:
        if type_ == RELA:
            raise ProgramNotLinked("relocations with an addend, which BPF has none of")
        if type_ == REL:
            for at in range(offset, offset + size, _RELOCATION.size):
                place, what = _RELOCATION.unpack_from(data, at)
                sections[info].relocations.append(Relocation(place, what & 0xFFFFFFFF, symbols[what >> 32]))
    return ObjectFile(sections, symbols)


def _read_section(data: bytes, header: tuple[int, ...], names: int) -> Section:
    name, type_, flags, _, offset, size, _, _, align, _ = header
    content = bytes(size) if type_ == NOBITS else data[offset : offset + size]
    return Section(_text(data, names + name), type_, flags, bytearray(content), max(align, 1))


def _symbols(
    data: bytes, header: tuple[int, ...], headers: list[tuple[int, ...]], sections: tuple[Section, ...]
) -> list[Symbol]:
    offset, size, names = header[4], header[5], headers[header[6]][4]
    found = []
    for at in range(offset, offset + size, _SYMBOL.size):
        name, info, _, index, value, _ = _SYMBOL.unpack_from(data, at)
        section = sections[index] if 0 < index < _FIRST_SPECIAL_INDEX else None
        found.append(Symbol(_text(data, names + name), value, info >> 4, info & 15, section))
    return found


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(0, at)].decode()
