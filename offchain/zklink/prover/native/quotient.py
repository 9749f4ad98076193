"""The polynomial that Groth16 divides out: from a witness the scalars of the key's section H.

A w and B w on the domain, their product C, all three carried over to the coset that the odd powers of the next root
are, and there a b - c. No division is left, because the key's points hold it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from zklink.primitives.field import R
from zklink.primitives.native.field_code import ELEMENT_BYTES
from zklink.primitives.native.lanes_code import LanesField
from zklink.primitives.native.scalar_code import ScalarField
from zklink.prover.native.kernels import Kernels
from zklink.prover.native.memory import Array, Buffer
from zklink.prover.native.transform import root_of_unity
from zklink.prover.native.zkey import Matrix

ROWS = 1 << 14
"""Rows of a matrix that one thread takes at a time."""


def reverse_bits(count: int) -> Array:
    """For 0, 1, .. below a power of two the numbers with their bits in reverse."""
    out = np.zeros(1, np.int64)
    while len(out) < count:
        out = np.concatenate((2 * out, 2 * out + 1))
    return out


@dataclass(frozen=True, slots=True)
class _Roots:
    """Tables of one direction."""

    twiddles: Buffer
    bridge: Buffer


class Domain:
    """Roots and coset of one length; at least two numbers a lane."""

    def __init__(self, kernels: Kernels, size: int) -> None:
        self._kernels = kernels
        self.size = size
        self.lanes = kernels.layout.lanes
        self.vectors = size // self.lanes
        self._bits = kernels.layout.radix_bits
        root = root_of_unity(size)
        self.forward, self.backward = self._make_roots(root), self._make_roots(pow(root, -1, R))
        self._shift = self._make_shift(root_of_unity(2 * size))
        self._factor = self._encode([pow(2, 2 * self._bits - 512, R)])

    @property
    def polynomial_bytes(self) -> int:
        return ELEMENT_BYTES * self.size

    def _to_form(self, value: int) -> int:
        return (value << self._bits) % R

    def _encode(self, elements: list[int]) -> Buffer:
        """One vector, word by word; a single element fills all lanes."""
        lanes = [elements[lane % len(elements)].to_bytes(ELEMENT_BYTES, "little") for lane in range(self.lanes)]
        words = np.frombuffer(b"".join(lanes), "<u8").reshape(self.lanes, -1)
        return Buffer.copy(np.ascontiguousarray(words.T))

    def _make_roots(self, root: int) -> _Roots:
        """Powers of the root of order m; and in lane rev(k1) of vector v the root's power v k1."""
        step, power, powers = pow(root, self.lanes, R), self._to_form(1), []
        for _ in range(self.vectors // 2):
            powers.append(power)
            power = power * step % R
        encode: Callable[[list[int]], bytes] = LanesField.encode_table if self.lanes > 1 else ScalarField.encode_table
        bridge = Buffer.allot(self.polynomial_bytes if self.lanes > 1 else 0)
        if self.lanes > 1:
            steps = [self._to_form(pow(root, int(number), R)) for number in reverse_bits(self.lanes)]
            self._fill(bridge, [self._to_form(1)], steps, np.arange(self.vectors))
        return _Roots(Buffer.copy(encode(powers)), bridge)

    def _make_shift(self, offset: int) -> Buffer:
        """offset^k / size for number k = k1 + lanes k2 where `analyze` leaves it."""
        shift = Buffer.allot(self.polynomial_bytes)
        scale = pow(self.size, -1, R)
        firsts = [self._to_form(scale * pow(offset, int(number), R)) for number in reverse_bits(self.lanes)]
        self._fill(shift, firsts, [self._to_form(pow(offset, self.lanes, R))], reverse_bits(self.vectors))
        return shift

    def _fill(self, out: Buffer, firsts: list[int], steps: list[int], places: Array) -> None:
        numbers = Buffer.copy(places.astype("<u4"))
        self._kernels.call("powers", self._encode(firsts), self._encode(steps), self.vectors, numbers, out)

    def multiply_rows(self, matrix: Matrix, witness: Buffer, first: int, last: int, out: Buffer) -> None:
        """Some rows of a matrix times the witness; what is not written of `out` must be zero."""
        bits = self.vectors.bit_length() - 1
        entries = matrix.starts, matrix.wires, matrix.values
        self._kernels.call("rows", *entries, witness, first, last, self.vectors, bits, out)

    def multiply(self, left: Buffer, right: Buffer, out: Buffer) -> None:
        """Point by point."""
        self._kernels.call("multiply", left, right, self.vectors, out)

    def move_to_coset(self, values: Buffer) -> None:
        """From values on the domain to values on the coset, in place."""
        call = self._kernels.call
        call("analyze", values, self.vectors, self.backward.twiddles, self.backward.bridge)
        self.multiply(values, self._shift, values)
        call("synthesize", values, self.vectors, self.forward.twiddles, self.forward.bridge)

    def divide(self, a: Buffer, b: Buffer, c: Buffer, out: Buffer) -> None:
        """a b - c, canonical, in the order of `zkey.order_scalars`."""
        self._kernels.call("divide", a, b, c, self.vectors, self._factor, out)


class Quotient:
    """One proof's polynomials: started at once, so that the pool has other work while the last ones are moved."""

    def __init__(self, domain: Domain, matrices: tuple[Matrix, Matrix], witness: Buffer, pool: Executor) -> None:
        """The witness is canonical."""
        self._domain = domain
        self._polynomials = a, b, c = [Buffer.allot(domain.polynomial_bytes) for _ in range(3)]
        rows = [
            pool.submit(domain.multiply_rows, matrix, witness, first, min(first + ROWS, domain.size), out)
            for matrix, out in zip(matrices, (a, b), strict=True)
            for first in range(0, domain.size, ROWS)
        ]
        for job in rows:
            job.result()
        domain.multiply(a, b, c)
        self._moves = [pool.submit(domain.move_to_coset, values) for values in (a, b, c)]

    def compute_scalars(self) -> Buffer:
        """The scalars of H."""
        for job in self._moves:
            job.result()
        a, b, c = self._polynomials
        self._domain.divide(a, b, c, a)
        return a
