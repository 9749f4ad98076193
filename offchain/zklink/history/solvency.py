"""Compares what bridges hold with what they owe, and their books with the proven state.

Takes the books of each bridge, and a state; gives one record per token and chain, and one per token. Never asks a chain
(`zklink.service.reconcile` does).

- SOL-1, per chain and token: balance >= pending + custody, in L1 units; for the chain's coin also + what requests have
  paid at the doors, as far as nobody has collected it.
- Fees, per chain: the open ones are exactly those of the requests that no block accepted (or imported) there consumes.
- Custody, per chain and token: exactly the state's reserve after the last block accepted (or imported) there, plus the
  requests that no such block has consumed, plus the payouts of such blocks that are still owed there.
- SOL-2, per token: the reserves of all chains are the accounts' balances, the pools' reserves and the accrued fees.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.payout import Payout
from zklink.operations.requests import Request, lane_of
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, TokenId
from zklink.sequencer.sealed_block import BlockRecord
from zklink.state.state import State


@dataclass(frozen=True, slots=True)
class BridgeBooks:
    """A bridge's books for one token: `balance` and `pending` in L1 units, `custody` in layer-2 units; `scale` L1 units
    make one layer-2 unit. `fees` are open and earned, in wei, where the token is the chain's coin.
    """

    chain: ChainId
    token: TokenId
    balance: int
    pending: int
    custody: int
    scale: int
    fees: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """One token on one chain. `balance`, `pending` and `fees` in L1 units; `custody`, `reserve`, `open_requests` and
    `owed` in layer-2 units.
    """

    chain: ChainId
    token: TokenId
    balance: int
    pending: int
    scale: int
    custody: int
    reserve: int
    open_requests: int
    owed: int
    fees: int = 0

    @property
    def surplus(self) -> int:
        """The balance beyond all debts, in L1 units: donations, and coin that full exits have burnt. A negative surplus
        breaks SOL-1.
        """
        return self.balance - self.pending - self.custody * self.scale - self.fees

    @property
    def is_solvent(self) -> bool:
        """Whether the bridge holds at least what it owes: SOL-1."""
        return self.surplus >= 0

    @property
    def is_exact(self) -> bool:
        """Whether the bridge's custody is exactly the proven reserve, the open requests and the payouts still owed."""
        return self.custody == self.reserve + self.open_requests + self.owed


@dataclass(frozen=True, slots=True)
class FeeHolding:
    """The coin of one chain that belongs to no token, in wei: what the bridge holds of the coin, what it owes outside
    of tokens, what open requests have paid at its doors by its books and by their words, and what blocks have earned.
    """

    chain: ChainId
    balance: int
    pending: int
    open: int
    waiting: int
    earned: int

    @property
    def is_solvent(self) -> bool:
        """Whether the bridge has it: a part of SOL-1, for chains whose coin is no token, too."""
        return self.balance >= self.pending + self.open + self.earned

    @property
    def is_exact(self) -> bool:
        """Whether its books are those of the requests."""
        return self.open == self.waiting


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
        """Whether reserves and liabilities of the token are equal: SOL-2."""
        return self.reserves == self.balances + self.pools + self.fees


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The whole picture at one moment."""

    holdings: tuple[Holding, ...]
    totals: tuple[Total, ...]
    fees: tuple[FeeHolding, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything adds up."""
        holds = all(holding.is_solvent and holding.is_exact for holding in self.holdings)
        is_fair = all(fees.is_solvent and fees.is_exact for fees in self.fees)
        return holds and is_fair and all(total.is_conserved for total in self.totals)


def compute_holding(
    books: BridgeBooks, requests: Iterable[Request], after: BlockRecord, reserve: int, owed: Iterable[Payout]
) -> Holding:
    """Compare a bridge's books for one token with the state of its chain.

    `requests` are all requests ever queued there, `after` is the record of the last block that the chain has, `reserve`
    the chain's reserve in the state after that block, in layer-2 units, and `owed` what its blocks still owe there.
    """
    chain, token = books.chain, books.token
    waiting = list_waiting(chain, requests, after)
    return Holding(
        chain=chain,
        token=token,
        balance=books.balance,
        pending=books.pending,
        scale=books.scale,
        custody=books.custody,
        reserve=reserve,
        open_requests=sum_brought(waiting, token),
        owed=sum(payout.amount for payout in owed if payout.token == token),
        fees=books.fees,
    )


def list_waiting(chain: ChainId, requests: Iterable[Request], after: BlockRecord) -> list[Request]:
    """The requests of a chain that no block up to one consumes."""
    return [request for request in requests if request.request_id > after.consumed[lane_of(request), chain]]


def compute_totals(state: State, tokens: Iterable[TokenId]) -> tuple[Total, ...]:
    """The two sides of SOL-2 for each of the tokens, in this state."""
    balances = _sum_balances(state)
    return tuple(_compute_total(token, state, balances) for token in tokens)


def sum_brought(requests: Iterable[Request], token: TokenId) -> int:
    """How much of a token requests brought in, in layer-2 units."""
    return sum(_brought(request, token) for request in requests)


def _brought(request: Request, token: TokenId) -> int:
    """How much of a token a request brought in: the amount of a swap or a deposit; nothing for any other."""
    match request:
        case SwapRequest():
            return request.amount if request.token_in == token else 0
        case DepositRequest():
            return request.amount if request.token == token else 0
        case FullExitRequest() | KeyRequest():
            return 0


def _sum_balances(state: State) -> Counter[TokenId]:
    """The sum of all accounts' balances, for every token."""
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
