"""Looks after what a broker holds: counts it on every chain, suggests moves, and keeps the bridges' allowances.

Takes a broker's parts; asks chains. Sends approvals alone, and only if it is told to.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from zklink.broker.inventory import Stock, suggest_moves
from zklink.broker.records import Books
from zklink.protocol.ids import ChainId, TokenId
from zklink.service.broker_assembly import BrokerAssembly, Place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StockTaking:
    """What is held where, what lacks, and what the bridges may not pull, in words."""

    stocks: Mapping[Place, Stock]
    suggestions: tuple[str, ...]
    unapproved: tuple[str, ...]


def take_stock(assembly: BrokerAssembly, books: Mapping[Place, Books], *, approves: bool) -> StockTaking:
    """Count everything. Raises RpcUnavailable, and what an approval raises."""
    stocks, unapproved = dict[Place, Stock](), list[str]()
    for place, store in assembly.stores.items():
        chain, token = place
        if not store.is_approved():
            name = f"{assembly.symbol(token)} on {assembly.name(chain)}"
            if approves:
                store.approve()
                log.info("the bridge may pull %s now", name)
            else:
                unapproved.append(name)
        coming = books.get(place, Books()).open
        stocks[place] = Stock(store.held(), coming, assembly.targets.get(place, 0))
    return StockTaking(stocks, tuple(_suggest(assembly, stocks)), tuple(unapproved))


def _suggest(assembly: BrokerAssembly, stocks: Mapping[Place, Stock]) -> list[str]:
    """Moves between chains for which there are targets."""
    found = []
    for token in sorted({token for _, token in assembly.targets}):
        mine: dict[ChainId, Stock] = {
            c: stock for (c, t), stock in stocks.items() if t == token and (c, t) in assembly.targets
        }
        for move in suggest_moves(mine):
            source, destination = assembly.name(move.source), assembly.name(move.destination)
            found.append(f"bring {move.amount} {assembly.symbol(TokenId(token))} from {source} to {destination}")
        lacking = {chain for chain, stock in mine.items() if stock.missing > 0}
        for chain in sorted(lacking - {move.destination for move in suggest_moves(mine)}):
            found.append(f"{assembly.symbol(TokenId(token))} lacks on {assembly.name(chain)}, and is left over nowhere")
    return found
