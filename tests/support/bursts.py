"""Bursts of steps for state machines: one choice for each step, drawn by Hypothesis on its own.

So a failing burst shrinks: a step that is not needed becomes a choice of zeros, which is no step at all, and leaves the
others as they are. What those were is in the notes (tests/support/books/diary.py). The values of a step are spread from
its choice and its place by a hash, not read off it: Hypothesis finds new test cases by repeating parts of old ones, and
the same step again seldom leads anywhere (read off, 40 runs executed some 6 blocks; spread, some 15).
"""

from collections.abc import Iterator, Sequence
from hashlib import shake_128

from hypothesis import strategies as st

from tests.strategies import Dice

CHOICE_BYTES = 8


class Burst:
    """The choices of a burst."""

    def __init__(self, choices: list[bytes]) -> None:
        self.choices = choices

    def __repr__(self) -> str:
        return f"<{sum(map(any, self.choices))} steps>"

    def dice(self, number: int, size: int) -> Iterator[Dice]:
        """For each step that is taken so many bytes of chance, in the burst of this number."""
        for place, choice in enumerate(self.choices):
            if any(choice):
                yield Dice(shake_128(b"%d %d %b" % (number, place, choice)).digest(size))


@st.composite
def bursts(draw: st.DrawFn, steps: int) -> Burst:
    """Up to so many steps."""
    choice = st.binary(min_size=CHOICE_BYTES, max_size=CHOICE_BYTES)
    return Burst(draw(st.lists(choice, min_size=steps, max_size=steps)))


def spread(choices: Sequence[bytes], size: int) -> Dice:
    """So many bytes of chance out of some choices."""
    return Dice(shake_128(b"".join(choices)).digest(size))
