"""Writes figures into docs/performance.md: takes measured figures, gives tables, and puts each part between its own
markers. Never touches the text around them, which is written by hand.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from zklink.bench.comparison import MESSAGE, ROWS
from zklink.bench.comparison import Row as Comparison
from zklink.bench.devnet_start import StartFigures
from zklink.bench.gas import TARGETS
from zklink.bench.gas_coverage import FUNCTIONS, INNER, WHOLE
from zklink.bench.local_chains import ChainFigures
from zklink.bench.node_hours import Look, WayFigures
from zklink.bench.node_load import AskFigures, SwapFigures
from zklink.bench.proving import ENOUGH_SECONDS, RUNS, ProvingFigures
from zklink.bench.recovery import RecoveryFigures
from zklink.bench.registry_gas import CONTRACTS, CREATION, VERIFIERS
from zklink.bench.restart import RestartFigures
from zklink.bench.this_machine import describe_machine
from zklink.bench.throughput import ThroughputFigures
from zklink.l1.contract_artifacts import load_contract
from zklink.protocol.presets import MINIMAL

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
        (
            "accounts",
            "transfers sealed",
            "with the witness's paths",
            "by Python's integers",
            "gain",
            "memory per account",
            "all hashed in",
        ),
        [
            (
                f"{f.accounts:,}",
                f"{f.bare_per_second:,.0f}/s",
                f"{f.per_second:,.0f}/s",
                f"{f.plain_per_second:,.0f}/s",
                f"{f.per_second / f.plain_per_second:,.0f} times",
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


def render_devnet(figures: Sequence[StartFigures], load: str) -> str:
    """What people wait for, one row for each command."""
    table = render_table(
        ("what", "after", "processor time of the run"),
        [(f.what, f"{f.seconds:,.0f} s", f"{f.processor_seconds:,.0f} s") for f in figures],
    )
    return f"{render_measured(load)}\n\n{table}"


def render_node(asked: Sequence[AskFigures], swaps: Sequence[SwapFigures], load: str) -> str:
    """What one node bears: swaps by the rate at which they are offered, questions by how many ask at once."""
    through = render_table(
        ("swaps offered a second", "sent", "arrived", "arrived a second", "a swap takes, median", "95 of 100 within"),
        [
            (
                f"{f.offered_per_second:,}",
                f"{f.swaps:,}",
                f"{f.arrived:,}",
                f"{f.per_second:,.1f}",
                f"{f.median_seconds:,.1f} s",
                f"{f.p95_seconds:,.1f} s",
            )
            for f in swaps
        ],
    )
    questions = render_table(
        ("question", "callers at once", "answers a second", "median", "95 of 100 within", "99 of 100 within"),
        [
            (
                f.question,
                f"{f.at_once:,}",
                f"{f.per_second:,.0f}",
                *(f"{value:,.1f} ms" for value in (f.median_ms, f.p95_ms, f.p99_ms)),
            )
            for f in asked
        ],
    )
    return f"{render_measured(load)}\n\n{through}\n\n{questions}"


def render_recovery(figures: Sequence[RecoveryFigures], load: str) -> str:
    """The steps of a recovery from the primary's calldata, one row for each history."""
    table = render_table(
        ("blocks, all full", "words", "calldata", "read from calldata", "hashed and checked", "replayed", "together"),
        [
            (
                f"{f.blocks:,} of `{f.preset}`",
                f"{f.words:,}",
                f"{f.calldata_bytes / 10**6:,.0f} MB",
                f"{f.decode_seconds:,.1f} s",
                f"{f.check_seconds:,.1f} s",
                f"{f.replay_seconds:,.1f} s",
                f"{f.decode_seconds + f.check_seconds + f.replay_seconds:,.1f} s",
            )
            for f in figures
        ],
    )
    return f"{render_measured(load)}\n\n{table}"


def render_hours(looks: Sequence[Look], ways: Sequence[WayFigures], load: str) -> str:
    """A node's memory and database as it goes on, what each swap has added to it, and how long swaps took."""
    first, last = looks[1], looks[-1]  # before, the log that is written ahead grows to its size
    growth = (last.database_bytes - first.database_bytes) / max(1, last.swaps - first.swaps)
    memory = render_table(
        ("after", "swaps", "memory of the node", "of provers beside it", "database"),
        [
            (
                f"{look.minutes:,.0f} min",
                f"{look.swaps:,}",
                *(f"{size / 1_000_000:,.0f} MB" for size in (look.node_bytes, look.prover_bytes)),
                f"{look.database_bytes / 1_000_000:,.1f} MB",
            )
            for look in looks
        ],
    )
    times = render_table(
        ("money comes by", "swaps", "from the request's block to that of the money, median", "95 of 100 within"),
        [(w.paid_by, f"{w.swaps:,}", f"{w.median_seconds:,.0f} s", f"{w.p95_seconds:,.0f} s") for w in ways],
    )
    grown = f"After the first row of swaps, each swap has added {growth / 1_000:,.1f} kB to the database."
    return f"{render_measured(load)}\n\n{memory}\n\n{grown}\n\n{times}"


def render_restart(figures: Sequence[RestartFigures], load: str) -> str:
    """A restart with everything sealed again, and from a checkpoint, one row for each history."""
    table = render_table(
        (
            "history",
            "sealed again whole",
            "checkpoint",
            "opened and hashed",
            "blocks above it sealed again",
            "together",
        ),
        [
            (
                f"{f.operations:,} operations in {f.blocks:,} blocks of `{f.preset}`",
                f"{f.whole_seconds:,.1f} s",
                f"{f.checkpoint_bytes / 1_000:,.0f} kB",
                f"{f.open_seconds:,.1f} s",
                f"{f.again:,} in {f.again_seconds:,.1f} s",
                f"{f.open_seconds + f.again_seconds:,.1f} s",
            )
            for f in figures
        ],
    )
    return f"{render_measured(load)}\n\n{table}"


def render_gas(gas: Mapping[str, int], preset: str, load: str) -> str:
    """Gas beside version 1's, of whole blocks, of transactions by function, of the functions that they include, of the
    creation of each contract, and of reads.
    """
    functions = [(f"`{function}`", name, f"{gas[name]:,}") for function, names in FUNCTIONS.items() for name in names]
    inner = ", ".join(f"`{name}` (in `{outer}`)" for name, outer in INNER.items())
    return "\n\n".join(
        (
            f"{render_measured(load)} Blocks of preset `{preset}`; the verifiers are those of `{MINIMAL.name}`, whose "
            "checks cost the same.",
            _render_comparison(gas),
            f"In no row: a message of version 1 from one chain to another took {MESSAGE:,}, and each of four chains "
            "needed three of them for every block or several.",
            render_table(("calls together", "gas"), [(name, f"{gas[name]:,}") for name in WHOLE]),
            render_table(("function", "transaction", "gas"), functions),
            f"Called by the system's own contracts only, and measured with their callers: {inner}.",
            render_table(("creation of", "gas", "bytes on the chain"), _list_creations(gas)),
            "Reads, as transactions of their own (21,000 gas of each are the transaction); from outside they are free:",
            render_table(("contract", "function and gas"), _list_reads(gas)),
        )
    )


def _render_comparison(gas: Mapping[str, int]) -> str:
    head = ("what", "version 1's calls", "version 1", "now", "change", "target")
    return render_table(head, [_compare(row, gas[row.figure]) for row in ROWS])


def _compare(row: Comparison, now: int) -> Row:
    change = f"{(now - row.before) / row.before:+.0%}"
    return row.what, row.calls, f"{row.before:,}", f"{now:,}", change, _judge(now, TARGETS.get(row.figure))


def _judge(now: int, target: int | None) -> str:
    if target is None:
        return "-"
    missed = now - target
    return f"{target:,}, missed by {missed:,} ({missed / target:.0%})" if missed > 0 else f"{target:,}, reached"


def _list_creations(gas: Mapping[str, int]) -> list[Row]:
    rows: list[Row] = []
    for figure, used in gas.items():
        name = figure.removeprefix(CREATION)
        if name == figure:
            continue
        artifact = f"{name}{MINIMAL.name.capitalize()}" if name in VERIFIERS else name
        is_contract = name in CONTRACTS or name in VERIFIERS
        rows.append((name, f"{used:,}", f"{load_contract(artifact).code_size:,}" if is_contract else "-"))
    return rows


def _list_reads(gas: Mapping[str, int]) -> list[Row]:
    reads: dict[str, list[str]] = {}
    for name, used in gas.items():
        contract, _, function = name.partition(".")
        if function:
            reads.setdefault(contract, []).append(f"`{function}` {used:,}")
    return [(name, ", ".join(each)) for name, each in reads.items()]


def write_part(page: Path, part: str, figures: str) -> None:
    """Replace the text between a part's markers."""
    begin, end = f"<!-- begin {part}: written by `make bench` -->", f"<!-- end {part} -->"
    before, rest = page.read_text().split(begin)
    after = rest.split(end)[1]
    page.write_text(f"{before}{begin}\n\n{figures}\n\n{end}{after}")
