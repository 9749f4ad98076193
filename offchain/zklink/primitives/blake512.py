"""BLAKE-512, the SHA-3 finalist (not BLAKE2): the hash with which circomlib's EdDSA derives keys and nonces.

Source: Aumasson, Henzen, Meier, Phan, "SHA-3 proposal BLAKE", version 1.3 (2010), sections 2.1 and 2.2. Without salt.
Written for keys of a few dozen bytes, not for speed.
"""

from typing import Final

BLOCK_BYTES: Final = 128
ROUNDS: Final = 16
_MASK: Final = (1 << 64) - 1

_INITIAL: Final = (
    0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
    0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
)  # fmt: skip
"""The initial value of SHA-512."""

_CONSTANTS: Final = (
    0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89,
    0x452821E638D01377, 0xBE5466CF34E90C6C, 0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917,
    0x9216D5D98979FB1B, 0xD1310BA698DFB5AC, 0x2FFD72DBD01ADFB7, 0xB8E1AFED6A267E96,
    0xBA7C9045F12C7F99, 0x24A19947B3916CF7, 0x0801F2E2858EFC16, 0x636920D871574E69,
)  # fmt: skip
"""The first digits of pi's fraction."""

_PERMUTATIONS: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)

_COLUMNS_AND_DIAGONALS: Final = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


def blake512(message: bytes) -> bytes:
    """Hash bytes to 64 bytes."""
    bit_length = 8 * len(message)
    zeros = (BLOCK_BYTES - 18 - len(message)) % BLOCK_BYTES  # between the first and the last bit of the padding
    padding = b"\x80" + bytes(zeros) + b"\x01" if zeros < BLOCK_BYTES - 1 else b"\x81"
    padded = message + padding + bit_length.to_bytes(16, "big")
    chain = list(_INITIAL)
    for start in range(0, len(padded), BLOCK_BYTES):
        hashed_bits = min(bit_length, 8 * (start + BLOCK_BYTES))
        counter = hashed_bits if hashed_bits > 8 * start else 0  # a block of padding alone counts no bits
        chain = _compress(chain, padded[start : start + BLOCK_BYTES], counter)
    return b"".join(word.to_bytes(8, "big") for word in chain)


def _compress(chain: list[int], block: bytes, counter: int) -> list[int]:
    words = [int.from_bytes(block[i : i + 8], "big") for i in range(0, BLOCK_BYTES, 8)]
    low, high = counter & _MASK, counter >> 64
    state = chain + [a ^ b for a, b in zip((0, 0, 0, 0, low, low, high, high), _CONSTANTS[:8], strict=True)]
    for round_index in range(ROUNDS):
        order = _PERMUTATIONS[round_index % len(_PERMUTATIONS)]
        for step, places in enumerate(_COLUMNS_AND_DIAGONALS):
            first, second = order[2 * step], order[2 * step + 1]
            _mix(state, places, words[first] ^ _CONSTANTS[second], words[second] ^ _CONSTANTS[first])
    return [old ^ left ^ right for old, left, right in zip(chain, state[:8], state[8:], strict=True)]


def _mix(state: list[int], places: tuple[int, int, int, int], first: int, second: int) -> None:
    a, b, c, d = (state[place] for place in places)
    for word, left, right in ((first, 32, 25), (second, 16, 11)):
        a = (a + b + word) & _MASK
        d = _rotate(d ^ a, left)
        c = (c + d) & _MASK
        b = _rotate(b ^ c, right)
    for place, value in zip(places, (a, b, c, d), strict=True):
        state[place] = value


def _rotate(word: int, places: int) -> int:
    return (word >> places | word << (64 - places)) & _MASK
