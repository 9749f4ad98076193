"""Figures that are the same at every run, and those that were accepted: sizes, gas.

Takes figures by name; reads and writes them as files, and lists changes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that differs from the snapshot; None on the side where it is missing."""

    name: str
    before: int | None
    after: int | None

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.name}: new, {self.after:,}"
        if self.after is None:
            return f"{self.name}: gone, was {self.before:,}"
        percent = f" ({(self.after - self.before) / self.before:+.2%})" if self.before else ""
        return f"{self.name}: {self.before:,} -> {self.after:,}{percent}"


def find_changes(before: Figures, after: Figures) -> list[Change]:
    """Every figure that differs, by name."""
    names = sorted(before.keys() | after.keys())
    return [Change(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)]


def read_figures(file: Path) -> dict[str, int]:
    """The accepted figures; none if there is no file yet."""
    figures: dict[str, int] = json.loads(file.read_text()) if file.is_file() else {}
    return figures


def write_figures(file: Path, figures: Figures) -> None:
    """Accept figures: one line each, by name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(json.dumps(dict(figures), indent=1, sort_keys=True) + "\n")
    fresh.replace(file)
