"""Tables of docs/performance.md about hashes and a node's workers, with the workers' model."""

from __future__ import annotations

from collections.abc import Sequence

from zklink.bench.hashing import HashFigures
from zklink.bench.performance_page import render_measured, render_table
from zklink.bench.pool_model import RATES, PoolModel
from zklink.bench.prover_pool import PoolFigures
from zklink.protocol.ids import Lane
from zklink.prover.cores import count_cores

OPERATIONS = {Lane.SWAP: "swap", Lane.ACCOUNT: "account"}


def render_hashes(figures: Sequence[HashFigures], signature: tuple[float, float], load: str) -> str:
    """One row for each number of inputs, in microseconds; the last columns are ratios."""
    table = render_table(
        (
            "inputs",
            "Python's integers",
            "machine, one",
            "machine, batch",
            "lanes, eight rows",
            "lanes, batch",
            "gain",
            "to Python's",
        ),
        [
            (
                str(f.inputs),
                f"{f.plain:,.0f}",
                f"{f.single:.1f}",
                f"{f.batch:.1f}",
                "-" if f.eight is None else f"{f.eight:.1f}",
                "-" if f.lanes is None else f"{f.lanes:.2f}",
                "-" if f.lanes is None else f"{f.batch / f.lanes:.1f} times",
                f"{f.plain / f.best:,.0f} times",
            )
            for f in figures
        ],
    )
    alone, together = signature
    said = f"Checking a signature takes {alone:.0f} microseconds, {together:.0f} together with others."
    return f"{render_measured(load)}\n\n{table}\n\n{said}"


def render_pools(figures: Sequence[PoolFigures], preset: str, load: str) -> str:
    """Proofs by a node's workers, one row for each kind of them, and the model with what it says."""
    models = {f.lane: make_model(f) for f in reversed(figures) if f.count == 1}
    table = render_table(
        ("workers", f"full blocks of `{preset}`", "together", "proofs a second", "by the model", "longest of one"),
        [
            (
                f.workers,
                f"{f.proofs:,} {OPERATIONS[f.lane]}",
                f"{f.seconds:,.1f} s",
                f"{f.rate:,.2f}",
                f"{models[f.lane].predict(f.count):,.2f}" if f.lane in models else "-",
                f"{f.longest_seconds:,.2f} s",
            )
            for f in figures
        ],
    )
    cores = render_table(
        ("operations", "witness", "proof", "the witness's share", *(f"cores for {rate:,}/s" for rate in RATES)),
        [
            (
                f"{OPERATIONS[lane]}, {model.slots} a block",
                f"{model.witness_seconds:.2f} s",
                f"{model.proof_seconds:.2f} s",
                f"{model.witness_share:.0%}",
                *(f"{model.count_cores(rate):,}" for rate in RATES),
            )
            for lane, model in sorted(models.items())
        ],
    )
    return f"{render_measured(load)}\n\n{table}\n\n{cores}"


def make_model(figures: PoolFigures) -> PoolModel:
    """The model of a machine, from what one worker alone took on it."""
    return PoolModel(figures.witness_seconds, figures.proof_seconds, count_cores(), figures.slots)
