"""The two prime fields of BN254: scalars (what circuits compute in) and base (curve coordinates)."""

from typing import Final

R: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""Order of the group; the modulus of circuits, Poseidon and every public input."""

Q: Final = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""Modulus of the curve's coordinates."""


def is_scalar(value: int) -> bool:
    """Tell whether `value` is a canonical field element, 0 <= value < R."""
    return 0 <= value < R
