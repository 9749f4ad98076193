"""Vyper's assembly as bytes, without the tables that lead from bytes back to the source: those take most of its time.

Takes the compiler's list; gives the code that creates a contract, and the code that it leaves on the chain, the same as
the compiler's own to the last byte.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

_OPERATIONS: Final = {"PUSH": 0x5F, "DUP": 0x7F, "SWAP": 0x8F}
_SYMBOL_BYTES: Final = 2


def assemble(assembly: Sequence[Any], metadata: bytes | None = None) -> tuple[bytes, bytes]:
    """The code, with the compiler's words behind it if there are `metadata`; and what it leaves, if it creates one."""
    from vyper.ir import compile_ir

    runtime, header = b"", None
    for item in assembly:
        if isinstance(item, list) and isinstance(item[0], compile_ir.RuntimeHeader):
            header, (runtime, _) = item[0], assemble(item[1:])
    symbols: dict[str, int] = {}
    if header is not None:
        start, end = compile_ir._runtime_code_offsets(header.ctor_mem_size, len(runtime))
        symbols |= {"_mem_deploy_start": start, "_mem_deploy_end": end, "_sym_subcode_size": len(runtime)}
    code = bytearray()
    open_places = _write(assembly, code, symbols, runtime, _measure_memory(assembly, symbols))
    suffix = b"" if metadata is None else _describe(assembly, header, runtime, metadata)
    symbols["_sym_code_end"] = len(code) + len(suffix)
    for place, size, symbol, offset in open_places:
        code[place : place + size] = (symbols[symbol] + offset).to_bytes(size, "big")
    return bytes(code + suffix), runtime


def _measure_memory(assembly: Sequence[Any], symbols: dict[str, int]) -> int:
    """Bytes that a place in memory takes."""
    from vyper.ir import compile_ir

    if "_mem_deploy_end" not in symbols:
        return 0
    following = zip(assembly, assembly[1:], assembly[2:], strict=False)
    most = max((ofst for word, sym, ofst in following if word == "_OFST" and sym.startswith("_mem_")), default=0)
    size: int = compile_ir.calc_mem_ofst_size(symbols["_mem_deploy_end"] + max(most, 0))
    return size


def _write(
    assembly: Sequence[Any], code: bytearray, symbols: dict[str, int], runtime: bytes, memory: int
) -> list[tuple[int, int, str, int]]:
    """Write the code, note where symbols are; gives the places that wait for one: place, bytes, symbol, offset."""
    waiting: list[tuple[int, int, str, int]] = []

    def push(symbol: str, offset: int) -> None:
        size = memory if symbol.startswith("_mem_") else _SYMBOL_BYTES
        code.append(_OPERATIONS["PUSH"] + size)
        waiting.append((len(code), size, symbol, offset))
        code.extend(bytes(size))

    items = iter(range(len(assembly)))
    for at in items:
        item = assembly[at]
        if isinstance(item, int):
            code.append(item)
        elif isinstance(item, list):
            symbols[item[0].label] = len(code)
            if hasattr(item[0], "ctor_mem_size"):
                code.extend(runtime)
            else:
                _write_data(item[1:], code, waiting)
        elif item[0] != "_":
            if item != "DEBUG":
                code.append(_opcode(item))
        elif item == "_OFST":
            push(assembly[at + 1], assembly[at + 2])
            next(items), next(items)
        elif item.startswith("_sym_") and assembly[at + 1] == "JUMPDEST":
            symbols[item] = len(code)
        else:
            push(item, 0)
    return waiting


def _write_data(items: Sequence[Any], code: bytearray, waiting: list[tuple[int, int, str, int]]) -> None:
    for item in items:
        if isinstance(item, str):
            waiting.append((len(code), _SYMBOL_BYTES, item, 0))
            code.extend(bytes(_SYMBOL_BYTES))
        elif isinstance(item, int):
            code.append(item)
        else:
            code.extend(item)


@lru_cache(maxsize=512)
def _opcode(name: str) -> int:
    from vyper.evm.opcodes import get_opcodes

    if name.upper() in get_opcodes():
        return int(get_opcodes()[name.upper()][0])
    word = name.rstrip("0123456789")
    return _OPERATIONS[word] + int(name[len(word) :])


def _describe(assembly: Sequence[Any], header: Any, runtime: bytes, metadata: bytes) -> bytes:
    """What the compiler writes behind code that creates a contract."""
    import cbor2
    from vyper.ir import compile_ir
    from vyper.version import version_tuple

    inner = next(item for item in assembly if isinstance(item, list) and item[0] is header)
    data = [part for part in inner if isinstance(part, list) and isinstance(part[0], compile_ir.DataHeader)]
    lengths = [compile_ir._length_of_data(part) for part in data]
    words = (metadata, len(runtime), lengths, header.immutables_len, {"vyper": version_tuple})
    told: bytes = cbor2.dumps(words)
    return told + (len(told) + 2).to_bytes(2, "big")
