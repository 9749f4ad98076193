"""The laboratory's part of docs/performance.md."""

from collections.abc import Sequence

from zklink.bench.lab_kit import LabFigures
from zklink.bench.local_chains import ChainFigures
from zklink.bench.performance_page import render_local_chains, render_table


def render_lab(chains: Sequence[ChainFigures], figures: LabFigures, load: str) -> str:
    """Transfers by back end, then calls of a contract beside titanoboa, then machines and mutants."""
    calls = render_table(
        ("a contract's call, unsigned", "per second"),
        [(f"`{name}`", "not installed" if rate is None else f"{rate:,.0f}/s") for name, rate in figures.calls.items()],
    )
    kit = render_table(
        ("the laboratory", ""),
        [
            ("a machine's steps on two chains, with faults and invariants", f"{figures.steps_per_second:,.0f}/s"),
            *(
                (f"steps of the same without reorganisations and halts, on `{backend}`", f"{rate:,.0f}/s")
                for backend, rate in figures.plain_steps_per_second.items()
            ),
            ("mutants, each with the tests of its promise", f"{figures.mutants_per_minute:,.1f} a minute"),
        ],
    )
    return "\n\n".join((render_local_chains(chains, load), calls, kit))
