"""What account-lane signatures sign, and what names a key (docs/protocol.md, sections 1 and 4)."""

from zklink.primitives.babyjubjub import Point
from zklink.primitives.poseidon import poseidon


def compute_message(domain: int, m0: int, m1: int, m2: int) -> int:
    """M = H_4(domain, m0, m1, m2); ValueError unless all four are canonical field elements."""
    return poseidon([domain, m0, m1, m2])


def compute_public_key_hash(public_key: Point) -> int:
    """H_2(A.x, A.y), what an account keeps of its key."""
    return poseidon([public_key.x, public_key.y])
