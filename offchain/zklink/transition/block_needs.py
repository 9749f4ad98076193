"""The slots and hot rows that a block of the account lane needs for its operations (docs/protocol.md, section 6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.order_match import OrderMatch
from zklink.operations.requests import AccountRequest
from zklink.operations.signed import Signed
from zklink.operations.withdraw import Withdraw
from zklink.protocol.errors import BlockFull, RequestOvertakes
from zklink.protocol.ids import POOL_COUNT_ROW, ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.state.state import PoolId, State, order_pair
from zklink.transition.rules import AccountOperation, PoolOperation
from zklink.transition.share_exit import find_issuer


@dataclass(slots=True)
class Needs:
    """Operations by their kind of slot, in order, and the rows that they read.

    `in_pool_slots` are the chains with a request in a pool slot. Pool slots come after ledger slots, so no later
    request of these can stand in a ledger slot of the same block; `overtaking` are the chains of those that do.
    """

    ledger: list[AccountOperation] = field(default_factory=list)
    pool: list[AccountOperation] = field(default_factory=list)
    order: list[AccountOperation] = field(default_factory=list)
    tokens: set[TokenId] = field(default_factory=set)
    pools: set[PoolId] = field(default_factory=set)
    in_pool_slots: set[ChainId] = field(default_factory=set)
    overtaking: set[ChainId] = field(default_factory=set)

    def add(self, operation: AccountOperation, state: State) -> None:
        """Count one more operation, to be carried out on this state."""
        if isinstance(operation, OrderMatch):
            self.order.append(operation)
        elif isinstance(operation, FullExitRequest) and operation.is_of_shares(state.preset):
            self._add_share_exit(operation, state)
            return
        elif isinstance(operation, Signed) and isinstance(operation.operation, PoolOperation):
            self.pool.append(operation)
            self.pools.add(order_pair(operation.operation.token_a, operation.operation.token_b))
        else:
            self.ledger.append(operation)
            if isinstance(operation, AccountRequest):
                self.overtaking |= {operation.source} & self.in_pool_slots
        self.tokens |= compute_tokens(operation)

    def rows(self, preset: Preset) -> tuple[set[TokenId], set[PoolId]]:
        """The token rows and pools that a state has; an operation that names others is refused by its own check."""
        limit = preset.token_limit
        tokens = {token for token in self.tokens if 0 <= token < limit}
        return tokens, {(lower, higher) for lower, higher in self.pools if 0 <= lower < higher < limit}

    def _add_share_exit(self, request: FullExitRequest, state: State) -> None:
        """It reads the pool that has issued the shares, or the number of pools if none has."""
        self.pool.append(request)
        self.in_pool_slots.add(request.source)
        pair = find_issuer(state, request.token)
        if pair is None:
            self.tokens.add(POOL_COUNT_ROW)
        else:
            self.pools.add(pair)

    def check(self, preset: Preset) -> None:
        """BlockFull if a block of the preset has no room; RequestOvertakes if a request in a ledger slot would come
        before an earlier one of its chain in a pool slot.
        """
        if self.overtaking:
            raise RequestOvertakes(min(self.overtaking))
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


def compute_needs(operations: Iterable[AccountOperation], state: State) -> Needs:
    """The needs of all operations together, for a block that begins on this state."""
    needs = Needs()
    for operation in operations:
        needs.add(operation, state)
    return needs


def has_room(operations: Sequence[AccountOperation], state: State) -> bool:
    """Whether the operations fit into one block that begins on this state."""
    try:
        compute_needs(operations, state).check(state.preset)
    except (BlockFull, RequestOvertakes):
        return False
    return True


def compute_tokens(operation: AccountOperation) -> set[TokenId]:
    """The token rows that one operation in a slot of its own kind reads."""
    if isinstance(operation, KeyRequest):
        return set()
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
