"""Points of ed25519 (RFC 8032): which 32 bytes may be somebody's key. Signs and verifies nothing."""

from typing import Final

PRIME: Final = 2**255 - 19
D: Final = -121665 * pow(121666, -1, PRIME) % PRIME
"""Of the curve -x^2 + y^2 = 1 + D x^2 y^2."""


def is_key(data: bytes) -> bool:
    """Whether 32 bytes are a point of the curve, by the rule of Solana's runtime: y above the modulus and x = 0 with a
    sign are points, too. Raises ValueError for another length.
    """
    if len(data) != 32:
        raise ValueError(f"a key has 32 bytes, not {len(data)}")
    y = int.from_bytes(data, "little") % 2**255 % PRIME
    # x^2 = (y^2 - 1) / (D y^2 + 1), which is a square where its product with a square is.
    ratio = (y * y - 1) * (D * y * y + 1) % PRIME
    return ratio == 0 or pow(ratio, (PRIME - 1) // 2, PRIME) == 1
