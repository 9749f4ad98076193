"""What was found of a project's generated mutants, as a page and in one line.

Takes mutants and findings; gives text. A mutant is explained if the plan says why no test can notice it, and
none has, whether or not they were asked.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from zklink.lab.errors import MutantUnusable
from zklink.lab.mutation.findings import Finding
from zklink.lab.mutation.mutants import Mutant
from zklink.lab.mutation.plan import Plan, Same, explain
from zklink.lab.mutation.run import Verdict

BEGIN: Final = "<!-- mutants -->"
END: Final = "<!-- end of mutants -->"
_HEAD: Final = (
    "| source | mutants | judged | of all | killed | same code | does not compile | explained | open | not judged |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)
_LANGUAGES: Final = {".vy": "all of Vyper", ".py": "all of Python"}


@dataclass(frozen=True)
class Report:
    """All mutants of a plan's sources, and what was found of some."""

    folder: Path
    plan: Plan
    mutants: Sequence[Mutant]
    findings: Sequence[Finding]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many changes the rules left out, by why."""

    @cached_property
    def explained(self) -> dict[str, Same]:
        """The explanations, by the mutants' names."""
        return explain(self.folder, self.mutants, self.plan)

    @cached_property
    def survivors(self) -> list[Mutant]:
        """Those that survived and that nobody has explained."""
        explained = self.explained
        survived = [found.mutant for found in self.findings if found.verdict is Verdict.SURVIVED]
        return [mutant for mutant in survived if mutant.name not in explained]

    def tell(self) -> str:
        """One line."""
        return ", ".join(f"{count} {name}" for name, count in self._count(self.mutants).items())

    def to_table(self) -> str:
        """A row for each source, for each language if there are several, and all together."""
        by_file, by_language = defaultdict[str, list[Mutant]](list), defaultdict[str, list[Mutant]](list)
        for mutant in self.mutants:
            by_file[mutant.changes[0].file].append(mutant)
            by_language[_LANGUAGES[Path(mutant.changes[0].file).suffix]].append(mutant)
        rows = [self._row(f"`{file}`", by_file[file]) for file in self.plan.files]
        totals = [self._row(name, mutants) for name, mutants in by_language.items()] if len(by_language) > 1 else []
        return "\n".join([_HEAD, *rows, *totals, self._row("all", self.mutants)])

    def _row(self, name: str, mutants: Sequence[Mutant]) -> str:
        made, judged, *others = self._count(mutants).values()
        share = f"{100 * judged // made} %" if made else ""
        return " | ".join([f"| {name}", *map(str, (made, judged, share, *others)), ""]).rstrip()

    def _count(self, mutants: Sequence[Mutant]) -> dict[str, int]:
        names, explained, left = {each.name for each in mutants}, self.explained, {each.name for each in self.survivors}
        found = [finding for finding in self.findings if finding.mutant.name in names]
        unasked = (names & explained.keys()) - {finding.mutant.name for finding in found}
        verdicts = Counter(finding.verdict for finding in found)
        return {
            "generated": len(mutants),
            "judged": len(found),
            "killed": verdicts[Verdict.KILLED],
            "same code": verdicts[Verdict.SAME],
            "does not compile": verdicts[Verdict.UNUSABLE],
            "explained": sum(f.verdict is Verdict.SURVIVED and f.mutant.name in explained for f in found)
            + len(unasked),
            "survived": sum(finding.mutant.name in left for finding in found),
            "not judged": len(mutants) - len(found) - len(unasked),
        }

    def to_left_out(self) -> str:
        """What the rules left out; nothing if that was not counted."""
        rows = [f"| {why} | {count} |" for why, count in sorted(self.left_out.items(), key=lambda each: -each[1])]
        return "\n".join(["| left out by rule | changes |\n|---|--:|", *rows]) if rows else ""

    def to_list(self) -> str:
        """What survived, and why it may."""
        explained = self.explained
        lines = [f"- {_name(mutant)}: nobody has said why" for mutant in self.survivors]
        names = {mutant.name: mutant for mutant in self.mutants}
        return "\n".join([*lines, *(f"- {_name(names[name])}: {same.why}" for name, same in explained.items())])


def _name(mutant: Mutant) -> str:
    place, _, told = mutant.name.partition(" ")
    return f"`{place}`, {told}"


def write_page(page: Path, report: Report) -> None:
    """Put table and list between the page's two comments. Raises MutantUnusable if it has none."""
    head, begin, rest = page.read_text().partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise MutantUnusable(str(page), f"it has no {BEGIN} and {END}")
    parts = [part for part in (report.to_table(), report.to_left_out(), report.to_list()) if part]
    page.write_text("\n\n".join([f"{head}{BEGIN}", *parts, f"{END}{tail}"]))
