"""Swaps: the latest, those of a transaction or a request, and those of an address with its accounts."""

from typing import Final

from starlette.requests import Request

from zklink.api.answers.transfers import describe_transfer
from zklink.explorer.asking import Asker
from zklink.explorer.page import View
from zklink.explorer.recent import RECENT_COST, list_recent
from zklink.explorer.views.places import find_contracts
from zklink.explorer.way import Step, list_steps
from zklink.operations.requests import RequestKey
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import ChainId, RequestId
from zklink.schema.api.transfers import Transfer

ROWS: Final = 50
PAGE: Final = 20


async def show_transfers(ask: Asker, request: Request) -> View:
    """The latest swaps of all."""
    ask.spend(RECENT_COST)
    return View("transfers.html", {"transfers": list_recent(ask.sources, ROWS)})


async def show_transaction(ask: Asker, request: Request) -> View:
    """The swaps of a transaction; 404, and live, while no chain has shown it."""
    tx_hash = request.path_params["tx_hash"]
    answer = await ask.ask("transfer", tx_hash=tx_hash)
    found = [(transfer, await _find_steps(ask, transfer)) for transfer in answer.transfers]
    data = {"tx_hash": answer.tx_hash, "found": found, "retry_seconds": answer.retry_after_seconds}
    return View("transaction.html", data, 200 if found else 404)


async def show_request(ask: Asker, request: Request) -> View:
    """One swap by its chain and number."""
    key = read_key(request.path_params["key"])
    ask.spend(1)
    record = None if key is None else ask.sources.history.transfer(key)
    if record is None:
        raise RequestRefused("not_found", f"No chain has confirmed a swap {request.path_params['key'][:40]}.")
    transfer = describe_transfer(ask.sources, record)
    found = [(transfer, await _find_steps(ask, transfer))]
    return View("transaction.html", {"tx_hash": transfer.tx_hash, "found": found, "retry_seconds": None})


async def show_address(ask: Asker, request: Request) -> View:
    """What an owner has: accounts of layer 2, and the swaps that pay it or are refunded to it."""
    owner, cursor = request.path_params["owner"], request.query_params.get("cursor")
    accounts = await ask.try_ask("accounts", owner=owner)
    page = await ask.ask("transfers", address=owner, cursor=cursor, limit=PAGE)
    data = {
        "owner": owner,
        "contracts": find_contracts((await ask.ask("chains")).chains, owner.rpartition(":")[2]),
        "accounts": accounts and accounts.accounts,
        "transfers": page.transfers,
        "next": page.next,
    }
    return View("address.html", data)


def read_key(text: str) -> RequestKey | None:
    """`chain-number` as the key of a request; None if the text is no such thing."""
    chain, dash, number = text.partition("-")
    if not dash or not (chain.isascii() and chain.isdecimal() and number.isascii() and number.isdecimal()):
        return None
    return None if len(text) > 40 else (ChainId(int(chain)), RequestId(int(number)))


async def _find_steps(ask: Asker, transfer: Transfer) -> list[Step]:
    block = None if transfer.block is None else await ask.ask("block", number=transfer.block)
    return list_steps(transfer, block, ask.sources.primary)
