"""Whether everything adds up: what bridges hold against what they owe, and their books against the proven state.

Takes what each bridge says of its books, and a state; gives one line per token and chain, and one per token. Never asks
a chain (`zklink.service.reconcile` does).

- SOL-1, per chain and token: balance >= pending + custody, in L1 units.
- Custody, per chain and token: exactly the state's reserve after the last block executed there plus the requests that
  no block executed there has consumed.
- SOL-2, per token: the reserves of all chains are the accounts' balances, the pools' reserves and the accrued fees.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.requests import Request, lane_of
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.ids import ChainId, TokenId
from zklink.state.state import State


@dataclass(frozen=True, slots=True)
class BridgeBooks:
    """What a bridge says of one token: `balance` and `pending` in L1 units, `custody` in layer-2 units; `scale` L1
    units make one of layer 2.
    """

    chain: ChainId
    token: TokenId
    balance: int
    pending: int
    custody: int
    scale: int


@dataclass(frozen=True, slots=True)
class Holding:
    """One token on one chain. `balance` and `pending` in L1 units; `custody`, `reserve` and `open_requests` in
    layer-2 units.
    """

    chain: ChainId
    token: TokenId
    balance: int
    pending: int
    scale: int
    custody: int
    reserve: int
    open_requests: int

    @property
    def surplus(self) -> int:
        """What the bridge holds beyond what it owes, in L1 units: donations. Negative breaks SOL-1."""
        return self.balance - self.pending - self.custody * self.scale

    @property
    def is_solvent(self) -> bool:
        """SOL-1."""
        return self.surplus >= 0

    @property
    def is_exact(self) -> bool:
        """Whether the bridge's books are those of the proven state."""
        return self.custody == self.reserve + self.open_requests


@dataclass(frozen=True, slots=True)
class Total:
    """One token over all chains, in layer-2 units, after the last sealed block."""

    token: TokenId
    reserves: int
    balances: int
    pools: int
    fees: int

    @property
    def is_conserved(self) -> bool:
        """SOL-2."""
        return self.reserves == self.balances + self.pools + self.fees


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The whole picture at one moment."""

    holdings: tuple[Holding, ...]
    totals: tuple[Total, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything adds up."""
        holds = all(holding.is_solvent and holding.is_exact for holding in self.holdings)
        return holds and all(total.is_conserved for total in self.totals)


def compute_holding(books: BridgeBooks, requests: Iterable[Request], stored: StoredBlock, reserve: int) -> Holding:
    """What a bridge holds of one token beside what its chain's executed state says.

    `requests` are all that were ever queued there, `stored` what the chain keeps of the last block that it executed,
    `reserve` the chain's reserve in the state after that block.
    """
    waiting = (r for r in requests if r.request_id > stored.consumed(lane_of(r)))
    open_requests = sum(_brought(request, books.token) for request in waiting)
    return Holding(
        books.chain, books.token, books.balance, books.pending, books.scale, books.custody, reserve, open_requests
    )


def compute_totals(state: State, tokens: Iterable[TokenId]) -> tuple[Total, ...]:
    """SOL-2's two sides for each of the tokens, in this state."""
    balances = _sum_balances(state)
    return tuple(_compute_total(token, state, balances) for token in tokens)


def _brought(request: Request, token: TokenId) -> int:
    """What a request brought of a token: a swap or a deposit that much, a full exit nothing."""
    match request:
        case SwapRequest():
            return request.amount if request.token_in == token else 0
        case DepositRequest():
            return request.amount if request.token == token else 0
        case FullExitRequest():
            return 0


def _sum_balances(state: State) -> Counter[TokenId]:
    """Of every token, what all accounts have."""
    balances: Counter[TokenId] = Counter()
    for _, account in state.accounts():
        balances.update(account.balances)
    return balances


def _compute_total(token: TokenId, state: State, balances: Counter[TokenId]) -> Total:
    row = state.token(token)
    pools = 0
    for (lower, higher), pool in state.pools():
        pools += pool.reserve_lower * (lower == token) + pool.reserve_higher * (higher == token)
    return Total(token, sum(row.reserves), balances[token], pools, row.fees)
