"""The slots and hot rows that a block of the account lane needs for its operations (docs/protocol.md, section 6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import Signed
from zklink.operations.withdraw import Withdraw
from zklink.protocol.errors import BlockFull
from zklink.protocol.ids import POOL_COUNT_ROW, TokenId
from zklink.protocol.presets import Preset
from zklink.state.state import PoolId, order_pair
from zklink.transition.rules import AccountOperation, PoolOperation


@dataclass(slots=True)
class Needs:
    """Operations by their kind of slot, in order, and the rows that they read."""

    ledger: list[AccountOperation] = field(default_factory=list)
    pool: list[AccountOperation] = field(default_factory=list)
    order: list[AccountOperation] = field(default_factory=list)
    tokens: set[TokenId] = field(default_factory=set)
    pools: set[PoolId] = field(default_factory=set)

    def add(self, operation: AccountOperation) -> None:
        """Count one more operation."""
        if isinstance(operation, OrderMatch):
            self.order.append(operation)
        elif isinstance(operation, Signed) and isinstance(operation.operation, PoolOperation):
            self.pool.append(operation)
            self.pools.add(order_pair(operation.operation.token_a, operation.operation.token_b))
        else:
            self.ledger.append(operation)
        self.tokens |= compute_tokens(operation)

    def rows(self, preset: Preset) -> tuple[set[TokenId], set[PoolId]]:
        """The token rows and pools that a state has; an operation that names others is refused by its own check."""
        limit = preset.token_limit
        tokens = {token for token in self.tokens if 0 <= token < limit}
        return tokens, {(lower, higher) for lower, higher in self.pools if 0 <= lower < higher < limit}

    def check(self, preset: Preset) -> None:
        """BlockFull if a block of the preset has no room."""
        places = preset.account
        wanted = (
            ("ledger slots", len(self.ledger), places.ledger),
            ("pool slots", len(self.pool), places.pool),
            ("order slots", len(self.order), places.order),
            ("token rows", len(self.tokens), places.token_rows),
            ("pools", len(self.pools), places.pool_rows),
        )
        for what, needed, available in wanted:
            if needed > available:
                raise BlockFull(what, needed, available)


def compute_needs(operations: Iterable[AccountOperation]) -> Needs:
    """The needs of all operations together."""
    needs = Needs()
    for operation in operations:
        needs.add(operation)
    return needs


def has_room(operations: Sequence[AccountOperation], preset: Preset) -> bool:
    """Whether the operations fit into one block of the preset."""
    try:
        compute_needs(operations).check(preset)
    except BlockFull:
        return False
    return True


def compute_tokens(operation: AccountOperation) -> set[TokenId]:
    """The token rows that one operation reads."""
    if isinstance(operation, DepositRequest | FullExitRequest):
        return {operation.token}
    if isinstance(operation, OrderMatch):
        return {operation.maker.operation.token_sell, operation.maker.operation.token_buy}
    signed = operation.operation
    tokens = {signed.fee_token}
    if isinstance(signed, Withdraw | ForcedExit):
        tokens.add(signed.token)
    if isinstance(signed, CreatePool):
        tokens.add(POOL_COUNT_ROW)
    return tokens
