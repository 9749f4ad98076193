"""Code for elements of a prime field in Montgomery's form, whatever their layout: bounds are kept while it is written.

An element is any number that is congruent to the right one and below its bound. Code for a sum or a product knows the
bounds of its operands, reduces only where the result would not fit, and no bound is checked when the code runs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zklink.primitives.native.assembly import Builder, Value

ELEMENT_BYTES = 32
_LIMBS = 4


@dataclass(frozen=True, slots=True)
class Element:
    """`value` is the layout's own; the number is below `bound`."""

    value: Any
    bound: int


Pair = tuple[Element, Element]


@dataclass(frozen=True, slots=True)
class Place:
    """A room that loops and branches share, and the bound of what is in it."""

    room: Any
    bound: int


class FieldCode(ABC):
    """Writes arithmetic modulo `modulus` through a builder, for `lanes` elements at a time."""

    radix_bits: int
    """Montgomery's radix; every number of the layout is below 2^radix_bits."""
    lanes: int
    factor_moduli: tuple[int, int]
    """Factors are below so many moduli: of one product, of two that are summed. The result then fits."""

    def __init__(self, builder: Builder, modulus: int) -> None:
        self.builder = builder
        self.modulus = modulus

    def constant(self, value: int) -> Element:
        """A number of the field, the same in all lanes."""
        return Element(self._constant((value << self.radix_bits) % self.modulus), self.modulus)

    def constants(self, values: Sequence[int]) -> Element:
        """A number of the field for each lane, repeated if they are fewer."""
        elements = [(value << self.radix_bits) % self.modulus for value in values]
        return Element(self._constants(elements), self.modulus)

    def raw(self, value: int) -> Element:
        """A number that is not brought into Montgomery's form."""
        return Element(self._constant(value), value + 1)

    def multiply(self, left: Element, right: Element) -> Element:
        """The product; the same element twice gives its square."""
        return self.dot([(left, right)])

    def dot(self, pairs: Sequence[Pair], plus: Sequence[Element] = (), minus: Sequence[Element] = ()) -> Element:
        """The sum of one product or of two and of other terms, with a single reduction."""
        limit = self.factor_moduli[len(pairs) - 1] * self.modulus
        fitted = []
        for left, right in pairs:
            factor = self._fit(left, limit)
            fitted.append((factor, factor if left is right else self._fit(right, limit)))
        total = sum(left.bound * right.bound for left, right in fitted)
        product = Element(None, (total >> self.radix_bits) + self.modulus + 1)
        multiple, bound = self._bound_sum([product, *plus], list(minus))
        assert bound <= 1 << self.radix_bits, "the sum has too many terms"
        values = [(left.value, right.value) for left, right in fitted]
        terms = [element.value for element in plus], [element.value for element in minus]
        return Element(self._dot(values, *terms, multiple * self.modulus), bound)

    def add(self, left: Element, right: Element) -> Element:
        return self.sum([left, right])

    def subtract(self, left: Element, right: Element) -> Element:
        return self.sum([left], [right])

    def sum(self, plus: Sequence[Element], minus: Sequence[Element] = ()) -> Element:
        """All of `plus` less all of `minus`; a multiple of the modulus keeps it positive."""
        plus, minus = list(plus), list(minus)
        while self._bound_sum(plus, minus)[1] > 1 << self.radix_bits:
            largest = max((*plus, *minus), key=lambda element: element.bound)
            assert largest.bound > self.modulus, "the sum has too many terms"
            reduced = self.reduce(largest)
            plus = [reduced if element is largest else element for element in plus]
            minus = [reduced if element is largest else element for element in minus]
        multiple, bound = self._bound_sum(plus, minus)
        values = [element.value for element in plus], [element.value for element in minus]
        return Element(self._sum(*values, multiple * self.modulus), bound)

    def _bound_sum(self, plus: list[Element], minus: list[Element]) -> tuple[int, int]:
        multiple = -(-sum(element.bound - 1 for element in minus) // self.modulus)
        return multiple, sum(element.bound for element in plus) + multiple * self.modulus

    def reduce(self, element: Element, limit: int | None = None) -> Element:
        """The same below `limit`, which is a multiple of the modulus; without one, the canonical number."""
        limit = self.modulus if limit is None else limit
        while element.bound > limit:
            multiple = max(-(-element.bound // self.modulus) // 2, 1) * self.modulus
            bound = max(multiple, element.bound - multiple)
            element = Element(self._subtract_if_at_least(element.value, multiple), bound)
        return element

    def place(self, moduli: int) -> Place:
        """Room on the stack for an element below so many moduli."""
        return Place(self._reserve(), moduli * self.modulus)

    def keep(self, place: Place, element: Element) -> None:
        """Put an element in its room, reduced if need be."""
        self._keep(place.room, self.reduce(element, place.bound).value)

    def recall(self, place: Place) -> Element:
        """Take an element from its room."""
        return Element(self._recall(place.room), place.bound)

    def select(self, mask: Any, left: Element, right: Element) -> Element:
        """`left` where the mask is set."""
        return Element(self._select(mask, left.value, right.value), max(left.bound, right.bound))

    def negate_where(self, mask: Any, element: Element) -> Element:
        """The negative where the mask is set. What comes out may only be a term of `sum`: no limb of it is carried."""
        multiple = -(-(element.bound - 1) // self.modulus) * self.modulus
        return Element(self._negate_where(mask, element.value, multiple), max(multiple + 1, element.bound))

    def unpack(self, packed: Any, bound: int | None = None) -> Element:
        """An element as it lies in memory; unless a bound is given it is canonical."""
        return Element(self._unpack(packed), self.modulus if bound is None else bound)

    def pack(self, element: Element) -> Any:
        """As it lies in memory, 32 bytes; the bound must be at most 2^256."""
        assert element.bound <= 1 << 8 * ELEMENT_BYTES, "the element does not fit into 32 bytes"
        return self._pack(element.value)

    def _fit(self, element: Element, limit: int) -> Element:
        """A factor that is not too large."""
        return element if element.bound <= limit else self.reduce(element, limit)

    @abstractmethod
    def _constant(self, value: int) -> Any: ...
    @abstractmethod
    def _constants(self, values: Sequence[int]) -> Any: ...
    @abstractmethod
    def _dot(self, pairs: list[tuple[Any, Any]], plus: list[Any], minus: list[Any], extra: int) -> Any: ...
    @abstractmethod
    def _sum(self, plus: list[Any], minus: list[Any], extra: int) -> Any: ...
    @abstractmethod
    def _subtract_if_at_least(self, value: Any, amount: int) -> Any: ...
    @abstractmethod
    def _select(self, mask: Any, left: Any, right: Any) -> Any: ...
    @abstractmethod
    def _negate_where(self, mask: Any, value: Any, multiple: int) -> Any: ...
    @abstractmethod
    def _unpack(self, packed: Any) -> Any: ...
    @abstractmethod
    def _pack(self, value: Any) -> Any: ...
    @abstractmethod
    def _reserve(self) -> Any: ...
    @abstractmethod
    def _keep(self, room: Any, value: Any) -> None: ...
    @abstractmethod
    def _recall(self, room: Any) -> Any: ...
    @staticmethod
    @abstractmethod
    def encode_table(values: Sequence[int]) -> bytes:
        """Canonical numbers, which are in Montgomery's form already, for `load_same`."""

    @abstractmethod
    def load_same(self, address: Value, index: Value) -> Element:
        """The index-th number of a table (`encode_table`), in all lanes."""

    @property
    @abstractmethod
    def stash_bytes(self) -> int:
        """What `stash` takes."""

    @abstractmethod
    def stash(self, address: Value, element: Element) -> None:
        """Put an element of any bound into memory, in the layout's own way."""

    @abstractmethod
    def fetch(self, address: Value, bound: int) -> Element:
        """Inverse of `stash`; the bound is the caller's knowledge."""

    @abstractmethod
    def load_packed(self, address: Value) -> Any:
        """Consecutive elements, one a lane: 32 bytes each, lane by lane or, with lanes, word by word."""

    @abstractmethod
    def store_packed(self, address: Value, packed: Any) -> None: ...
    @abstractmethod
    def gather(self, addresses: Sequence[Value], count: int) -> list[Any]:
        """From each lane's address `count` consecutive elements, packed."""

    @abstractmethod
    def scatter(self, addresses: Sequence[Value], packed: Sequence[Any]) -> None:
        """Inverse of `gather`."""

    @abstractmethod
    def load_bits(self, address: Value, index: Value) -> Any:
        """The lowest bits of consecutive 32-bit numbers as a mask; the index counts numbers."""

    @abstractmethod
    def is_suspect(self, element: Element, numbers: Sequence[int]) -> Any:
        """The mask of lanes whose number may be one of these: set where it is, and seldom elsewhere."""

    @abstractmethod
    def is_equal(self, left: Any, right: Any) -> Any:
        """The mask of lanes in which packed elements are the same."""

    @abstractmethod
    def invert_mask(self, mask: Any) -> Any: ...
    @abstractmethod
    def both(self, left: Any, right: Any) -> Any: ...
    @abstractmethod
    def either(self, left: Any, right: Any) -> Any: ...
    @abstractmethod
    def is_any(self, mask: Any) -> Value:
        """Whether a lane of the mask is set."""

    def zero_packed(self) -> Any:
        """Zero as it lies in memory."""
        return self.pack(self.raw(0))
