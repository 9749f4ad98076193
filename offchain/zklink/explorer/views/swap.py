"""The swap page: a form that any browser can ask a quote with; with JavaScript and a wallet it also sends the swap."""

import re
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from zklink.devnet.roles import default_roles
from zklink.devnet.solana.seeds import seed_of
from zklink.explorer.asking import Asker, load_naming
from zklink.explorer.chain_relay import is_offered
from zklink.explorer.page import View
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import AMOUNT_LIMIT, FEE_DENOMINATOR
from zklink.schema.api.chains import TokenInfo
from zklink.schema.api.trading import QuoteAnswer

TOLERANCE_BPS: Final = 50
"""By default a swap is refunded if it brings half a percent less than quoted."""

MOST_TOLERANCE_BPS: Final = 5_000
MINUTES: Final = 60
"""A swap that no block has taken after so long is refunded."""

_WRITTEN: Final = re.compile(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?")


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it was sent; `mistake` says what cannot be read, in words."""

    source: int
    token_in: int
    amount: str
    destination: int
    token_out: int
    tolerance_bps: int
    is_fast: bool
    mistake: str = ""


async def show_swap(ask: Asker, request: Request) -> View:
    """The form, with the quote that it asks for."""
    names = await load_naming(ask)
    pairs = [(contract.chain, token.token) for token in names.tokens.values() for contract in token.contracts]
    if not pairs:
        raise RequestRefused("not_ready", "the deployment has no tokens yet")
    asked = read_form(request.query_params, pairs, names.tokens)
    quote, least = None, 0
    if asked.amount and not asked.mistake:
        quote = await _ask_quote(ask, asked, names.tokens)
        fill_fee = _find_fee(quote, "fill").amount
        least = max(
            0, int(quote.amount_out) * (FEE_DENOMINATOR - asked.tolerance_bps) // FEE_DENOMINATOR - int(fill_fee)
        )
    deployment = await ask.ask("deployment")
    data = {
        "asked": "",
        "form": asked,
        "quote": quote,
        "least": least,
        "pairs": sorted(pairs),
        "minutes": MINUTES,
        "deployment": deployment,
        "has_programs": bool(ask.sources.deployment.programs),
        "test_key": f"0x{bytes(default_roles().depositor.key).hex()}" if is_offered(ask.sources) else "",
        "solana_key": f"0x{seed_of('depositor').hex()}" if ask.sources.programs and is_offered(ask.sources) else "",
    }
    return View("swap.html", data)


def read_form(given: Any, pairs: list[tuple[int, int]], tokens: Any) -> Asked:
    """The form's fields; what is missing is filled with the first swap that the deployment allows."""
    first = min(pairs)
    other = next((pair for pair in sorted(pairs) if pair[0] != first[0]), first)
    try:
        source, token_in = _read_pair(given.get("from"), first)
        destination, token_out = _read_pair(given.get("to"), other)
        tolerance = _read_tolerance(given.get("tolerance") or "0.5")
    except ValueError as error:
        return Asked(*first, "", *other, TOLERANCE_BPS, False, str(error))
    amount = (given.get("amount") or "").strip()[:80]
    mistake = ""
    for what, pair in (("give", (source, token_in)), ("get", (destination, token_out))):
        if pair not in pairs:
            mistake = f"The token to {what} is not on that chain: choose another one."
    if amount and not mistake:
        mistake = find_mistake(amount, tokens[token_in])
    return Asked(source, token_in, amount, destination, token_out, tolerance, given.get("fast") == "yes", mistake)


def find_mistake(amount: str, token: TokenInfo) -> str:
    """What is wrong with an amount as it was typed; empty if nothing is."""
    found = _WRITTEN.fullmatch(amount)
    if not found:
        return "Write the amount with digits and at most one point, such as 25.5."
    if len((found[2] or "").rstrip("0")) > token.decimals:
        return f"{token.symbol} has {token.decimals} decimals here: leave the others out."
    if not 0 < read_amount(amount, token.decimals) < AMOUNT_LIMIT:
        return "The amount must be more than nothing, and less than any token has."
    return ""


def read_amount(amount: str, decimals: int) -> int:
    """The units of an amount in which `find_mistake` finds none."""
    whole, _, part = amount.partition(".")
    return int(whole + part.rstrip("0").ljust(decimals, "0"))


async def _ask_quote(ask: Asker, asked: Asked, tokens: Any) -> QuoteAnswer:
    values = {
        "source": asked.source,
        "token_in": asked.token_in,
        "destination": asked.destination,
        "token_out": asked.token_out,
        "amount": str(read_amount(asked.amount, tokens[asked.token_in].decimals)),
    }
    quote: QuoteAnswer = await ask.ask("quote", **values)
    if asked.is_fast:
        quote = await ask.ask("quote", **values, fill_fee=_find_fee(quote, "fill").floor)
    return quote


def _find_fee(quote: QuoteAnswer, kind: str) -> Any:
    return next(fee for fee in quote.fees if fee.kind == kind)


def _read_pair(text: str | None, default: tuple[int, int]) -> tuple[int, int]:
    if not text:
        return default
    chain, _, token = text.partition("-")
    if not (chain.isascii() and chain.isdecimal() and token.isascii() and token.isdecimal() and len(text) < 12):
        raise ValueError("Choose a token on a chain from the lists.")
    return int(chain), int(token)


def _read_tolerance(text: str) -> int:
    found = _WRITTEN.fullmatch(text.strip())
    if not found or len(found[2] or "") > 2:
        raise ValueError("Write the tolerance in percent, such as 0.5.")
    bps = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
    if bps > MOST_TOLERANCE_BPS:
        raise ValueError(f"A tolerance above {MOST_TOLERANCE_BPS // 100} % gives the swap away.")
    return bps
