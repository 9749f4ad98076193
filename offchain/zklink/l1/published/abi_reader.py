"""Reads the arguments of a call as a contract compiled by Vyper reads them, in work that the input cannot make grow.

Takes an input; gives values. Vyper adds pointers modulo 2^256, reads zeros beyond the end, ignores padding, and refuses
numbers and lengths above those that the contract declares. A stricter reader would miss some calls that a contract
took. So this one compares lengths with the contract's limits, which the ABI does not contain, before it reads anything.
Never asks a chain.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_utils import keccak

from zklink.l1.contract_artifacts import AbiEntry
from zklink.protocol.errors import CallRefused

SELECTOR_BYTES: Final = 4
WORD_BYTES: Final = 32
ADDRESSES: Final = 1 << 256

Limits = Mapping[str, tuple[int, ...]]
"""The greatest lengths of an argument or a struct's field by name: of the array, then of its items."""


@dataclass(frozen=True, slots=True)
class Calldata:
    """The input of a call."""

    data: bytes

    def take(self, at: int, length: int) -> bytes:
        """`length` bytes from an address on; zeros beyond the end."""
        begin = at % ADDRESSES
        return self.data[begin : begin + length].ljust(length, b"\0")

    def word(self, at: int) -> int:
        """The number at an address."""
        return int.from_bytes(self.take(at, WORD_BYTES), "big")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: reads the value that begins at an address (raises CallRefused), and knows its size in the head of the
    tuple that it is part of; there a dynamic type has a pointer.
    """

    read: Callable[[Calldata, int], Any]
    head_words: int = 1
    is_dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a contract: reads the arguments of its calls."""

    selector: bytes
    arguments: tuple[Kind, ...]

    @classmethod
    def of(cls, abi: Iterable[AbiEntry], name: str, limits: Limits) -> "Function":
        """By the contract's ABI and its limits."""
        inputs = next(entry["inputs"] for entry in abi if entry["type"] == "function" and entry["name"] == name)
        selector = keccak(text=f"{name}({','.join(map(_spell, inputs))})")[:SELECTOR_BYTES]
        return cls(selector, tuple(_build(str(item["type"]), item, limits) for item in inputs))

    def read(self, calldata: Calldata) -> Iterator[Any]:
        """The arguments, one by one, each read only when the caller asks for it. Raises CallRefused."""
        head = SELECTOR_BYTES + WORD_BYTES * _count_words(self.arguments)
        if len(calldata.data) < head:
            raise CallRefused("what the call lacks of its head", head - len(calldata.data), 0)
        return _read_parts(calldata, SELECTOR_BYTES, self.arguments)


def _read_parts(calldata: Calldata, base: int, parts: Iterable[Kind]) -> Iterator[Any]:
    """The values that the head at `base` holds or points at; pointers count from there."""
    at = base
    for part in parts:
        yield part.read(calldata, base + calldata.word(at) if part.is_dynamic else at)
        at += WORD_BYTES * part.head_words


def _number(bits: int) -> Kind:
    return Kind(lambda calldata, at: _check("a number", calldata.word(at), (1 << bits) - 1))


def _byte_string(limit: int) -> Kind:
    def read(calldata: Calldata, at: int) -> bytes:
        return calldata.take(at + WORD_BYTES, _check("a byte string's length", calldata.word(at), limit))

    return Kind(read, is_dynamic=True)


def _array(item: Kind, limit: int) -> Kind:
    def read(calldata: Calldata, at: int) -> tuple[Any, ...]:
        count = _check("an array's length", calldata.word(at), limit)
        return tuple(_read_parts(calldata, at + WORD_BYTES, (item,) * count))

    return Kind(read, is_dynamic=True)


def _struct(parts: tuple[Kind, ...]) -> Kind:
    is_dynamic = any(part.is_dynamic for part in parts)

    def read(calldata: Calldata, at: int) -> tuple[Any, ...]:
        return tuple(_read_parts(calldata, at, parts))

    return Kind(read, 1 if is_dynamic else _count_words(parts), is_dynamic)


def _build(kind: str, item: AbiEntry, limits: Limits, depth: int = 0) -> Kind:
    """The type `kind` of an argument or of its parts. KeyError or IndexError if a limit is missing."""
    if kind.endswith("]"):
        inner, _, size = kind[:-1].rpartition("[")
        if size:
            return _struct((_build(inner, item, limits, depth),) * int(size))
        return _array(_build(inner, item, limits, depth + 1), limits[item["name"]][depth])
    if kind == "tuple":
        return _struct(tuple(_build(str(part["type"]), part, limits) for part in item["components"]))
    if kind == "bytes":
        return _byte_string(limits[item["name"]][depth])
    if kind == "bytes32":
        return Kind(lambda calldata, at: calldata.take(at, WORD_BYTES))
    return _number(1 if kind == "bool" else int(kind.removeprefix("uint")))


def _spell(item: AbiEntry) -> str:
    """An argument's type as a signature has it."""
    kind = str(item["type"])
    return kind.replace("tuple", f"({','.join(map(_spell, item['components']))})") if "components" in item else kind


def _count_words(parts: Iterable[Kind]) -> int:
    return sum(part.head_words for part in parts)


def _check(what: str, value: int, limit: int) -> int:
    if value > limit:
        raise CallRefused(what, value, limit)
    return value
