"""Coverage as one HTML page that needs nothing else: figures, then each source with its lines coloured."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Final

from zklink.lab.coverage.report import FileCoverage, tell_limits, total
from zklink.lab.coverage.shadow import Recorder

_STYLE: Final = (
    "body{font:15px system-ui;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3em .8em;"
    "text-align:left}td.n{text-align:right}pre{font:13px/1.45 monospace;margin:0;overflow-x:auto}"
    "pre span{display:block;padding:0 .5em;white-space:pre}.run{background:#dff3df}.never{background:#f8d4d4}"
    ".half{background:#fbeec2}i{color:#777;font-style:normal;user-select:none}b.say{color:#850;font-weight:normal}"
)
_LEGEND: Final = (
    '<p><span class="run">run by a test</span> <span class="never">never run</span> '
    '<span class="half">run, and its condition always came out the same</span></p>'
)


def build_page(root: Path, files: Sequence[FileCoverage], recorder: Recorder) -> str:
    """The page; sources are read below `root`."""
    rows = "\n".join(_row(file.place, file.statements, file.branches) for file in files)
    whole = _row("in all", total(file.statements for file in files), total(file.branches for file in files))
    limits = "".join(f"<p>{escape(line)}</p>" for line in tell_limits(recorder))
    sources = "\n".join(_source(root, file) for file in files)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Coverage of contracts</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>Coverage of contracts</h1>\n"
        "<table><thead><tr><th>file</th><th>statements</th><th></th><th>branches</th><th></th></tr></thead>\n"
        f"<tbody>\n{rows}\n{whole}\n</tbody></table>\n{limits}{_LEGEND}\n{sources}\n</body></html>\n"
    )


def _row(name: str, statements: tuple[int, int], branches: tuple[int, int]) -> str:
    label = escape(name) if name == "in all" else f'<a href="#{escape(name)}">{escape(name)}</a>'
    cells = "".join(
        f'<td class="n">{reached}/{known}</td><td class="n">{_percent(reached, known)}</td>'
        for reached, known in (statements, branches)
    )
    return f"<tr><td>{label}</td>{cells}</tr>"


def _percent(reached: int, known: int) -> str:
    return f"{100 * reached // known} %" if known else ""


def _source(root: Path, file: FileCoverage) -> str:
    lines = "".join(_lines(file, (root / file.place).read_text().splitlines()))
    return f'<h2 id="{escape(file.place)}">{escape(file.place)}</h2>\n<pre>{lines}</pre>'


def _lines(file: FileCoverage, texts: list[str]) -> Iterator[str]:
    never, half, run = set(file.never_run), file.one_sided, file.run
    for number, text in enumerate(texts, 1):
        kind = "never" if number in never else "half" if number in half else "run" if number in run else ""
        said = f' <b class="say">{half[number]}</b>' if number in half else ""
        yield f'<span class="{kind}"><i>{number:>4}</i> {escape(text)}{said}</span>'
