"""Chains, and whom a user relies on."""

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.page import View


async def show_chains(ask: Asker, request: Request) -> View:
    """All chains: they stand in every page's names."""
    return View("chains.html")


async def show_trust(ask: Asker, request: Request) -> View:
    """Keys, groups, limits and times, as they are now."""
    return View("trust.html", {"trust": await ask.ask("trust"), "deployment": await ask.ask("deployment")})
