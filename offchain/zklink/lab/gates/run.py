"""Runs gates on a project, one after the other, and gives what does not pass, by file and line."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from zklink.lab.errors import ContractUnusable, NoSuchGate
from zklink.lab.gates.bytes import find_odd
from zklink.lab.gates.externals import find_undescribed, find_unlocked
from zklink.lab.gates.finding import Finding
from zklink.lab.gates.heads import find_bad_pragmas, find_missing_tags
from zklink.lab.gates.project import Project
from zklink.lab.gates.reasons import find_bad_reasons
from zklink.lab.gates.sizes import find_bad_sizes

Gate = Callable[[Project], Iterator[Finding]]


def _find_bad_natspec(project: Project) -> Iterator[Finding]:
    yield from find_undescribed(project)
    yield from find_missing_tags(project)


def _find_flawed(project: Project) -> Iterator[Finding]:
    # Not above: it loads the compiler.
    from zklink.lab.gates.flaws import find_flawed

    yield from find_flawed(project)


def _find_broken_promises(project: Project) -> Iterator[Finding]:
    # Not above: promises stand on findings.
    from zklink.lab.promises.check import find_broken

    yield from find_broken(project)


def _find_dearer(project: Project) -> Iterator[Finding]:
    # Not above: it runs tests.
    from zklink.lab.gates.gas import find_dearer

    yield from find_dearer(project)


GATES: Final[dict[str, Gate]] = {
    "ascii": find_odd,
    "pragma": find_bad_pragmas,
    "compiler": _find_flawed,
    "locks": find_unlocked,
    "natspec": _find_bad_natspec,
    "reasons": find_bad_reasons,
    "promises": _find_broken_promises,
    "sizes": find_bad_sizes,
    "gas": _find_dearer,
}
"""What each gate looks for, by its name."""


def find_findings(project: Project, gates: Sequence[str] = ()) -> list[Finding]:
    """Everything that does not pass these gates, all by default, by file and line. A source that the compiler refuses
    is told once, with no word of the gate that needed it. Raises NoSuchGate.
    """
    for name in gates:
        if name not in GATES:
            raise NoSuchGate(name, tuple(GATES))
    found: set[Finding] = set()
    for name in GATES:
        if not gates or name in gates:
            try:
                found |= set(GATES[name](project))
            except ContractUnusable as error:
                found.add(Finding("compiles", project.place(Path(error.file)), 0, error.reason))
    return sorted(found, key=lambda each: (each.place, each.line, each.gate, each.text))
