"""How a page asks: methods of the API by name, through the calls that all doors share, at its caller's allowance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zklink.api.calls import Calls, find_method
from zklink.api.sources import Sources
from zklink.explorer.formats import group_digits, show_units
from zklink.protocol.errors import RequestRefused
from zklink.schema.api.chains import ChainInfo, NodeStatus, TokenInfo


class Asker:
    """Asks for one page. `caller` is whose allowance every question costs something of."""

    def __init__(self, calls: Calls, caller: str) -> None:
        self._calls, self._caller = calls, caller

    @property
    def sources(self) -> Sources:
        """What the answers are made from: for what is no method, such as a swap by its request's number."""
        return self._calls.sources

    def spend(self, cost: int) -> None:
        """Take what a page needs besides methods from its caller's allowance. Raises RequestRefused."""
        self._calls.allowances.spend(self._caller, cost)

    async def ask(self, name: str, /, **values: Any) -> Any:
        """A method's answer; values that are None are left out. Raises RequestRefused."""
        given = {field: value for field, value in values.items() if value is not None}
        return await self._calls.answer(self._caller, find_method(name), given, strict=False)

    async def try_ask(self, name: str, /, **values: Any) -> Any:
        """The same, or None if the node cannot answer now: for a part of a page that may be missing."""
        try:
            return await self.ask(name, **values)
        except RequestRefused as error:
            if error.code in ("not_ready", "timed_out"):
                return None
            raise

    async def find(self, name: str, /, **values: Any) -> Any:
        """The same, or None if there is no such thing, or no number like that."""
        try:
            return await self.try_ask(name, **values)
        except RequestRefused as error:
            if error.code in ("not_found", "invalid_request"):
                return None
            raise


@dataclass(frozen=True, slots=True)
class Naming:
    """The node, the chains and the tokens by their ids, and what pages call them."""

    status: NodeStatus
    chains: Mapping[int, ChainInfo]
    tokens: Mapping[int, TokenInfo]

    @property
    def now(self) -> int:
        """The primary chain's second, as far as known; 0 while unknown."""
        return self.status.timestamp

    @property
    def primary(self) -> ChainInfo:
        return next(chain for chain in self.chains.values() if chain.is_primary)

    def chain(self, id: int) -> str:
        """A chain's name."""
        found = self.chains.get(id)
        return f"chain {id}" if found is None else found.name

    def token(self, id: int) -> str:
        """A token's symbol: a text that comes from outside."""
        found = self.tokens.get(id)
        return f"token {id}" if found is None else found.symbol

    def units(self, units: str | int, token: int) -> str:
        """An amount of layer-2 units in whole tokens, exact."""
        found = self.tokens.get(token)
        return group_digits(str(units)) if found is None else show_units(int(units), found.decimals)

    def amount(self, units: str | int, token: int) -> str:
        """The same with the token's symbol."""
        return f"{self.units(units, token)} {self.token(token)}"


async def load_naming(ask: Asker) -> Naming:
    """What every page needs. Raises RequestRefused."""
    status, chains, tokens = await ask.ask("status"), await ask.ask("chains"), await ask.ask("tokens")
    by_id = {chain.chain: chain for chain in chains.chains}
    return Naming(status, by_id, {token.token: token for token in tokens.tokens})
