"""Charts of times, each with its table."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.page import Show, View
from zklink.explorer.timings import Timings

COST: Final = 5
ROWS: Final = 100


def make_times_page(timings: Timings) -> Show:
    """The page of times."""

    async def show_times(ask: Asker, request: Request) -> View:
        ask.spend(COST)
        fills, proofs = timings.fills()[-ROWS:], timings.proofs()[-ROWS:]
        data = {
            "fills": fills,
            "proofs": proofs,
            "fill_seconds": _middle([fill.seconds for fill in fills]),
            "proof_seconds": _middle([proof.proof_seconds + proof.witness_seconds for proof in proofs]),
        }
        return View("times.html", data)

    return show_times


def _middle(values: Sequence[float]) -> float | None:
    return median(values) if values else None
