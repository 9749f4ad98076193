"""Writes figures into docs/performance.md: takes measured figures, gives tables, and puts each part between its own
markers. Never touches the text around them, which is written by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from zklink.bench.gas_coverage import FUNCTIONS, INNER
from zklink.bench.local_chains import ChainFigures
from zklink.bench.proving import ENOUGH_SECONDS, RUNS, ProvingFigures
from zklink.bench.this_machine import describe_machine
from zklink.bench.throughput import ThroughputFigures

Row = Sequence[str]

SLOT_KINDS: Final[Mapping[str, str]] = {
    "swap": "swap",
    "ledger": "deposit, full exit, transfer, withdraw, forced exit, change of key, claim of fees",
    "pool": "create pool, add and remove liquidity, pool swap",
    "order": "match of two orders",
}
"""The operations of each kind of slot; all of one kind cost the same."""


def render_table(head: Row, rows: Iterable[Row]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def render_measured(load: str) -> str:
    """The time and machine of a measurement; every part has its own."""
    return f"Measured {date.today().isoformat()} on: {describe_machine()}; {load}."


def render_proving(figures: Sequence[ProvingFigures], load: str) -> str:
    """One preset: its circuits, its slots, and the seconds of each stage."""
    return "\n\n".join(
        (
            render_measured(load),
            _render_circuits(figures),
            _render_slots(figures),
            f"Seconds, median of {RUNS} (one run above {ENOUGH_SECONDS:.0f} s); all provers: same key, same witness:",
            _render_seconds(figures),
        )
    )


def _render_circuits(figures: Sequence[ProvingFigures]) -> str:
    return render_table(
        ("circuit", "slots", "constraints", "fixed part", "average per slot"),
        [
            (
                f.statement.value,
                " + ".join(str(count) for count, _ in f.slots.values()) or "-",
                f"{f.constraints:,}",
                f"{f.fixed:,}" if f.slots else "-",
                f"{f.average:,.0f}" if f.slots else "-",
            )
            for f in figures
        ],
    )


def _render_slots(figures: Sequence[ProvingFigures]) -> str:
    return render_table(
        ("slot", "operations", "constraints of one", "its share of the proof"),
        [
            (name, SLOT_KINDS[name], f"{cost:,}", f"{f.proof_seconds_of(name):.2f} s")
            for f in figures
            for name, (_, cost) in f.slots.items()
        ],
    )


def _render_seconds(figures: Sequence[ProvingFigures]) -> str:
    return render_table(
        ("circuit", "transition", "witness", "key read", "proof", "memory", "two", "groth16py", "two", "snarkjs"),
        [
            (
                f.statement.value,
                f"{f.transition_seconds:.2f} s",
                f"{f.witness_seconds:.2f} s",
                f"{f.key_seconds:.1f} s",
                f"{f.proof_seconds:.2f} s",
                f"{f.peak_bytes / 2**30:.1f} GiB",
                f"{f.pair_seconds:.2f} s",
                f"{f.groth16py_seconds:.2f} s",
                f"{f.groth16py_pair_seconds:.2f} s",
                "-" if f.snarkjs_seconds is None else f"{f.snarkjs_seconds:.1f} s",
            )
            for f in figures
        ],
    )


def render_throughput(figures: Sequence[ThroughputFigures], load: str) -> str:
    """The sequencer at each size of the state."""
    table = render_table(
        ("accounts", "transfers sealed", "with the witness's paths", "memory per account", "all hashed in"),
        [
            (
                f"{f.accounts:,}",
                f"{f.bare_per_second:,.0f}/s",
                f"{f.per_second:,.0f}/s",
                f"{f.bytes_per_account:,} bytes",
                f"{f.build_seconds:,.0f} s",
            )
            for f in figures
        ],
    )
    return f"{render_measured(load)}\n\n{table}"


def render_local_chains(figures: Sequence[ChainFigures], load: str) -> str:
    """Transactions, snapshots and opening, one row for each back end; `test` is py-evm."""
    table = render_table(
        (
            "back end",
            "transactions, direct",
            "through web3",
            "through ape",
            "four chains: snapshot and restore",
            "open",
        ),
        [
            (
                f"`{f.backend}`",
                f"{f.direct_per_second:,.0f}/s",
                f"{f.web3_per_second:,.0f}/s",
                f"{f.ape_per_second:,.0f}/s",
                f"{f.restore_seconds * 1_000:.2f} ms",
                f"{f.open_seconds:.2f} s",
            )
            for f in figures
        ],
    )
    return f"{render_measured(load)}\n\n{table}"


def render_gas(gas: Mapping[str, int], preset: str, load: str) -> str:
    """Gas of transactions by function, of the functions that they include, of reads, and of the creation of each
    contract.
    """
    rows = [(f"`{function}`", name, f"{gas[name]:,}") for function, names in FUNCTIONS.items() for name in names]
    reads: dict[str, list[str]] = {}
    for name, used in gas.items():
        contract, _, function = name.partition(".")
        if function:
            reads.setdefault(contract, []).append(f"`{function}` {used:,}")
    creations = [
        (name.removeprefix("create "), f"{used:,}") for name, used in gas.items() if name.startswith("create ")
    ]
    inner = ", ".join(f"`{name}` (in `{outer}`)" for name, outer in INNER.items())
    return "\n\n".join(
        (
            f"{render_measured(load)} Preset `{preset}`, the verifiers of its own circuits.",
            render_table(("function", "transaction", "gas"), rows),
            f"Called by the system's own contracts only, and measured with their callers: {inner}.",
            render_table(("creation of", "gas"), creations),
            "Reads, as transactions of their own (21,000 gas of each are the transaction); from outside they are free:",
            render_table(("contract", "function and gas"), [(name, ", ".join(each)) for name, each in reads.items()]),
        )
    )


def write_part(page: Path, part: str, figures: str) -> None:
    """Replace the text between a part's markers."""
    begin, end = f"<!-- begin {part}: written by `make bench` -->", f"<!-- end {part} -->"
    before, rest = page.read_text().split(begin)
    after = rest.split(end)[1]
    page.write_text(f"{before}{begin}\n\n{figures}\n\n{end}{after}")
