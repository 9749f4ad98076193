"""Base58, in which Solana writes addresses, hashes and signatures."""

from typing import Final

ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def encode_base58(data: bytes) -> str:
    """Bytes as text; each leading zero byte is a 1."""
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def decode_base58(text: str, size: int | None = None) -> bytes:
    """The bytes of a text; ValueError unless it is base58, and of so many bytes if `size` is given."""
    number = 0
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    data = bytes(len(text) - len(text.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    if size is not None and len(data) != size:
        raise ValueError(f"not {size} bytes in base58")
    return data
