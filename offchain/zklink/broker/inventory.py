"""What a broker has of a token on each chain, what it wants there, and which moves would bring it there. Pure.

What is paid in fills and not repaid yet counts where it will be repaid: on the chain of the fill.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from zklink.protocol.ids import ChainId


@dataclass(frozen=True, slots=True)
class Stock:
    """One token on one chain, in layer-2 units: held, on its way back from fills, and the target."""

    held: int
    coming: int
    target: int

    @property
    def missing(self) -> int:
        """What lacks; negative for what is more than wanted."""
        return self.target - self.held - self.coming


@dataclass(frozen=True, slots=True)
class Move:
    """A suggestion: bring `amount` (layer-2 units) from one chain to another."""

    source: ChainId
    destination: ChainId
    amount: int


def suggest_moves(stocks: Mapping[ChainId, Stock]) -> list[Move]:
    """The moves that bring each chain to its target, as far as others have more than theirs and hold it now: the
    greatest lack first, from where most is left over.
    """
    spare = {chain: min(-stock.missing, stock.held) for chain, stock in stocks.items() if stock.missing < 0}
    lacking = {chain: stock.missing for chain, stock in stocks.items() if stock.missing > 0}
    moves: list[Move] = []
    while any(lacking.values()) and any(spare.values()):
        destination, source = max(lacking, key=lambda k: lacking[k]), max(spare, key=lambda k: spare[k])
        amount = min(lacking[destination], spare[source])
        moves.append(Move(source, destination, amount))
        lacking[destination] -= amount
        spare[source] -= amount
    return moves
