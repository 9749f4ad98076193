"""Chains, and whom a user relies on."""

from collections.abc import Sequence

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.page import View
from zklink.schema.api.chains import ChainInfo


async def show_chains(ask: Asker, request: Request) -> View:
    """All chains: they stand in every page's names."""
    return View("chains.html")


async def show_trust(ask: Asker, request: Request) -> View:
    """Keys, groups, limits and times, as they are now."""
    return View("trust.html", {"trust": await ask.ask("trust"), "deployment": await ask.ask("deployment")})


def find_contracts(chains: Sequence[ChainInfo], address: str) -> list[tuple[ChainInfo, str]]:
    """The deployment's contracts at an address, each with its chain: they may be at the same one on several."""
    return [(chain, name) for chain in chains for name, at in chain.contracts.items() if at.lower() == address.lower()]
