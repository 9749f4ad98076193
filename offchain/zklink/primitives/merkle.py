"""Sparse quaternary Merkle trees over Poseidon (docs/protocol.md, section 3).

A node is the hash of its four children. The path to an index takes base-4 digits, the least significant one at the leaf
level. A leaf that was never set is the empty leaf.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

from zklink.primitives.poseidon import poseidon

ARITY: Final = 4
DIGIT_BITS: Final = 2

Siblings = tuple[int, int, int]


class SparseMerkleTree:
    """A tree of `4^depth` leaves that stores only what differs from the empty leaf's tree."""

    __slots__ = ("_empty", "_levels", "depth")

    def __init__(self, depth: int, empty_leaf: int) -> None:
        self.depth = depth
        self._empty = _compute_empty_nodes(depth, empty_leaf)
        self._levels: list[dict[int, int]] = [{} for _ in range(depth + 1)]

    @property
    def root(self) -> int:
        """The node above all leaves."""
        return self._node(self.depth, 0)

    def leaf(self, index: int) -> int:
        """The leaf at `index`; IndexError outside the tree."""
        self._check_index(index)
        return self._node(0, index)

    def set(self, index: int, leaf: int) -> None:
        """Replace one leaf; IndexError outside the tree."""
        self.update({index: leaf})

    def update(self, leaves: Mapping[int, int]) -> None:
        """Replace many leaves, hashing each node above them once; IndexError outside the tree, then nothing changes."""
        for index in leaves:
            self._check_index(index)
        self._levels[0].update(leaves)
        changed: Iterable[int] = leaves
        for level in range(1, self.depth + 1):
            changed = sorted({index >> DIGIT_BITS for index in changed})
            for index in changed:
                first = index << DIGIT_BITS
                children = [self._node(level - 1, first + digit) for digit in range(ARITY)]
                self._levels[level][index] = poseidon(children)

    def path(self, index: int) -> list[Siblings]:
        """The three siblings per level from the leaf up, in child order; IndexError outside the tree."""
        self._check_index(index)
        path: list[Siblings] = []
        for level in range(self.depth):
            first, own = index & ~(ARITY - 1), index % ARITY
            left, middle, right = (self._node(level, first + digit) for digit in range(ARITY) if digit != own)
            path.append((left, middle, right))
            index >>= DIGIT_BITS
        return path

    def copy(self) -> "SparseMerkleTree":
        """An independent tree with the same leaves."""
        twin = SparseMerkleTree.__new__(SparseMerkleTree)
        twin.depth = self.depth
        twin._empty = self._empty
        twin._levels = [dict(level) for level in self._levels]
        return twin

    def _node(self, level: int, index: int) -> int:
        return self._levels[level].get(index, self._empty[level])

    def _check_index(self, index: int) -> None:
        if not 0 <= index < ARITY**self.depth:
            raise IndexError(f"index {index} is outside a tree of depth {self.depth}")


def compute_root(leaf: int, index: int, path: Sequence[Siblings]) -> int:
    """The root that a leaf at `index` and its siblings lead to, as a circuit computes it."""
    node = leaf
    for siblings in path:
        children = list(siblings)
        children.insert(index % ARITY, node)
        node = poseidon(children)
        index >>= DIGIT_BITS
    return node


@cache
def _compute_empty_nodes(depth: int, empty_leaf: int) -> tuple[int, ...]:
    """The node at each level above empty leaves only."""
    nodes = [empty_leaf]
    for _ in range(depth):
        nodes.append(poseidon([nodes[-1]] * ARITY))
    return tuple(nodes)
