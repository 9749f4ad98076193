"""Keccak-256 as the EVM computes it."""

from eth_hash.auto import keccak as _keccak

WORD_BYTES = 32


def keccak256(data: bytes) -> bytes:
    """Hash bytes to 32 bytes."""
    return _keccak(data)


def keccak_words(*items: int | bytes) -> bytes:
    """Hash 32-byte big-endian words, i.e. keccak256(abi(items)) of a static tuple.

    A `bytes` item must be exactly 32 bytes long, an `int` must fit into 256 bits; otherwise ValueError.
    """
    return keccak256(b"".join(map(_encode_word, items)))


def _encode_word(item: int | bytes) -> bytes:
    if isinstance(item, bytes):
        if len(item) != WORD_BYTES:
            raise ValueError(f"a word has {WORD_BYTES} bytes, not {len(item)}")
        return item
    if not 0 <= item < 1 << 256:
        raise ValueError("a word is an unsigned integer of 256 bits")
    return item.to_bytes(WORD_BYTES, "big")
