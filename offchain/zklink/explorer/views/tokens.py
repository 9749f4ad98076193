"""Tokens with what bridges hold and owe of them, and pools."""

from dataclasses import dataclass
from fractions import Fraction

from starlette.requests import Request

from zklink.explorer.asking import Asker
from zklink.explorer.formats import show_ratio
from zklink.explorer.page import View
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.chains import PoolInfo, Solvency, TokenInfo, TokenReserves


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token and its reserves; None while the node does not say."""

    token: TokenInfo
    reserves: TokenReserves | None

    @property
    def is_covered(self) -> bool | None:
        """Whether every bridge that was asked holds what it owes; None if none was."""
        if self.reserves is None or not self.reserves.holdings:
            return None
        return all(holding.is_solvent for holding in self.reserves.holdings)

    def l1_decimals(self, chain: int) -> int | None:
        """Decimals of the token on a chain; None while unknown."""
        scale = next((place.l1_per_unit for place in self.token.contracts if place.chain == chain), "0")
        return self.token.decimals + len(scale) - 1 if scale.strip("0") == "1" else None


@dataclass(frozen=True, slots=True)
class PoolRow:
    """A pool with its price: whole units of the second token for one of the first."""

    pool: PoolInfo
    price: str


async def show_tokens(ask: Asker, request: Request) -> View:
    """All tokens."""
    rows, solvency = await _list_rows(ask)
    return View("tokens.html", {"rows": rows, "solvency": solvency})


async def show_token(ask: Asker, request: Request) -> View:
    """One token with its contracts and pools."""
    rows, _ = await _list_rows(ask)
    asked = request.path_params["token"]
    row = next((row for row in rows if str(row.token.token) == asked), None)
    if row is None:
        raise RequestRefused("not_found", f"There is no token {asked[:20]}.")
    pools = await _list_pools(ask, {row.token.token: row.token for row in rows})
    id = row.token.token
    own = None if pools is None else [row for row in pools if id in (row.pool.token_a, row.pool.token_b)]
    return View("token.html", {"row": row, "pools": own})


async def show_pools(ask: Asker, request: Request) -> View:
    """All pools."""
    tokens = await ask.ask("tokens")
    return View("pools.html", {"pools": await _list_pools(ask, {token.token: token for token in tokens.tokens})})


async def _list_rows(ask: Asker) -> tuple[list[TokenRow], Solvency | None]:
    tokens, solvency = await ask.ask("tokens"), await ask.try_ask("solvency")
    by_id = {} if solvency is None else {reserves.token: reserves for reserves in solvency.tokens}
    return [TokenRow(token, by_id.get(token.token)) for token in tokens.tokens], solvency


async def _list_pools(ask: Asker, tokens: dict[int, TokenInfo]) -> list[PoolRow] | None:
    """The pools; None while the node does not say."""
    answer = await ask.try_ask("pools")
    if answer is None:
        return None
    return [PoolRow(pool, _compute_price(pool, tokens)) for pool in answer.pools]


def _compute_price(pool: PoolInfo, tokens: dict[int, TokenInfo]) -> str:
    first, second = tokens.get(pool.token_a), tokens.get(pool.token_b)
    if first is None or second is None or pool.reserve_a == "0":
        return ""
    return show_ratio(Fraction(int(pool.reserve_b), int(pool.reserve_a)) * 10**first.decimals / 10**second.decimals)
