"""What account-lane signatures sign (docs/protocol.md, section 4)."""

from zklink.primitives.poseidon import poseidon


def compute_message(domain: int, m0: int, m1: int, m2: int) -> int:
    """M = H_4(domain, m0, m1, m2); ValueError unless all four are canonical field elements."""
    return poseidon([domain, m0, m1, m2])
