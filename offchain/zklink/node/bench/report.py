"""Writes the figures into docs/performance.md, between markers; the text around them is written by hand."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from zklink.node.bench.proving import ProvingFigures

BEGIN: Final = "<!-- begin figures: written by `make bench` -->"
END: Final = "<!-- end figures -->"

Row = Sequence[str]


def render_table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def render_figures(proving: Sequence[ProvingFigures], gas: Mapping[str, int], gas_preset: str) -> str:
    """The generated part of the page."""
    circuits = render_table(
        ("preset", "slots", "constraints", "per slot", "fixed part", "average per slot"),
        [
            (
                f"`{f.preset.name}`",
                str(f.preset.slots),
                f"{f.constraints:,}",
                f"{f.per_slot:,}",
                f"{f.fixed:,}",
                f"{f.average:,.0f}",
            )
            for f in proving
        ],
    )
    seconds = render_table(
        ("preset", "transition", "witness", "proof, groth16py", "proof, snarkjs"),
        [
            (
                f"`{f.preset.name}`",
                f"{f.transition_seconds:.2f} s",
                f"{f.witness_seconds:.2f} s",
                f"{f.proof_seconds:.1f} s",
                f"{f.snarkjs_seconds:.1f} s",
            )
            for f in proving
        ],
    )
    gas_table = render_table(("transaction", "gas"), [(name, f"{used:,}") for name, used in gas.items()])
    return "\n\n".join(
        (
            f"Measured {date.today().isoformat()} on: {describe_machine()}.",
            "### Circuits",
            circuits,
            "### Seconds for a full block (median of 3; same key and witness for both provers)",
            seconds,
            f"### Gas (whole transactions, preset `{gas_preset}`, real proofs)",
            gas_table,
        )
    )


def describe_machine() -> str:
    """Processor, cores, memory and the versions that matter."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("groth16py", "wasmtime", "vyper", "py-evm"))
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {packages}"


def write_figures(page: Path, figures: str) -> None:
    """Replace what stands between the markers."""
    text = page.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}")


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
