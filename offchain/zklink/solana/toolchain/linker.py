"""Links objects to an sBPF v3 program (SIMD-0189, SIMD-0178): the form that Solana's loader takes without relocations.

Constants stand at address 0, instructions at 2^32. A syscall is a call whose immediate is the hash of its name; a call
inside is relative, with source register 1. v3 checks neither at deployment, so an unknown name is refused here.
"""

import struct
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from zklink.protocol.errors import ProgramNotLinked
from zklink.solana.toolchain.elf import EM_BPF, LOCAL, STT_SECTION, WEAK, ObjectFile, Relocation, Section, Symbol
from zklink.solana.toolchain.instructions import check_instructions
from zklink.solana.toolchain.syscalls import hash_name, is_syscall

_TEXT_BASE: Final = 1 << 32
_R_64_64: Final = 1
_R_ABS64: Final = 2
_R_64_32: Final = 10
_CALL: Final = 0x85
_HEADER_BYTES: Final = 64
_PROGRAM_HEADER_BYTES: Final = 56
_READ: Final = 4
_RUN: Final = 1


def link(objects: Iterable[ObjectFile], entry: str = "entrypoint") -> bytes:
    """The program that begins at `entry`, with the sections that it reaches. Raises ProgramNotLinked."""
    files = tuple(objects)
    known = _collect(files)
    if entry not in known:
        raise ProgramNotLinked(f"no symbol {entry}")
    start = known[entry]
    live = _reach(start, known)
    order = sorted((s for file in files for s in file.sections if s in live), key=lambda s: s is not start.section)
    text, constants = [s for s in order if s.is_text], [s for s in order if not s.is_text]
    for section in constants:
        if section.is_writable:
            raise ProgramNotLinked(f"writable data in {section.name}")
    text_size, constants_size = _place(text), _place(constants)
    for section in order:
        for relocation in section.relocations:
            _relocate(section, relocation, known)
    code = _join(text, text_size)
    check_instructions(code)
    assert start.section is not None  # _collect keeps symbols that are defined
    return _write(code, _join(constants, constants_size), start.section.place + start.value)


def _collect(files: Sequence[ObjectFile]) -> dict[str, Symbol]:
    """Global symbols that are defined, a weak one only where there is no other."""
    known: dict[str, Symbol] = {}
    for symbol in (symbol for file in files for symbol in file.symbols):
        if symbol.section is None or symbol.binding == LOCAL:
            continue
        old = known.get(symbol.name)
        if old and WEAK not in (old.binding, symbol.binding):
            raise ProgramNotLinked(f"two symbols {symbol.name}")
        if old is None or old.binding == WEAK:
            known[symbol.name] = symbol
    return known


def _resolve(symbol: Symbol, known: dict[str, Symbol]) -> Symbol | None:
    """The definition; None for a syscall."""
    return symbol if symbol.section is not None and symbol.binding != WEAK else known.get(symbol.name)


def _reach(start: Symbol, known: dict[str, Symbol]) -> set[Section]:
    live: set[Section] = set()
    queue = deque([start.section])
    while queue:
        section = queue.popleft()
        if section is None or section in live:
            continue
        live.add(section)
        targets = (_resolve(relocation.symbol, known) for relocation in section.relocations)
        queue.extend(target.section for target in targets if target is not None)
    return live


def _place(sections: Iterable[Section]) -> int:
    """Put sections one after the other; gives their size, a multiple of 8."""
    end = 0
    for section in sections:
        end += -end % max(section.align, 8)
        section.place = end
        end += len(section.data)
    return end + -end % 8


def _address(target: Symbol, addend: int) -> int:
    assert target.section is not None
    base = _TEXT_BASE if target.section.is_text else 0
    return base + target.section.place + target.value + addend


def _relocate(section: Section, relocation: Relocation, known: dict[str, Symbol]) -> None:
    offset, data = relocation.offset, section.data
    target = _resolve(relocation.symbol, known)
    if section.is_text and relocation.type == _R_64_32:
        _relocate_call(section, relocation, target)
        return
    if target is None:
        raise ProgramNotLinked(f"no data symbol {relocation.symbol.name}")
    if section.is_text and relocation.type == _R_64_64:
        low, high = struct.unpack_from("<I4xI", data, offset + 4)
        address = _address(target, low | high << 32)
        data[offset + 1] &= 0x0F
        struct.pack_into("<I", data, offset + 4, address & 0xFFFFFFFF)
        struct.pack_into("<I", data, offset + 12, address >> 32)
    elif not section.is_text and relocation.type == _R_ABS64:
        (addend,) = struct.unpack_from("<Q", data, offset)
        struct.pack_into("<Q", data, offset, _address(target, addend))
    else:
        raise ProgramNotLinked(f"relocation of type {relocation.type} in {section.name}")


def _relocate_call(section: Section, relocation: Relocation, target: Symbol | None) -> None:
    offset, data, symbol = relocation.offset, section.data, relocation.symbol
    if data[offset] != _CALL:
        raise ProgramNotLinked(f"{section.name} at {offset:#x} is no call")
    if target is None:
        name = "abort" if symbol.name == "__bpf_trap" else symbol.name  # what clang calls where C says trap
        if not is_syscall(name):
            raise ProgramNotLinked(f"{name} is neither defined nor a syscall of mainnet")
        data[offset + 1] &= 0x0F
        struct.pack_into("<I", data, offset + 4, hash_name(name))
        return
    # A section symbol carries the callee's place in the immediate.
    (immediate,) = struct.unpack_from("<i", data, offset + 4)
    addend = (immediate + 1) * 8 if symbol.type == STT_SECTION else 0
    distance = _address(target, addend) - _TEXT_BASE - (section.place + offset)
    data[offset + 1] = data[offset + 1] & 0x0F | 0x10
    struct.pack_into("<i", data, offset + 4, distance // 8 - 1)


def _join(sections: Iterable[Section], size: int) -> bytearray:
    blob = bytearray(size)
    for section in sections:
        blob[section.place : section.place + len(section.data)] = section.data
    return blob


def _write(code: bytearray, constants: bytearray, entry: int) -> bytes:
    """The file: a header, a segment of constants if there are any, a segment of instructions."""
    segments = [(_READ, 0, constants)] if constants else []
    segments.append((_RUN, _TEXT_BASE, code))
    at = _HEADER_BYTES + _PROGRAM_HEADER_BYTES * len(segments)
    table, body = b"", b""
    for flags, address, data in segments:
        table += struct.pack("<IIQQQQQQ", 1, flags, at + len(body), address, address, len(data), len(data), 8)
        body += data
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    counts = (_HEADER_BYTES, _PROGRAM_HEADER_BYTES, len(segments), 64, 0, 0)
    head = struct.pack("<16sHHIQQQI6H", ident, 3, EM_BPF, 1, _TEXT_BASE + entry, _HEADER_BYTES, 0, 3, *counts)
    return head + table + body
