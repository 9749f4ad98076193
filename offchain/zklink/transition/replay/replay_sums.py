"""The changes that a published block adds to a state; their ranges are checked only when everything is added."""

from dataclasses import replace

from zklink.protocol.ids import AccountId, Amount, ChainId, TokenId
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State, order_pair


class Sums:
    """Balances, rows and pools so far; nothing reaches the state before `store`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._tokens: dict[TokenId, TokenRow] = {}
        self._pools: dict[PoolId, Pool] = {}
        self._balances: dict[tuple[AccountId, TokenId], int] = {}

    def move(self, account: AccountId, token: TokenId, delta: int) -> None:
        """Change a balance."""
        if delta:
            before = self._balances.get((account, token))
            self._balances[account, token] = delta + (self._state.balance(account, token) if before is None else before)

    def add(self, token: TokenId, chain_id: ChainId, delta: int) -> None:
        """Change a chain's reserve."""
        self._tokens[token] = self._token(token).add(chain_id, delta)

    def accrue(self, token: TokenId, fee: int) -> None:
        """Change a token's accrued fees."""
        row = self._token(token)
        self._tokens[token] = replace(row, fees=row.fees + fee)

    def pool(self, a: TokenId, b: TokenId) -> Pool:
        """The pair's pool so far."""
        return self._pools.get(order_pair(a, b)) or self._state.pool(a, b)

    def set_pool(self, a: TokenId, b: TokenId, pool: Pool) -> None:
        """Replace the pair's pool."""
        self._pools[order_pair(a, b)] = pool

    def store(self) -> None:
        """Write everything to the state; StateError for values that no state can have."""
        for token, row in self._tokens.items():
            self._state.set_token(token, row)
        for pair, pool in self._pools.items():
            self._state.set_pool(*pair, pool)
        for (account, token), amount in self._balances.items():
            self._state.set_balance(account, token, Amount(amount))

    def _token(self, token: TokenId) -> TokenRow:
        return self._tokens.get(token) or self._state.token(token)
