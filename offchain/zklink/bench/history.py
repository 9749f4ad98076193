"""The figures of each release on each machine, and a plot of them.

Takes figures as they are measured; keeps one line for a release and machine in a CSV file. A figure that is measured
again replaces the older one. The plot shows each figure beside its first one on that machine, so that machines of
different speed can be seen together; above 1 is better.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

FILE: Final = "performance-history.csv"
PLOT: Final = "performance-history.svg"
KEYS: Final = ("release", "machine", "date", "load")
FIGURES: Final[Mapping[str, str]] = {
    "hash_us": "hash of four elements in a batch",
    "transfers_per_s": "transfers sealed",
    "transfers_with_paths_per_s": "transfers sealed with paths",
    "swap_proof_s": "proof of a swap block",
    "account_proof_s": "proof of an account block",
    "swap_proof_to_groth16py": "the same in groth16py's times",
    "proofs_per_s": "proofs of two processes",
    "accept_gas": "gas of a block on the primary, fixed part",
}
"""The columns, and what they are called in the plot."""
_MORE_IS_BETTER: Final = ("transfers_per_s", "transfers_with_paths_per_s", "proofs_per_s", "swap_proof_to_groth16py")

Line = dict[str, str]


def read_lines(folder: Path) -> list[Line]:
    """The lines of the file, in its order; none if there is no file."""
    path = folder / FILE
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def note_figures(folder: Path, machine: str, load: str, figures: Mapping[str, float]) -> None:
    """Put figures of this release and machine in their line, and draw the plot again."""
    release, lines = version("zklink"), read_lines(folder)
    line = next((own for own in lines if (own["release"], own["machine"]) == (release, machine)), None)
    if line is None:
        line = {"release": release, "machine": machine}
        lines.append(line)
    line |= {"date": date.today().isoformat(), "load": load}
    line |= {name: f"{figures[name]:.4g}" for name in FIGURES if name in figures}
    with (folder / FILE).open("w", newline="") as file:
        writer = csv.DictWriter(file, (*KEYS, *FIGURES), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    (folder / PLOT).write_text(draw_plot(lines))


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure on a machine: how many times better than the first, for each release that has it."""

    name: str
    points: tuple[tuple[int, float], ...]


def list_curves(lines: Sequence[Line]) -> list[Curve]:
    """Releases are numbered from 0 in the order of the file."""
    releases = list(dict.fromkeys(line["release"] for line in lines))
    curves = []
    for machine in dict.fromkeys(line["machine"] for line in lines):
        own = [line for line in lines if line["machine"] == machine]
        for column, name in FIGURES.items():
            found = [(releases.index(line["release"]), float(line[column])) for line in own if line.get(column)]
            if found:
                first = found[0][1]
                better = (value / first if column in _MORE_IS_BETTER else first / value for _, value in found)
                curves.append(Curve(f"{name} ({machine})", tuple(zip((x for x, _ in found), better, strict=True))))
    return curves


_WIDTH, _LEFT, _TOP, _HEIGHT, _LEGEND = 760, 60, 20, 240, 18
_COLOURS: Final = ("#1b6ca8", "#c0392b", "#27ae60", "#8e44ad", "#d68910", "#16a085", "#7f8c8d", "#2c3e50")


def draw_plot(lines: Sequence[Line]) -> str:
    """The plot as SVG; one curve for each figure and machine, a dot for each release."""
    curves, releases = list_curves(lines), list(dict.fromkeys(line["release"] for line in lines))
    top = max([1.25, *(value for curve in curves for _, value in curve.points)]) * 1.1
    step = (_WIDTH - 2 * _LEFT) / max(len(releases) - 1, 1)
    height = _TOP + _HEIGHT + 40 + _LEGEND * len(curves)

    def place(x: int, value: float) -> tuple[float, float]:
        return round(_LEFT + x * step, 1), round(_TOP + _HEIGHT * (1 - value / top), 1)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif">']
    parts.append(f'<rect width="{_WIDTH}" height="{height}" fill="white"/>')
    for mark in (0.0, 1.0, round(top * 0.9, 2)):
        _, y = place(0, mark)
        parts.append(f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _LEFT}" y2="{y}" stroke="#ccc"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" font-size="11" text-anchor="end">{mark:g}</text>')
    for x, release in enumerate(releases):
        parts.append(f'<text x="{place(x, 0)[0]}" y="{_TOP + _HEIGHT + 18}" font-size="11">{release}</text>')
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [place(x, value) for x, value in curve.points]
        path = " ".join(f"{x},{y}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in places]
        y = _TOP + _HEIGHT + 40 + _LEGEND * number
        parts.append(f'<rect x="{_LEFT}" y="{y - 9}" width="10" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{_LEFT + 16}" y="{y}" font-size="11">{_escape(curve.name)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
