"""How field elements lie in registers, and which way this processor can go."""

from __future__ import annotations

import os
from enum import Enum
from typing import Any, Final

from zklink.primitives.native.compiler import has_features
from zklink.primitives.native.field_code import FieldCode
from zklink.primitives.native.lanes_code import LanesField
from zklink.primitives.native.scalar_code import ScalarField
from zklink.primitives.native.vectors import WIDTH

SWITCH: Final = "ZKLINK_AVX512"
"""An environment variable; 0 makes this processor one without AVX-512."""
_NEEDED: Final = ("avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512ifma")


class Layout(Enum):
    """`LANES` for processors with AVX-512 IFMA, `SCALAR` for every other one."""

    SCALAR = "scalar"
    LANES = "lanes"

    @property
    def lanes(self) -> int:
        return WIDTH if self is Layout.LANES else 1

    @property
    def radix_bits(self) -> int:
        """Montgomery's radix."""
        return LanesField.radix_bits if self is Layout.LANES else ScalarField.radix_bits

    def make_field(self, builder: Any, modulus: int) -> FieldCode:
        return (LanesField if self is Layout.LANES else ScalarField)(builder, modulus)


def is_supported(layout: Layout) -> bool:
    """Whether this processor has what the layout needs."""
    return layout is Layout.SCALAR or (os.environ.get(SWITCH) != "0" and has_features(_NEEDED))


def best_layout() -> Layout:
    """The fastest one that this processor supports."""
    return Layout.LANES if is_supported(Layout.LANES) else Layout.SCALAR
