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


def decode_base58(text: str, size: int) -> bytes:
    """The bytes of a text; ValueError unless they are so many, written in the one way that there is."""
    number = 0
    for letter in text:
        number = number * 58 + ALPHABET.index(letter)
    data = number.to_bytes(size, "big") if number < 1 << 8 * size else b""
    if encode_base58(data) != text:
        raise ValueError(f"not {size} bytes in base58")
    return data
