"""Sparse quaternary trees against a tree that is built in full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.primitives import merkle
from zklink.primitives.field import R
from zklink.primitives.merkle import Replaced, SparseMerkleTree, compute_path, compute_root, compute_roots
from zklink.primitives.poseidon import poseidon, poseidon_encoded

DEPTH = 2
SIZE = 4**DEPTH
EMPTY = 7

scalars = st.integers(0, R - 1)
leaf_maps = st.dictionaries(st.integers(0, SIZE - 1), st.one_of(scalars, st.just(EMPTY)), max_size=6)
few = tries(40)


def _full_root(leaves: list[int]) -> int:
    nodes = leaves
    while len(nodes) > 1:
        nodes = [poseidon(nodes[i : i + 4]) for i in range(0, len(nodes), 4)]
    return nodes[0]


def _tree(leaves: dict[int, int]) -> SparseMerkleTree:
    tree = SparseMerkleTree(DEPTH, EMPTY)
    tree.update(leaves)
    return tree


@given(leaf_maps, leaf_maps)
@few
def test_root__any_updates__is_the_full_trees(first: dict[int, int], second: dict[int, int]) -> None:
    tree = _tree(first)
    tree.update(second)
    leaves = first | second
    assert tree.root == _full_root([leaves.get(index, EMPTY) for index in range(SIZE)])


@given(leaf_maps)
@few
def test_update__batch__is_one_by_one(leaves: dict[int, int]) -> None:
    single = SparseMerkleTree(DEPTH, EMPTY)
    for index, leaf in leaves.items():
        single.set(index, leaf)
    assert single.root == _tree(leaves).root
    assert all(single.leaf(index) == leaf for index, leaf in leaves.items())


@given(leaf_maps, st.integers(0, SIZE - 1), scalars)
@few
def test_path__any_index__proves_the_leaf_and_its_replacement(leaves: dict[int, int], index: int, leaf: int) -> None:
    tree = _tree(leaves)
    path = tree.path(index)
    assert compute_root(tree.leaf(index), index, path) == tree.root
    tree.set(index, leaf)
    assert compute_root(leaf, index, path) == tree.root


@given(leaf_maps, st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
@few
def test_path__another_index_or_leaf__does_not_prove(leaves: dict[int, int], index: int, other: int) -> None:
    tree = _tree({i: i + 100 for i in range(SIZE)} | leaves)
    path = tree.path(index)
    assert compute_root(tree.leaf(index) ^ 1, index, path) != tree.root
    if other != index:
        assert compute_root(tree.leaf(index), other, path) != tree.root or tree.leaf(index) == tree.leaf(other)


def test_copy__changed__leaves_the_original() -> None:
    tree = _tree({3: 1})
    root = tree.root
    twin = tree.copy()
    twin.set(3, 2)
    assert tree.root == root != twin.root
    assert tree.leaf(3) == 1


def test_set__back_to_empty__gives_the_empty_root() -> None:
    tree = _tree({3: 1})
    tree.set(3, EMPTY)
    assert tree.root == SparseMerkleTree(DEPTH, EMPTY).root


@pytest.mark.parametrize("index", [-1, SIZE, SIZE + 5])
def test_access__outside_the_tree__is_refused(index: int) -> None:
    tree = _tree({0: 1})
    root = tree.root
    for access in (tree.leaf, tree.path, lambda i: tree.set(i, 1), lambda i: tree.update({0: 2, i: 1})):
        with pytest.raises(IndexError):
            access(index)
    assert tree.root == root


def test_path__children_in_reverse_order__is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = _tree({i: i + 100 for i in range(SIZE)})
    original = SparseMerkleTree.path
    monkeypatch.setattr(merkle.SparseMerkleTree, "path", lambda tree, i: [s[::-1] for s in original(tree, i)])
    assert compute_root(tree.leaf(5), 5, tree.path(5)) != tree.root


@given(st.lists(leaf_maps, max_size=4), leaf_maps)
@few
def test_undo__updates_in_reverse_order__restores_each_tree(
    updates: list[dict[int, int]], last: dict[int, int]
) -> None:
    tree = SparseMerkleTree(DEPTH, EMPTY)
    history = []
    for leaves in updates:
        before = [tree.leaf(index) for index in range(SIZE)], tree.root
        history.append((before, tree.update(leaves)))
    for (leaves_before, root_before), replaced in reversed(history):
        tree.undo(replaced)
        assert tree.root == root_before
        assert [tree.leaf(index) for index in range(SIZE)] == leaves_before
    tree.update(last)
    assert tree.root == _tree(last).root


@given(st.lists(leaf_maps, max_size=4))
@few
def test_compute_roots__many_trees__are_the_trees_roots(trees: list[dict[int, int]]) -> None:
    assert compute_roots(trees, DEPTH, EMPTY) == [_tree(leaves).root for leaves in trees]


def test_compute_roots__equal_trees__are_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []

    def count(inputs: int, rows: bytes) -> bytes:
        hashed.append(len(rows) // (32 * inputs))
        return poseidon_encoded(inputs, rows)

    alone = compute_roots([{1: 5}, {2: 5}], DEPTH, EMPTY)
    monkeypatch.setattr(merkle, "poseidon_encoded", count)
    assert compute_roots([{1: 5}, {2: 5}, {1: 5}, {1: 5}, {2: 5}], DEPTH, EMPTY) == [*alone, alone[0], *alone]
    assert hashed == [2] * DEPTH


@given(leaf_maps, st.integers(0, SIZE - 1))
@few
def test_compute_path__any_index__is_the_trees_path(leaves: dict[int, int], index: int) -> None:
    assert compute_path(leaves, index, DEPTH, EMPTY) == _tree(leaves).path(index)


@pytest.mark.parametrize(
    ("leaves", "index", "error"), [({}, SIZE, IndexError), ({SIZE: 1}, 0, IndexError), ({0: R}, 1, ValueError)]
)
def test_compute_path__outside_the_tree_or_not_canonical__is_refused(
    leaves: dict[int, int], index: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        compute_path(leaves, index, DEPTH, EMPTY)


def test_update__leaf_not_canonical__is_refused_and_changes_nothing() -> None:
    tree = _tree({0: 1})
    root = tree.root
    for wrong in (R, -1):
        with pytest.raises(ValueError, match="canonical"):
            tree.update({0: 2, 1: wrong})
        with pytest.raises(ValueError, match="canonical"):
            compute_roots([{1: wrong}], DEPTH, EMPTY)
    assert tree.root == root and tree.leaf(0) == 1
    with pytest.raises(IndexError):
        compute_roots([{SIZE: 1}], DEPTH, EMPTY)


def test_tree__of_depth_0__is_its_leaf() -> None:
    tree = SparseMerkleTree(0, EMPTY)
    assert (tree.root, tree.leaf(0), tree.path(0)) == (EMPTY, EMPTY, [])
    replaced = tree.set(0, 5)
    assert tree.root == tree.leaf(0) == 5 == compute_roots([{0: 5}], 0, EMPTY)[0]
    tree.undo(replaced)
    assert tree.root == EMPTY


def test_undo__without_the_upper_levels__is_caught() -> None:
    """The mutant that restores the leaves and forgets what was above them."""
    tree = _tree({3: 1})
    replaced = tree.update({3: 2, 9: 4})
    tree.undo(Replaced(replaced.root, (replaced.groups[0], *({} for _ in replaced.groups[1:]))))
    assert compute_root(tree.leaf(3), 3, tree.path(3)) != tree.root
