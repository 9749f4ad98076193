"""Memory that kernels work on: aligned to cache lines, with its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_LINE_BYTES = 64

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Buffer:
    """`data` are bytes; a kernel may read, not write, a line behind them."""

    data: npt.NDArray[np.uint8]
    address: int

    @classmethod
    def allot(cls, size: int) -> Buffer:
        """Zeros."""
        room = np.zeros(size + 2 * _LINE_BYTES, np.uint8)
        start = -room.ctypes.data % _LINE_BYTES
        data = room[start : start + size]
        return cls(data, int(data.ctypes.data))

    @classmethod
    def copy(cls, source: bytes | Array) -> Buffer:
        """The bytes of something."""
        data = np.frombuffer(source, np.uint8) if isinstance(source, bytes) else source.reshape(-1).view(np.uint8)
        buffer = cls.allot(len(data))
        buffer.data[:] = data
        return buffer

    def view(self, kind: npt.DTypeLike) -> Array:
        """The same memory as numbers."""
        return self.data.view(kind)
