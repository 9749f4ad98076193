"""Writes the figures into docs/performance.md, between markers; the text around them is written by hand."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from zklink.node.bench.proving import ProvingFigures
from zklink.node.bench.throughput import ThroughputFigures

BEGIN: Final = "<!-- begin figures: written by `make bench` -->"
END: Final = "<!-- end figures -->"

Row = Sequence[str]

SLOT_KINDS: Final[Mapping[str, str]] = {
    "swap": "swap",
    "ledger": "deposit, full exit, transfer, withdraw, forced exit, change of key, claim of fees",
    "pool": "create pool, add and remove liquidity, pool swap",
    "order": "match of two orders",
}
"""Which operations stand in a kind of slot; all of one kind cost the same."""


def render_table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def render_figures(
    proving: Sequence[ProvingFigures],
    throughput: Sequence[ThroughputFigures],
    gas: Mapping[str, int],
    gas_preset: str,
) -> str:
    """The generated part of the page."""
    return "\n\n".join(
        (
            f"Measured {date.today().isoformat()} on: {describe_machine()}.",
            "### Circuits",
            _render_circuits(proving),
            "### Slots",
            _render_slots(proving),
            "### Seconds for a full statement (median of 3; same key and witness for both provers)",
            _render_seconds(proving),
            "### Sequencer (signed transfers, blocks of preset `main`, signatures checked, a root per block; one core)",
            _render_throughput(throughput),
            f"### Gas (whole transactions, preset `{gas_preset}`, real proofs)",
            render_table(("transaction", "gas"), [(name, f"{used:,}") for name, used in gas.items()]),
        )
    )


def _render_circuits(proving: Sequence[ProvingFigures]) -> str:
    return render_table(
        ("preset", "circuit", "slots", "constraints", "fixed part", "average per slot"),
        [
            (
                f"`{f.preset.name}`",
                f.statement.value,
                " + ".join(str(count) for count, _ in f.slots.values()) or "-",
                f"{f.constraints:,}",
                f"{f.fixed:,}" if f.slots else "-",
                f"{f.average:,.0f}" if f.slots else "-",
            )
            for f in proving
        ],
    )


def _render_slots(proving: Sequence[ProvingFigures]) -> str:
    return render_table(
        ("preset", "slot", "operations", "constraints of one more", "its share of the proof"),
        [
            (f"`{f.preset.name}`", name, SLOT_KINDS[name], f"{cost:,}", f"{f.proof_seconds_of(name):.2f} s")
            for f in proving
            for name, (_, cost) in f.slots.items()
        ],
    )


def _render_seconds(proving: Sequence[ProvingFigures]) -> str:
    return render_table(
        ("preset", "circuit", "transition", "witness", "proof, groth16py", "proof, snarkjs"),
        [
            (
                f"`{f.preset.name}`",
                f.statement.value,
                f"{f.transition_seconds:.2f} s",
                f"{f.witness_seconds:.2f} s",
                f"{f.proof_seconds:.1f} s",
                f"{f.snarkjs_seconds:.1f} s",
            )
            for f in proving
        ],
    )


def _render_throughput(throughput: Sequence[ThroughputFigures]) -> str:
    return render_table(
        ("accounts", "with the witness's paths", "without", "state memory per account"),
        [
            (
                f"{f.accounts:,}",
                f"{f.per_second:,.0f}/s",
                f"{f.bare_per_second:,.0f}/s",
                f"{f.bytes_per_account:,} bytes",
            )
            for f in throughput
        ],
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
