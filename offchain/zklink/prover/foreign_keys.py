"""Groth16 verification keys of gnark and arkworks on BN254, beside those of snarkjs.

Takes a file's bytes; gives the checked key. Formats: gnark's WriteTo, WriteRawTo, JSON and Solidity export of
`VerifyingKey`; arkworks' CanonicalSerialize of `VerifyingKey<Bn254>`, compressed or not. Bytes may be written in hex.
Raises VerificationKeyInvalid.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from zklink.protocol.errors import VerificationKeyInvalid
from zklink.prover.compressed_points import complete_g1, complete_g2
from zklink.prover.curve import PointG1, PointG2
from zklink.prover.gnark_solidity import COMMITTED, MARK, read_gnark_solidity
from zklink.prover.verification_key import VerificationKey

_WORD: Final = 32
_FLAGS: Final = 0b11 << 6
_INFINITY: Final = 0b01 << 6
_GNARK_COMPRESSED: Final = 0b10 << 6
_LARGER_IN_GNARK: Final = 0b11 << 6
_LARGER_IN_ARKWORKS: Final = 0b10 << 6
_HEX: Final = re.compile(rb"\s*(?:0x)?((?:[0-9a-fA-F]{2})+)\s*")


def read_verification_key(data: bytes) -> VerificationKey:
    """A key in any format that is known here."""
    if data.lstrip().startswith(b"{"):
        return _read_json(data.decode(errors="replace"))
    if MARK in data:
        key = read_gnark_solidity(data.decode(errors="replace"))
        key.check()
        return key
    if (spelt := _HEX.fullmatch(data)) is not None:
        data = bytes.fromhex(spelt[1].decode())
    reasons = []
    for name, read in _READERS.items():
        try:
            key = read(data)
        except _OtherLayout as error:
            reasons.append(f"{name}: {error}")
            continue
        key.check()
        return key
    raise VerificationKeyInvalid(f"no key of snarkjs, gnark or arkworks on BN254 ({'; '.join(reasons)})")


class _OtherLayout(Exception):
    """The bytes are not laid out like this: another format may fit."""


@dataclass(slots=True)
class _Bytes:
    """Bytes that are read from the left."""

    data: bytes
    place: int = 0

    def take(self, size: int) -> bytes:
        """Raises _OtherLayout at the end."""
        self.place += size
        if self.place > len(self.data):
            raise _OtherLayout("the file ends too early")
        return self.data[self.place - size : self.place]

    def peek(self) -> int:
        """The next byte, 0 at the end."""
        return self.data[self.place] if self.place < len(self.data) else 0


def _read_gnark(data: bytes) -> VerificationKey:
    """[alpha]1 [beta]1 [beta]2 [gamma]2 [delta]1 [delta]2, how many K, K; then what is committed. Big endian."""
    size = 2 * _WORD if data and not data[0] & _FLAGS else _WORD
    count = int.from_bytes(data[9 * size : 9 * size + 4], "big")
    end = 9 * size + 4 + count * size
    if len(data) < end:
        raise _OtherLayout("the file ends too early")
    _check_no_commitment(data[end:], 2 * size)
    source = _Bytes(data)
    alpha, _ = _gnark_g1(source), _gnark_g1(source)
    beta, gamma = _gnark_g2(source), _gnark_g2(source)
    _, delta = _gnark_g1(source), _gnark_g2(source)
    source.take(4)
    return VerificationKey(alpha, beta, gamma, delta, tuple(_gnark_g1(source) for _ in range(count)))


def _check_no_commitment(rest: bytes, size_g2: int) -> None:
    """Nothing (before 0.9); else no committed wires, and no keys for them (from 0.11), or one that nothing uses."""
    wires, keys = rest[:4], rest[4:]
    if any(wires) or (len(keys) >= 4 and any(keys[:4]) and len(keys) != 2 * size_g2):
        raise VerificationKeyInvalid(COMMITTED)
    if len(wires) not in (0, 4) or len(keys) not in (0, 4, 2 * size_g2):
        raise _OtherLayout(f"it has {len(rest)} bytes after its points")


def _gnark_g1(source: _Bytes) -> PointG1:
    flag = source.peek() & _FLAGS
    if flag == _INFINITY:
        raise VerificationKeyInvalid("a point of the key is infinity")
    x = _strip(source.take(_WORD), 0, "big")
    if flag & _GNARK_COMPRESSED:
        return complete_g1(x, is_larger=flag == _LARGER_IN_GNARK)
    return x, int.from_bytes(source.take(_WORD), "big")


def _gnark_g2(source: _Bytes) -> PointG2:
    """The imaginary part comes first."""
    flag = source.peek() & _FLAGS
    if flag == _INFINITY:
        raise VerificationKeyInvalid("a point of the key is infinity")
    x1, x0 = _strip(source.take(_WORD), 0, "big"), int.from_bytes(source.take(_WORD), "big")
    if flag & _GNARK_COMPRESSED:
        return complete_g2((x0, x1), is_larger=flag == _LARGER_IN_GNARK)
    y1, y0 = (int.from_bytes(source.take(_WORD), "big") for _ in range(2))
    return (x0, x1), (y0, y1)


def _read_arkworks(data: bytes) -> VerificationKey:
    """alpha, beta, gamma, delta, how many gamma_abc, gamma_abc. Little endian; the length says whether compressed."""
    for is_compressed in (True, False):
        size = _WORD if is_compressed else 2 * _WORD
        place = 7 * size
        count = int.from_bytes(data[place : place + 8], "little")
        if len(data) == place + 8 + count * size:
            break
    else:
        raise _OtherLayout("its length is not that of its points")
    source = _Bytes(data)
    alpha = _arkworks_g1(source, is_compressed)
    beta, gamma, delta = (_arkworks_g2(source, is_compressed) for _ in range(3))
    source.take(8)
    ic = tuple(_arkworks_g1(source, is_compressed) for _ in range(count))
    return VerificationKey(alpha, beta, gamma, delta, ic)


def _arkworks_g1(source: _Bytes, is_compressed: bool) -> PointG1:
    words = [source.take(_WORD) for _ in range(1 if is_compressed else 2)]
    is_larger = _read_flag(words)
    x = _strip(words[0], -1, "little")
    return complete_g1(x, is_larger=is_larger) if is_compressed else (x, _strip(words[1], -1, "little"))


def _arkworks_g2(source: _Bytes, is_compressed: bool) -> PointG2:
    words = [source.take(_WORD) for _ in range(2 if is_compressed else 4)]
    is_larger = _read_flag(words)
    *first, last = words
    x0, x1, *y = (*(int.from_bytes(word, "little") for word in first), _strip(last, -1, "little"))
    return complete_g2((x0, x1), is_larger=is_larger) if is_compressed else ((x0, x1), (y[0], y[1]))


def _read_flag(words: list[bytes]) -> bool:
    """In the last byte: whether y is the larger one; of an uncompressed point y itself says it."""
    flag = words[-1][-1] & _FLAGS
    if flag & _INFINITY:
        raise VerificationKeyInvalid("a point of the key is infinity")
    return flag == _LARGER_IN_ARKWORKS


def _strip(word: bytes, place: int, order: str) -> int:
    """A number without the flags in its highest byte."""
    clean = bytearray(word)
    clean[place] &= 0xFF ^ _FLAGS
    return int.from_bytes(clean, "big" if order == "big" else "little")


def _read_json(text: str) -> VerificationKey:
    """snarkjs' file, or what Go's encoding/json makes of gnark's key."""
    try:
        data: Any = json.loads(text)
        if "G1" not in data:
            return VerificationKey.from_json(text)
        g1, g2 = data["G1"], data["G2"]
        if data.get("PublicAndCommitmentCommitted") or data.get("CommitmentKeys"):
            raise VerificationKeyInvalid(COMMITTED)
        key = VerificationKey(
            alpha=_json_g1(g1["Alpha"]),
            beta=_json_g2(g2["Beta"]),
            gamma=_json_g2(g2["Gamma"]),
            delta=_json_g2(g2["Delta"]),
            ic=tuple(_json_g1(point) for point in g1["K"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise VerificationKeyInvalid(f"neither snarkjs' nor gnark's JSON of a Groth16 key ({error!r})") from error
    key.check()
    return key


def _json_g1(point: Any) -> PointG1:
    return int(point["X"]), int(point["Y"])


def _json_g2(point: Any) -> PointG2:
    x, y = point["X"], point["Y"]
    return (int(x["A0"]), int(x["A1"])), (int(y["A0"]), int(y["A1"]))


_READERS: Final = {"arkworks": _read_arkworks, "gnark": _read_gnark}
"""Of both, the length says whether they fit, before any point is read."""
