"""One exploration's givens: the rules, who is dishonest, and the blocks there are."""

from dataclasses import dataclass, field

from .blocks import Block, History
from .rules import Rules
from .state import Adversary, World, make_start

Menu = tuple[Block, ...]


@dataclass(slots=True)
class Setting:
    """`requests` is how many each chain's queue can hold; with `ages`, blocks grow old and seals are counted."""

    rules: Rules
    adversary: Adversary
    menu: Menu
    members: int = 1
    requests: int = 1
    ages: bool = False
    histories: tuple[History, ...] = field(init=False)
    """Every history that these blocks make."""
    at: dict[int, tuple[Block, ...]] = field(init=False)
    """The blocks of each number."""

    def __post_init__(self) -> None:
        last = max(block.number for block in self.menu)
        self.at = {n: tuple(block for block in self.menu if block.number == n) for n in range(1, last + 1)}
        layer: list[History] = [()]
        histories = list(layer)
        for number in range(1, last + 1):
            layer = [(*history, block) for history in layer for block in self.at[number]]
            histories += layer
        self.histories = tuple(histories)

    @property
    def start(self) -> World:
        return make_start(self.members, count_seals=self.ages and self.adversary.validators != "bad")

    def next_blocks(self, history: History) -> tuple[Block, ...]:
        return self.at.get(len(history) + 1, ())

    def is_sealed(self, world: World, history: History) -> bool:
        return self.rules.is_sealed(self.adversary, world, history)
