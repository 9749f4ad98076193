"""One box: what a text can be, in the order of how likely; a single find is shown at once."""

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.page import Redirect, View
from zklink.explorer.views.places import find_contracts
from zklink.explorer.views.transfers import read_key
from zklink.primitives.base58 import decode_base58

SIGNATURE_BYTES, KEY_BYTES = 64, 32
MOST: Final = 200
"""Characters that a question may have."""

_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_HASH: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_SIGNATURE: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]{64,88}")
_KEY: Final = re.compile(r"(?:solana:[1-9A-HJ-NP-Za-km-z]{32}:)?([1-9A-HJ-NP-Za-km-z]{32,44})")
_ADDRESS: Final = re.compile(r"(?:eip155:[0-9]{1,19}:)?(?:0x)?([0-9a-fA-F]{40})")


@dataclass(frozen=True, slots=True)
class Find:
    """A page that fits: its path and what it is."""

    path: str
    what: str


async def show_search(ask: Asker, request: Request) -> View | Redirect:
    """The page that fits, a choice of pages, or that nothing fits."""
    asked = request.query_params.get("q", "").strip()[:MOST]
    finds = await find(ask, asked) if asked else []
    if len(finds) == 1:
        return Redirect(finds[0].path)
    watch = f"/transfers/0x{found[1].lower()}" if (found := _HASH.fullmatch(asked)) else ""
    if not watch and _is_base58(asked, SIGNATURE_BYTES):
        watch = f"/transfers/{asked}"
    return View("search.html", {"asked": asked, "finds": finds, "watch": watch}, 404 if asked and not finds else 200)


async def find(ask: Asker, asked: str) -> list[Find]:
    """Every page that fits. Raises RequestRefused."""
    if _NUMBER.fullmatch(asked):
        return await _find_number(ask, int(asked))
    if found := _HASH.fullmatch(asked):
        return await _find_hash(ask, f"0x{found[1].lower()}")
    if found := _ADDRESS.fullmatch(asked):
        return await _find_address(ask, f"0x{found[1].lower()}")
    if _SIGNATURE.fullmatch(asked) and _is_base58(asked, SIGNATURE_BYTES):
        return await _find_signature(ask, asked)
    if (found := _KEY.fullmatch(asked)) and _is_base58(found[1], KEY_BYTES):
        return await _find_address(ask, found[1])
    if (key := read_key(asked)) is not None:
        ask.spend(1)
        is_there = ask.sources.history.transfer(key) is not None
        return [Find(f"/requests/{key[0]}-{key[1]}", "a swap")] if is_there else []
    return await _find_name(ask, asked.casefold())


async def _find_number(ask: Asker, number: int) -> list[Find]:
    finds = []
    if await ask.find("block", number=number):
        finds.append(Find(f"/blocks/{number}", f"Block {number}"))
    if await ask.find("account", account=number):
        finds.append(Find(f"/accounts/{number}", f"Account {number}"))
    return finds


async def _find_hash(ask: Asker, text: str) -> list[Find]:
    if (await ask.ask("transfer", tx_hash=text)).transfers:
        return [Find(f"/transfers/{text}", "A transaction with a swap")]
    if (await ask.ask("operation", id=text)).state != "unknown":
        return [Find(f"/operations/{text}", "An operation")]
    return await _find_owner(ask, text)


async def _find_signature(ask: Asker, text: str) -> list[Find]:
    is_known = bool((await ask.ask("transfer", tx_hash=text)).transfers)
    return [Find(f"/transfers/{text}", "A transaction with a swap")] if is_known else []


def _is_base58(text: str, size: int) -> bool:
    try:
        return bool(decode_base58(text, size))
    except ValueError:
        return False


async def _find_address(ask: Asker, text: str) -> list[Find]:
    finds = await _find_owner(ask, text)
    for token in (await ask.ask("tokens")).tokens:
        if any(place.address.lower() == text.lower() and not place.is_native for place in token.contracts):
            finds.append(Find(f"/tokens/{token.token}", f"The token {token.symbol}"))
    finds += [
        Find(f"/chains#chain-{chain.chain}", f"The contract {name} on {chain.name}")
        for chain, name in find_contracts((await ask.ask("chains")).chains, text)
    ]
    return finds


async def _find_owner(ask: Asker, owner: str) -> list[Find]:
    accounts = await ask.find("accounts", owner=owner)
    has_accounts = accounts is not None and bool(accounts.accounts)
    if has_accounts or (await ask.ask("transfers", address=owner, limit=1)).transfers:
        return [Find(f"/addresses/{owner}", "An owner with accounts or swaps")]
    return []


async def _find_name(ask: Asker, asked: str) -> list[Find]:
    tokens, chains = (await ask.ask("tokens")).tokens, (await ask.ask("chains")).chains
    finds = [Find(f"/tokens/{t.token}", f"The token {t.symbol}") for t in tokens if t.symbol.casefold() == asked]
    return finds + [
        Find(f"/chains#chain-{c.chain}", f"The chain {c.name}")
        for c in chains
        if asked in (c.name.casefold(), c.caip2.casefold())
    ]
