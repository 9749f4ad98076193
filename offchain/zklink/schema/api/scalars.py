"""The small types of requests and answers, each with its form in JSON, and the strict way to read them.

Takes texts of callers; gives numbers and bytes. Amounts are decimal strings, since they exceed 2^53; bytes are
hexadecimal with 0x, small letters in answers. Raises RequestRefused for anything else.
"""

import re
from typing import Annotated, Final

from msgspec import Meta, Struct

from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import AMOUNT_LIMIT, MAX_CHAINS

Units = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]{0,77})$",
        max_length=78,
        description="A whole number as a decimal string: it may exceed 2^53.",
        examples=["100000000"],
    ),
]
Bytes32 = Annotated[
    str,
    Meta(
        pattern=r"^0x[0-9a-fA-F]{64}$",
        min_length=66,
        max_length=66,
        description="32 bytes, hexadecimal with 0x.",
        examples=["0x" + "ab" * 32],
    ),
]
TxHash = Annotated[
    str,
    Meta(
        pattern=r"^(0x[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{64,88}|)$",
        max_length=88,
        description="A transaction: its hash, hexadecimal with 0x, or on Solana its first signature in base58. Empty"
        " where a chain does not show which transaction it was.",
        examples=["0x" + "ab" * 32],
    ),
]
Hex = Annotated[
    str,
    Meta(
        pattern=r"^0x([0-9a-fA-F]{2})*$", max_length=20_002, description="Bytes, hexadecimal with 0x.", examples=["0x"]
    ),
]
OwnerText = Annotated[
    str,
    Meta(
        pattern=r"^((eip155:[0-9]{1,19}:)?0x[0-9a-fA-F]{40}|0x[0-9a-fA-F]{64}"
        r"|(solana:[1-9A-HJ-NP-Za-km-z]{32}:)?[1-9A-HJ-NP-Za-km-z]{32,44})$",
        min_length=32,
        max_length=84,
        description="An owner: an EVM address, one of Solana, a CAIP-10 account (eip155:137:0x..), or a universal"
        " address (32 bytes).",
        examples=["0x1111111111111111111111111111111111111111"],
    ),
]
ChainNumber = Annotated[
    int, Meta(ge=1, le=MAX_CHAINS, description="The protocol's own id of a chain, not the EIP-155 one.", examples=[2])
]
TokenNumber = Annotated[int, Meta(ge=0, le=2**16 - 1, description="The protocol's id of a token.", examples=[1])]
AccountNumber = Annotated[int, Meta(ge=0, le=2**32 - 1, description="A place in the account tree.", examples=[1])]
BlockId = Annotated[int, Meta(ge=0, le=2**62, description="A block of layer 2.", examples=[1])]
Seconds = Annotated[int, Meta(ge=0, le=2**62, description="UNIX seconds.", examples=[1_800_000_000])]
Limit = Annotated[int, Meta(ge=1, le=100, description="How many entries at most.", examples=[20])]
Cursor = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,18}(-[0-9]{1,24})?$",
        max_length=43,
        description="Where the page before ended: its `next`. Without it the page begins with the newest.",
        examples=["12"],
    ),
]
Caip2 = Annotated[str, Meta(description="A chain in CAIP-2 form.", examples=["eip155:137"])]
Caip10 = Annotated[str, Meta(description="An account in CAIP-10 form.")]
Caip19 = Annotated[str, Meta(description="An asset in CAIP-19 form.")]
Address = Annotated[
    str,
    Meta(
        description="An EVM address, or one of Solana in base58.",
        examples=["0x1111111111111111111111111111111111111111"],
    ),
]

SIGNATURE_BYTES: Final = 64
HASH_BYTES: Final = 32
_UNITS: Final = re.compile(r"0|[1-9][0-9]{0,77}")
_HEX: Final = re.compile(r"0x([0-9a-fA-F]{2})*")
_CURSOR: Final = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,24}))?")
_OWNER: Final = re.compile(r"(?:eip155:[0-9]{1,19}:)?0x([0-9a-fA-F]{40})")


class Request(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a method is asked; fields that it does not have are refused."""


class Answer(Struct, kw_only=True):
    """What a method answers."""


class NoRequest(Request):
    """A method that is asked for nothing in particular."""


def read_units(field: str, text: str, limit: int = AMOUNT_LIMIT) -> int:
    """The number below `limit` that a decimal string says."""
    if not _UNITS.fullmatch(text) or int(text) >= limit:
        raise RequestRefused("invalid_request", f"{field} must be a decimal string below {limit}", {"field": field})
    return int(text)


def read_bytes(field: str, text: str, length: int | None = None) -> bytes:
    """The bytes that a hexadecimal text says."""
    if not _HEX.fullmatch(text) or (length is not None and len(text) != 2 + 2 * length):
        size = "bytes" if length is None else f"{length} bytes"
        raise RequestRefused("invalid_request", f"{field} must be {size} in hexadecimal, with 0x", {"field": field})
    return bytes.fromhex(text[2:])


def read_tx_hash(field: str, text: str) -> bytes:
    """The bytes of a transaction's hash, 32, or of a signature of Solana, 64."""
    if text.startswith("0x"):
        return read_bytes(field, text, 32)
    return _read_base58(field, text, SIGNATURE_BYTES)


def _read_base58(field: str, text: str, size: int) -> bytes:
    try:
        return decode_base58(text, size)
    except ValueError:
        raise RequestRefused("invalid_request", f"{field} must be {size} bytes in base58", {"field": field}) from None


def show_tx_hash(data: bytes) -> str:
    """A transaction as answers have it; empty if it is not known."""
    return encode_base58(data) if len(data) != HASH_BYTES else show_bytes(data)


def read_owner(field: str, text: str) -> bytes:
    """The universal address of an owner."""
    if found := _OWNER.fullmatch(text):
        return bytes(12) + bytes.fromhex(found[1])
    if not text.startswith("0x"):
        return _read_base58(field, text.rpartition(":")[2], 32)
    return read_bytes(field, text, 32)


def read_cursor(text: str | None) -> tuple[int, int] | None:
    """The place that a cursor names."""
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if not found:
        raise RequestRefused("invalid_request", "cursor must be the `next` of an earlier page", {"field": "cursor"})
    return int(found[1]), int(found[2] or 0)


def show_bytes(data: bytes) -> str:
    """Bytes as answers have them."""
    return f"0x{data.hex()}"


def show_cursor(place: tuple[int, int] | None) -> str | None:
    """A place as `read_cursor` reads it back; None on the last page."""
    return None if place is None else f"{place[0]}-{place[1]}"
