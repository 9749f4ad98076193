"""Encodes and decodes by the contract ABI many times as fast as eth_abi, for calls that tests make by the million.

Takes ABI types; gives what eth_abi gives. Whatever is out of the ordinary (a value that does not fit, an answer that is
too short) is left to eth_abi, which raises its own errors.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import eth_abi
from eth_abi.grammar import TupleType, parse

WORD = 32


class _Unusual(Exception):
    """A value that only eth_abi can judge."""


class _Codec(NamedTuple):
    """One type: its size in the head (0 if it is dynamic, where the head has its offset), and its two ways."""

    size: int
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, int], Any]


class Abi:
    """The values of a call, of an answer or of an event."""

    def __init__(self, types: Sequence[str]) -> None:
        self.types = tuple(types)
        self._codec = _make_tuple(tuple(_make(parse(kind)) for kind in types))

    def encode(self, values: Sequence[object]) -> bytes:
        """The values, in order. Raises eth_abi's errors."""
        try:
            return self._codec.encode(tuple(values))
        except (_Unusual, TypeError, ValueError, OverflowError):
            return bytes(eth_abi.encode(self.types, values))

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """The values, in order. Raises eth_abi's errors."""
        try:
            return tuple(self._codec.decode(data, 0))
        except _Unusual:
            return tuple(eth_abi.decode(self.types, data))


@lru_cache(maxsize=4096)
def abi_of(types: tuple[str, ...]) -> Abi:
    """The codec of these types, made once."""
    return Abi(types)


def _make(kind: Any) -> _Codec:
    if kind.arrlist:
        length = kind.arrlist[-1][0] if kind.arrlist[-1] else None
        return _make_array(_make(kind.item_type), length)
    if isinstance(kind, TupleType):
        return _make_tuple(tuple(map(_make, kind.components)))
    if kind.base == "uint":
        return _make_integer(int(kind.sub))
    if kind.base == "bytes" and kind.sub is not None:
        return _make_fixed_bytes(int(kind.sub))
    plain = {"address": _ADDRESS, "bool": _BOOL, "bytes": _BYTES}.get(kind.base)
    return plain or _make_other(kind)


def _make_integer(bits: int) -> _Codec:
    limit = 1 << bits

    def encode(value: Any) -> bytes:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
            raise _Unusual
        return int.to_bytes(value, WORD, "big")

    def decode(data: bytes, at: int) -> int:
        value = int.from_bytes(_word(data, at), "big")
        if value >= limit:
            raise _Unusual
        return value

    return _Codec(WORD, encode, decode)


def _make_fixed_bytes(size: int) -> _Codec:
    padding = bytes(WORD - size)

    def encode(value: Any) -> bytes:
        if not isinstance(value, bytes) or len(value) > size:
            raise _Unusual
        return value.ljust(WORD, b"\0")

    def decode(data: bytes, at: int) -> bytes:
        word = _word(data, at)
        if word[size:] != padding:
            raise _Unusual
        return word[:size]

    return _Codec(WORD, encode, decode)


def _encode_address(value: Any) -> bytes:
    if not isinstance(value, str) or len(value) != 42 or value[:2] != "0x":
        raise _Unusual
    return bytes(12) + bytes.fromhex(value[2:])


def _decode_address(data: bytes, at: int) -> str:
    word = _word(data, at)
    if any(word[:12]):
        raise _Unusual
    return f"0x{word[12:].hex()}"


def _encode_bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise _Unusual
    return int.to_bytes(value, WORD, "big")


def _decode_bool(data: bytes, at: int) -> bool:
    value = int.from_bytes(_word(data, at), "big")
    if value > 1:
        raise _Unusual
    return value == 1


def _encode_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise _Unusual
    return len(value).to_bytes(WORD, "big") + value + bytes(-len(value) % WORD)


def _decode_bytes(data: bytes, at: int) -> bytes:
    size = int.from_bytes(_word(data, at), "big")
    start, padded = at + WORD, size + -size % WORD
    found = data[start : start + padded]
    if len(found) != padded or any(found[size:]):
        raise _Unusual
    return found[:size]


_ADDRESS = _Codec(WORD, _encode_address, _decode_address)
_BOOL = _Codec(WORD, _encode_bool, _decode_bool)
_BYTES = _Codec(0, _encode_bytes, _decode_bytes)


def _make_other(kind: Any) -> _Codec:
    """Text, signed integers and whatever else is rare: nothing of a call that has them is done here."""

    def refuse(*_: object) -> Any:
        raise _Unusual

    return _Codec(0 if kind.is_dynamic else WORD, refuse, refuse)


def _make_tuple(parts: tuple[_Codec, ...]) -> _Codec:
    head_size = sum(part.size or WORD for part in parts)
    is_dynamic = any(part.size == 0 for part in parts)

    def encode(values: Any) -> bytes:
        if not isinstance(values, tuple | list) or len(values) != len(parts):
            raise _Unusual
        return _join(parts, values, head_size)

    def decode(data: bytes, at: int) -> tuple[Any, ...]:
        found, here = [], at
        for part in parts:
            found.append(part.decode(data, here if part.size else at + int.from_bytes(_word(data, here), "big")))
            here += part.size or WORD
        return tuple(found)

    return _Codec(0 if is_dynamic else head_size, encode, decode)


def _make_array(item: _Codec, length: int | None) -> _Codec:
    step = item.size or WORD

    def encode(values: Any) -> bytes:
        if not isinstance(values, tuple | list) or (length is not None and len(values) != length):
            raise _Unusual
        body = _join((item,) * len(values), values, step * len(values))
        return body if length is not None else len(values).to_bytes(WORD, "big") + body

    def decode(data: bytes, at: int) -> tuple[Any, ...]:
        count = int.from_bytes(_word(data, at), "big") if length is None else length
        start = at if length is not None else at + WORD
        if start + count * step > len(data):
            raise _Unusual
        places = range(start, start + count * step, step)
        if item.size:
            return tuple(item.decode(data, place) for place in places)
        return tuple(item.decode(data, start + int.from_bytes(_word(data, place), "big")) for place in places)

    return _Codec(0 if length is None or item.size == 0 else step * length, encode, decode)


def _join(parts: Sequence[_Codec], values: Sequence[Any], head_size: int) -> bytes:
    """Heads, and behind them what is dynamic."""
    if all(part.size for part in parts):
        return b"".join([part.encode(value) for part, value in zip(parts, values, strict=True)])
    heads, tails, end = [], [], head_size
    for part, value in zip(parts, values, strict=True):
        encoded = part.encode(value)
        if part.size:
            heads.append(encoded)
        else:
            heads.append(end.to_bytes(WORD, "big"))
            tails.append(encoded)
            end += len(encoded)
    return b"".join(heads + tails)


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + WORD]
    if len(word) != WORD:
        raise _Unusual
    return word
