"""Blocks, with their proofs and how far each chain is with them."""

from typing import Final

from starlette.requests import Request

from zklink.api.answers.transfers import describe_transfer
from zklink.explorer.asking import Asker
from zklink.explorer.page import Show, View
from zklink.explorer.timings import Timings
from zklink.protocol.ids import ChainId, RequestId
from zklink.schema.api.operations import BlockInfo
from zklink.schema.api.transfers import Transfer

PAGE: Final = 25


async def show_blocks(ask: Asker, request: Request) -> View:
    """A page of blocks, the newest first."""
    page = await ask.ask("blocks", cursor=request.query_params.get("cursor"), limit=PAGE)
    return View("blocks.html", {"blocks": page.blocks, "next": page.next})


def make_block_page(timings: Timings) -> Show:
    """The page of one block."""

    async def show_block(ask: Asker, request: Request) -> View:
        block = await ask.ask("block", number=request.path_params["number"])
        trust = await ask.ask("trust")
        data = {
            "block": block,
            "key": trust.verification_keys[block.lane],
            "proof": timings.find_proof(block.number),
            "transfers": _list_transfers(ask, block) if block.lane == "swap" else [],
        }
        return View("block.html", data)

    return show_block


def _list_transfers(ask: Asker, block: BlockInfo) -> list[Transfer]:
    ask.spend(1)
    keys = ((ChainId(ref.chain), RequestId(ref.request_id)) for ref in block.requests)
    records = (ask.sources.history.transfer(key) for key in keys)
    return [describe_transfer(ask.sources, record) for record in records if record is not None]
