"""What the dishonest validator can choose from: shapes of blocks, and which of them at which number.

Chains 1 and 2 play the same part, so where every run has its mirror image it is enough to fix the first block up to
exchanging them.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import chain as join
from itertools import combinations

from .rules import CHAINS, PRIMARY, Block
from .situations import Menu

OTHERS = tuple(k for k in CHAINS if k != PRIMARY)


def make_block(slices: tuple[int, ...], forged: tuple[int, ...] = (), letter: str = "a") -> Block:
    """A block with slices of these chains, some forged, as its name tells: `12!2a` has slices of 1 and 2, 2's is
    forged."""
    shape = "".join(map(str, slices)) or "-"
    lies = "".join(("!", *map(str, forged))) if forged else ""
    return Block(shape + lies + letter, frozenset(slices), frozenset(forged))


def make_every_shape(letter: str = "a") -> tuple[Block, ...]:
    """All 27: any chains have a slice, any of these slices are forged."""
    return tuple(make_block(slices, forged, letter) for slices in subsets(CHAINS) for forged in subsets(slices))


def make_main_shapes(letter: str = "a") -> tuple[Block, ...]:
    """Nine: any slices of chains 1 and 2, forged or not. The primary refuses its own slice when forged, and then no
    chain can accept the block; its slice is empty in the blocks that have both others, so that both cases occur."""
    shapes = []
    for slices in subsets(OTHERS):
        own = () if slices == OTHERS else (PRIMARY,)
        shapes += [make_block((*own, *slices), forged, letter) for forged in subsets(slices)]
    return tuple(shapes)


def one_of_mirrored(choices: Iterable[tuple[Block, ...]]) -> tuple[tuple[Block, ...], ...]:
    """Of two choices that look alike when chains 1 and 2 are exchanged, the first."""
    kept: dict[object, tuple[Block, ...]] = {}
    for blocks in choices:
        both = frozenset(
            frozenset(Counter(look(block, names) for block in blocks).items()) for names in ((0, 1, 2), (0, 2, 1))
        )
        kept.setdefault(both, blocks)
    return tuple(kept.values())


def look(block: Block, names: tuple[int, ...]) -> tuple[frozenset[int], frozenset[int]]:
    """The shape of a block when the chains have these names."""
    return frozenset(names[k] for k in block.slices), frozenset(names[k] for k in block.forged)


def any_shape(numbers: int, shapes: tuple[Block, ...]) -> Menu:
    """Every sequence of these shapes, up to the mirror image. Not for runs in which rivals lie about: there chains may
    begin with different blocks."""
    first = tuple(block for (block,) in one_of_mirrored((shape,) for shape in shapes))
    return (first, *[shapes] * (numbers - 1))


def make_rivals() -> tuple[tuple[Block, ...], ...]:
    """Every two blocks that can contend for a number, up to the mirror image; also two of one shape."""
    first, second = make_main_shapes("a"), make_main_shapes("b")
    return one_of_mirrored((first[i], second[j]) for i in range(len(first)) for j in range(i, len(second)))


def menu(*numbers: str) -> Menu:
    """Blocks by name, for each number one or several: `menu("0a 0b", "12a")`."""
    return tuple(tuple(BY_NAME[name] for name in names.split()) for names in numbers)


def subsets(items: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(join.from_iterable(combinations(items, size) for size in range(len(items) + 1)))


BY_NAME = {block.name: block for letter in "ab" for block in make_main_shapes(letter)}
