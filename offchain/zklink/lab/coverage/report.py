"""What was reached, by file: statements, and both sides of each condition. As lines of text.

Takes a recorder; gives figures. A statement counts once, in however many contracts it is compiled, and is reached if it
is in one of them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from zklink.lab.coverage.probes import FALSE, RUN, TRUE, Mark
from zklink.lab.coverage.shadow import Recorder, find_unseen

_SAYS: Final = {
    ("If", TRUE): "never true",
    ("If", FALSE): "never false",
    ("Assert", TRUE): "always refuses",
    ("Assert", FALSE): "never refuses",
}


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """One source. `marks` are its statements and conditions' sides, each with whether it was reached."""

    place: str
    marks: tuple[tuple[Mark, bool], ...]

    def count(self, *kinds: str) -> tuple[int, int]:
        """Reached, and all there are, of kinds of marks."""
        of_kind = [is_reached for mark, is_reached in self.marks if mark.kind in kinds]
        return sum(of_kind), len(of_kind)

    @property
    def statements(self) -> tuple[int, int]:
        """Reached, and all."""
        return self.count(RUN)

    @property
    def branches(self) -> tuple[int, int]:
        """Sides of conditions that were taken, and all."""
        return self.count(TRUE, FALSE)

    @property
    def never_run(self) -> list[int]:
        """Lines of statements that no message has reached; of a compound statement those of its head."""
        return sorted(self._lines(is_reached=False) - self.run)

    @property
    def run(self) -> set[int]:
        """Lines of statements that were reached."""
        return self._lines(is_reached=True)

    def _lines(self, *, is_reached: bool) -> set[int]:
        found = (mark for mark, was_reached in self.marks if mark.kind == RUN and was_reached == is_reached)
        return {line for mark in found for line in range(mark.line, mark.end + 1)}

    @property
    def one_sided(self) -> dict[int, str]:
        """Conditions that were reached, and had the same value each time: `never refuses` by line."""
        missed = set(self.never_run)
        return {
            mark.line: _SAYS[mark.statement, mark.kind]
            for mark, is_reached in self.marks
            if mark.kind != RUN and not is_reached and mark.line not in missed
        }


def summarise(recorder: Recorder) -> list[FileCoverage]:
    """Every source of which a contract has statements, by name."""
    reached: dict[str, dict[Mark, bool]] = defaultdict(dict)
    for contract in recorder.contracts:
        hits = recorder.hits.get(contract.tag, set())
        for number, mark in enumerate(contract.marks):
            known = reached[mark.place]
            known[mark] = known.get(mark, False) or number in hits
    by_line = {place: sorted(marks.items(), key=lambda each: each[0].line) for place, marks in reached.items()}
    return [FileCoverage(place, tuple(marks)) for place, marks in sorted(by_line.items())]


def render(files: Sequence[FileCoverage], recorder: Recorder) -> Iterator[str]:
    """The report's lines."""
    yield f"{'statements':>12} {'branches':>12}  file"
    for file in files:
        yield f"{_share(file.statements):>12} {_share(file.branches):>12}  {file.place}"
        if file.never_run:
            yield f"{'never run':>25}: {', '.join(join_lines(file.never_run)) if file.run else 'all of it'}"
        for says in sorted(set(file.one_sided.values())):
            lines = [line for line, said in file.one_sided.items() if said == says]
            yield f"{says:>25}: {', '.join(map(str, lines))}"
    yield f"{_share(total(f.statements for f in files)):>12} {_share(total(f.branches for f in files)):>12}  in all"
    yield from tell_limits(recorder)


def tell_limits(recorder: Recorder) -> Iterator[str]:
    """What the figures do not say."""
    if unseen := ", ".join(find_unseen(recorder)):
        yield f"never on a chain, because no test deploys them or they are compiled with other settings: {unseen}"
    if recorder.strays:
        said = "message ends" if recorder.strays == 1 else "messages end"
        yield f"{recorder.strays} of {recorder.messages} {said} otherwise with probes: they may have run other lines"


def total(shares: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The sum of figures such as `FileCoverage.statements`."""
    reached, known = 0, 0
    for some, every in shares:
        reached, known = reached + some, known + every
    return reached, known


def join_lines(lines: Iterable[int]) -> Iterator[str]:
    """Neighbours as `12-14`."""
    first = last = None
    for line in lines:
        if first is None or last is None or line > last + 1:
            if first is not None:
                yield _span(first, last)
            first = line
        last = line
    if first is not None:
        yield _span(first, last)


def _span(first: int, last: int | None) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _share(share: tuple[int, int]) -> str:
    return f"{share[0]}/{share[1]}"
