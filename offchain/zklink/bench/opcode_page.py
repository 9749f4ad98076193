"""The table of docs/performance.md that says where the gas of a transaction goes."""

from collections.abc import Mapping

from zklink.bench.opcode_account import ORDER
from zklink.bench.performance_page import render_measured, render_table


def render_opcodes(found: Mapping[str, Mapping[str, int]], load: str) -> str:
    """A column for each transaction, a row for each kind of gas that one of them has, and their sums."""
    kinds = [kind for kind in ORDER if any(gas.get(kind) for gas in found.values())]
    rows = [(kind, *(f"{gas.get(kind, 0):,}" for gas in found.values())) for kind in kinds]
    total = ("together", *(f"{sum(gas.values()):,}" for gas in found.values()))
    return f"{render_measured(load)}\n\n{render_table(('gas', *found), [*rows, total])}"
