"""Sparse quaternary Merkle trees over Poseidon (docs/protocol.md, section 3).

A node is the hash of its four children. The path to an index takes base-4 digits, the least significant one at the leaf
level. A leaf that was never set is the empty leaf.

Four siblings are kept as one string of 128 bytes, which is the input of the hash: a level of an update is one batch,
and a full tree takes about 100 bytes a leaf.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from zklink.primitives.field import is_scalar
from zklink.primitives.machine_code import ELEMENT_BYTES
from zklink.primitives.poseidon import poseidon, poseidon_encoded

ARITY: Final = 4
DIGIT_BITS: Final = 2

Siblings = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Replaced:
    """The values that an update replaced: the root, and per level from the leaves up the groups of siblings (None: all
    empty).
    """

    root: bytes
    groups: tuple[dict[int, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One of several changes that follow each other: a leaf's place, and the new leaf or None if it stays."""

    index: int
    leaf: int | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A turn's path, as it was before the turn, and the root after it (None where nothing has changed yet)."""

    path: tuple[Siblings, ...]
    root: int | None


class SparseMerkleTree:
    """A tree of `4^depth` leaves that stores only the groups of siblings that were ever set."""

    __slots__ = ("_empty", "_groups", "_root", "depth")

    def __init__(self, depth: int, empty_leaf: int) -> None:
        self.depth = depth
        self._empty = _compute_empty_groups(depth, empty_leaf)
        self._groups: list[dict[int, bytes]] = [{} for _ in range(depth)]
        self._root = self._empty[depth][:ELEMENT_BYTES]

    @property
    def root(self) -> int:
        """The node above all leaves."""
        return int.from_bytes(self._root, "little")

    def leaf(self, index: int) -> int:
        """The leaf at `index`; IndexError outside the tree."""
        self._check_index(index)
        if not self.depth:
            return self.root
        start = _STARTS[index % ARITY]
        return int.from_bytes(self._group(0, index)[start : start + ELEMENT_BYTES], "little")

    def set(self, index: int, leaf: int) -> Replaced:
        """Replace one leaf; as `update`."""
        return self.update({index: leaf})

    def update(self, leaves: Mapping[int, int]) -> Replaced:
        """Replace many leaves, hashing each node above them once; gives the replaced values for `undo`.

        IndexError outside the tree, ValueError for a leaf that is not a canonical field element; then nothing changes.
        """
        _check_leaves(leaves, ARITY**self.depth)
        root, replaced = self._root, []
        nodes = {index: leaf.to_bytes(ELEMENT_BYTES, "little") for index, leaf in leaves.items()}
        for groups, empty in zip(self._groups, self._empty, strict=False):
            changed = _replace_nodes(groups, empty, nodes)
            replaced.append({parent: groups.get(parent) for parent in changed})
            groups.update(changed)
            nodes = _hash_groups(changed)
        self._root = nodes.get(0, root)
        return Replaced(root, tuple(replaced))

    def take_turns(self, turns: Sequence[Turn]) -> list[Opened]:
        """Replace leaves one after the other, each opened before it is replaced; as `path` and `set` for each, but a
        level of all turns is one batch. Errors of `update`.
        """
        for turn in turns:
            self._check_index(turn.index)
        paths, changed, nodes = _take_turns(self._groups, self._empty, turns)
        for groups, own in zip(self._groups, changed, strict=True):
            groups.update(own)
        opened: list[Opened] = []
        for path, node in zip(paths, nodes, strict=True):
            self._root = self._root if node is None else node
            opened.append(Opened(path, self.root))
        return opened

    def undo(self, replaced: Replaced) -> None:
        """Take back an update. Updates are taken back in reverse order, each once; anything else corrupts the tree."""
        self._root = replaced.root
        for groups, before in zip(self._groups, replaced.groups, strict=True):
            for parent, group in before.items():
                if group is None:
                    del groups[parent]
                else:
                    groups[parent] = group

    def path(self, index: int) -> list[Siblings]:
        """The three siblings per level from the leaf up, in child order; IndexError outside the tree."""
        self._check_index(index)
        path: list[Siblings] = []
        for level in range(self.depth):
            left, middle, right = _other_nodes(self._group(level, index), index)
            path.append((left, middle, right))
            index >>= DIGIT_BITS
        return path

    def copy(self) -> "SparseMerkleTree":
        """An independent tree with the same leaves. Siblings are shared, their index is copied: milliseconds."""
        twin = SparseMerkleTree.__new__(SparseMerkleTree)
        twin.depth = self.depth
        twin._empty = self._empty
        twin._groups = [dict(groups) for groups in self._groups]
        twin._root = self._root
        return twin

    def _group(self, level: int, index: int) -> bytes:
        """The node at `index` of a level below the root and its siblings."""
        return self._groups[level].get(index >> DIGIT_BITS, self._empty[level])

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


def compute_path(leaves: Mapping[int, int], index: int, depth: int, empty_leaf: int) -> list[Siblings]:
    """The siblings of `index` in a small tree, given by its leaves, from the leaf up; the leaf there does not matter.

    As a `SparseMerkleTree` would give them; only what is not on the path is hashed. IndexError outside the tree,
    ValueError for a leaf that is not a canonical field element.
    """
    _check_leaves(leaves, ARITY**depth)
    if not 0 <= index < ARITY**depth:
        raise IndexError(f"index {index} is outside a tree of depth {depth}")
    nodes = {other: leaf.to_bytes(ELEMENT_BYTES, "little") for other, leaf in leaves.items()}
    path: list[Siblings] = []
    for empty in _compute_empty_groups(depth, empty_leaf)[:depth]:
        groups = _replace_nodes({}, empty, nodes)
        left, middle, right = _other_nodes(groups.pop(index >> DIGIT_BITS, empty), index)
        path.append((left, middle, right))
        nodes = _hash_groups(groups)
        index >>= DIGIT_BITS
    return path


def compute_roots(trees: Sequence[Mapping[int, int]], depth: int, empty_leaf: int) -> list[int]:
    """The roots of many small trees, given by their leaves, without keeping a tree; a level of all trees is one batch.

    As building a `SparseMerkleTree` for each, with the same errors. Trees whose leaves come as the same items are
    hashed once.
    """
    if not trees:
        return []
    distinct: dict[tuple[tuple[int, int], ...], int] = {}
    numbers = [distinct.setdefault(tuple(tree.items()), len(distinct)) for tree in trees]
    roots = _compute_distinct_roots([dict(items) for items in distinct], depth, empty_leaf)
    return [roots[number] for number in numbers]


def _compute_distinct_roots(trees: Sequence[Mapping[int, int]], depth: int, empty_leaf: int) -> list[int]:
    size = ARITY**depth
    leaves: dict[int, int] = {}
    for number, tree in enumerate(trees):
        _check_leaves(tree, size)
        for index, leaf in tree.items():
            leaves[number * size + index] = leaf
    nodes = {index: leaf.to_bytes(ELEMENT_BYTES, "little") for index, leaf in leaves.items()}
    empty = _compute_empty_groups(depth, empty_leaf)
    for level in range(depth):
        nodes = _hash_groups(_replace_nodes({}, empty[level], nodes))
    empty_root = empty[depth][:ELEMENT_BYTES]
    return [int.from_bytes(nodes.get(number, empty_root), "little") for number in range(len(trees))]


@dataclass(frozen=True, slots=True)
class ForestTurn:
    """A turn in one of many small trees."""

    tree: int
    turn: Turn


def take_turns_in_forest(
    bases: Sequence[Mapping[int, int]], turns: Sequence[ForestTurn], depth: int, empty_leaf: int
) -> list[Opened]:
    """As `SparseMerkleTree.take_turns` for small trees that are given by their leaves before the first turn. A root is
    that of the turn's tree.

    A leaf that a tree's first turn replaces is on no path before, so its old node is hashed nowhere.
    """
    size = ARITY**depth
    leaves = {tree * size + index: leaf for tree, base in enumerate(bases) for index, leaf in base.items()}
    begun: set[int] = set()
    for item in turns:
        if item.tree not in begun and item.turn.leaf is not None:
            leaves.pop(item.tree * size + item.turn.index, None)
        begun.add(item.tree)
    _check_leaves(leaves, size * len(bases))
    empty = _compute_empty_groups(depth, empty_leaf)
    nodes = {index: leaf.to_bytes(ELEMENT_BYTES, "little") for index, leaf in leaves.items()}
    levels: list[dict[int, bytes]] = []
    for level in range(depth):
        levels.append(_replace_nodes({}, empty[level], nodes))
        nodes = _hash_groups(levels[-1]) if level + 1 < depth else {}
    placed = [Turn(item.tree * size + item.turn.index, item.turn.leaf) for item in turns]
    paths, _, found = _take_turns(levels, empty, placed)
    roots: dict[int, int] = {}
    opened: list[Opened] = []
    for item, path, node in zip(turns, paths, found, strict=True):
        if node is not None:
            roots[item.tree] = int.from_bytes(node, "little")
        opened.append(Opened(path, roots.get(item.tree)))
    return opened


_STARTS: Final = tuple(range(0, ARITY * ELEMENT_BYTES, ELEMENT_BYTES))


def _check_leaves(leaves: Mapping[int, int], size: int) -> None:
    for index, leaf in leaves.items():
        if not 0 <= index < size:
            raise IndexError(f"index {index} is outside a tree of {size} leaves")
        if not is_scalar(leaf):
            raise ValueError("a leaf is a canonical field element")


def _other_nodes(group: bytes, index: int) -> list[int]:
    """The three of four siblings that are not the one at `index`."""
    own = _STARTS[index % ARITY]
    return [int.from_bytes(group[start : start + ELEMENT_BYTES], "little") for start in _STARTS if start != own]


def _replace_nodes(groups: Mapping[int, bytes], empty: bytes, nodes: Mapping[int, bytes]) -> dict[int, bytes]:
    """The groups of siblings that these nodes change, by their parent's index."""
    changed: dict[int, bytearray] = {}
    for index, node in nodes.items():
        parent = index >> DIGIT_BITS
        group = changed.get(parent)
        if group is None:
            changed[parent] = group = bytearray(groups.get(parent, empty))
        start = _STARTS[index % ARITY]
        group[start : start + ELEMENT_BYTES] = node
    return {parent: bytes(group) for parent, group in changed.items()}


def _take_turns(
    levels: Sequence[Mapping[int, bytes]], empty: Sequence[bytes], turns: Sequence[Turn]
) -> tuple[list[tuple[Siblings, ...]], list[dict[int, bytes]], list[bytes | None]]:
    """Each turn's path; the groups of each level after all of them; the node above all levels after each change.

    Within a level a turn sees what the turns before it have left, and all their parents are hashed together.
    """
    for turn in turns:
        if turn.leaf is not None and not is_scalar(turn.leaf):
            raise ValueError("a leaf is a canonical field element")
    indexes = [turn.index for turn in turns]
    nodes = [None if turn.leaf is None else turn.leaf.to_bytes(ELEMENT_BYTES, "little") for turn in turns]
    paths: list[list[Siblings]] = [[] for _ in turns]
    changed: list[dict[int, bytes]] = []
    for groups, empty_group in zip(levels, empty, strict=False):
        own: dict[int, bytes] = {}
        batch: list[bytes] = []
        for number, index in enumerate(indexes):
            parent = index >> DIGIT_BITS
            group = own.get(parent) or groups.get(parent, empty_group)
            left, middle, right = _other_nodes(group, index)
            paths[number].append((left, middle, right))
            node = nodes[number]
            if node is not None:
                start = _STARTS[index % ARITY]
                own[parent] = group = group[:start] + node + group[start + ELEMENT_BYTES :]
                batch.append(group)
            indexes[number] = parent
        hashes = poseidon_encoded(ARITY, b"".join(batch))
        parents = iter(range(0, len(hashes), ELEMENT_BYTES))
        nodes = [None if node is None else hashes[(start := next(parents)) : start + ELEMENT_BYTES] for node in nodes]
        changed.append(own)
    return [tuple(path) for path in paths], changed, nodes


def _hash_groups(groups: Mapping[int, bytes]) -> dict[int, bytes]:
    """The parents of groups of siblings."""
    if not groups:
        return {}
    hashes = poseidon_encoded(ARITY, b"".join(groups.values()))
    return {
        parent: hashes[start : start + ELEMENT_BYTES]
        for parent, start in zip(groups, range(0, len(hashes), ELEMENT_BYTES), strict=True)
    }


@cache
def _compute_empty_groups(depth: int, empty_leaf: int) -> tuple[bytes, ...]:
    """At each level, up to the root's, four nodes above empty leaves only."""
    if not is_scalar(empty_leaf):
        raise ValueError("a leaf is a canonical field element")
    groups = [empty_leaf.to_bytes(ELEMENT_BYTES, "little") * ARITY]
    for _ in range(depth):
        groups.append(poseidon_encoded(ARITY, groups[-1]) * ARITY)
    return tuple(groups)
