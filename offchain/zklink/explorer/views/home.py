"""The start: the node, the reserves, the latest swaps and blocks."""

from typing import Final

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.page import View
from zklink.explorer.recent import list_recent

ROWS: Final = 8
RECENT_COST: Final = 5
"""What the latest swaps cost of an allowance, as a page of an address's swaps does."""


async def show_home(ask: Asker, request: Request) -> View:
    """The start."""
    ask.spend(RECENT_COST)
    blocks, solvency = await ask.ask("blocks", limit=ROWS), await ask.try_ask("solvency")
    return View(
        "home.html",
        {"blocks": blocks.blocks, "solvency": solvency, "transfers": list_recent(ask.sources, ROWS)},
    )
