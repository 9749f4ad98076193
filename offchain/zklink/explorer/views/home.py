"""The start: the node, the reserves, the latest swaps and blocks."""

from typing import Final

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.page import View
from zklink.explorer.recent import RECENT_COST, list_recent

ROWS: Final = 8


async def show_home(ask: Asker, request: Request) -> View:
    """The start."""
    ask.spend(RECENT_COST)
    blocks, solvency = await ask.ask("blocks", limit=ROWS), await ask.try_ask("solvency")
    return View(
        "home.html",
        {"blocks": blocks.blocks, "solvency": solvency, "transfers": list_recent(ask.sources, ROWS)},
    )
