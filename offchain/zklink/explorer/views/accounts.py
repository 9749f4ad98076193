"""Accounts of layer 2, and signed operations."""

from typing import Final

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.page import View
from zklink.protocol.errors import RequestRefused

PAGE: Final = 20


async def show_account(ask: Asker, request: Request) -> View:
    """An account with its balances, orders and operations."""
    id = request.path_params["account"]
    account = await ask.ask("account", account=id)
    page = await ask.ask("operations", account=id, cursor=request.query_params.get("cursor"), limit=PAGE)
    pools = await ask.try_ask("pools")
    shares = {} if pools is None else {pool.share_token: pool for pool in pools.pools}
    data = {"account": account, "shares": shares, "operations": page.operations, "next": page.next}
    return View("account.html", data)


async def show_operation(ask: Asker, request: Request) -> View:
    """What became of one operation."""
    operation = await ask.ask("operation", id=request.path_params["id"])
    if operation.state == "unknown":
        raise RequestRefused("not_found", "This node has not seen an operation of that id.")
    return View("operation.html", {"operation": operation})
