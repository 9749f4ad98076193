"""How far the protocol is explored: for each size its menus and what is taken at once. The suite explores the
smaller ones, `python -m tests.properties.sync_model --large` all of them."""

from dataclasses import dataclass
from itertools import product

from .explore import Exploration, Result
from .menus import any_shape, make_every_shape, make_main_shapes, make_rivals, menu, one_of_mirrored
from .rules import Rules
from .situations import FAST, STEP_BY_STEP, AtOnce, Menu

SHAPES = make_main_shapes()
FIRST = one_of_mirrored((shape,) for shape in SHAPES)
FRZ_APART = AtOnce(acc=True, end=True, accept=True)
MESSAGES_APART = AtOnce(end=True, accept=True)
ACCEPT_APART = AtOnce(acc=True, frz=True, end=True)


@dataclass(frozen=True, slots=True)
class Size:
    """One or more explorations, counted together."""

    name: str
    menus: tuple[Menu, ...]
    at_once: AtOnce

    def explore(self, rules: Rules) -> Result:
        """Runs all of them, one after the other."""
        total = Result()
        for blocks in self.menus:
            total.add(Exploration(rules, blocks, self.at_once).run())
        return total


SUITE = (
    Size("1 number, every step apart", tuple((blocks,) for blocks in FIRST[1:]), STEP_BY_STEP),
    Size("1 number, 18 rivals, prove and revert apart", ((SHAPES + make_main_shapes("b"),),), ACCEPT_APART),
    Size(
        "2 numbers, every 2 rivals, prove and revert apart", tuple((pair, pair) for pair in make_rivals()), ACCEPT_APART
    ),
    Size("2 numbers, each FRZ apart", (any_shape(2, SHAPES),), FRZ_APART),
    Size(
        "2 numbers, each message apart, 3 sequences",
        (menu("12!1a", "01a"), menu("01!1a", "02a"), menu("12a", "12!12a")),
        MESSAGES_APART,
    ),
    Size("2 numbers, all 27 shapes", (any_shape(2, make_every_shape()),), FAST),
    Size("3 numbers", (any_shape(3, SHAPES),), FAST),
)

LARGE = (
    Size("1 number, every step apart, a block of the primary alone", (FIRST[:1],), STEP_BY_STEP),
    Size("4 numbers", (any_shape(4, SHAPES),), FAST),
    Size("3 numbers, each FRZ apart", (any_shape(3, SHAPES),), FRZ_APART),
    Size(
        "2 numbers, each message apart, every sequence",
        tuple((first, (second,)) for first, second in product(FIRST, SHAPES)),
        MESSAGES_APART,
    ),
)
