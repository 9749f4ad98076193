"""Whether everything adds up: what bridges hold against what they owe, and their books against the proven state.

Takes bridges and the sequencer's states; gives one line per token and chain, and one per token. Reads only.

- SOL-1, per chain and token: balance >= pending + custody, in L1 units. - Custody, per chain and token: exactly
the state's reserve after the last block executed there plus the requests that no block executed there has
consumed. - SOL-2, per token: the reserves of all chains are the accounts' balances, the pools' reserves and the accrued
fees.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zklink.l1.bridge import BridgeClient
from zklink.l1.deployment import Deployment, TokenPlan
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import BlockNumber, ChainId, TokenId
from zklink.sequencer.mempool import Request, lane_of
from zklink.sequencer.sealed import count_requests
from zklink.sequencer.sequencer import Sequencer
from zklink.state.state import State


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


def reconcile(deployment: Deployment, bridges: Mapping[ChainId, BridgeClient], sequencer: Sequencer) -> Reconciliation:
    """Compare; needs that nothing moves on the chains meanwhile. Raises UnknownBlock if a chain executed more than is
    sealed here.
    """
    holdings = tuple(
        holding for chain in sorted(bridges) for holding in _read_chain(deployment, bridges[chain], sequencer)
    )
    balances = _sum_balances(sequencer.state)
    totals = (_compute_total(token, sequencer.state, balances) for token in deployment.tokens)
    return Reconciliation(holdings, tuple(totals))


def _read_chain(deployment: Deployment, bridge: BridgeClient, sequencer: Sequencer) -> Iterator[Holding]:
    chain = bridge.chain_id
    executed = BlockNumber(bridge.status().executed)
    stored = sequencer.stored(chain, executed)
    events = bridge.requests(deployment.chains[chain].from_block, bridge.client.head().number)
    requests = [event.request for event in events]
    waiting = [r for r in requests if r.request_id > count_requests(stored, lane_of(r))]
    for token in deployment.tokens:
        if chain not in token.contracts:
            continue
        at = bridge.solvency(token.token_id)
        yield Holding(
            chain=chain,
            token=token.token_id,
            balance=at.balance,
            pending=at.pending,
            scale=bridge.tokens.token_scale(token.token_id),
            custody=at.custody,
            reserve=sequencer.token_after(token.token_id, executed).reserve(chain),
            open_requests=sum(_brought(request, token.token_id) for request in waiting),
        )


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


def _compute_total(token: TokenPlan, state: State, balances: Counter[TokenId]) -> Total:
    row = state.token(token.token_id)
    pools = 0
    for (lower, higher), pool in state.pools():
        pools += pool.reserve_lower * (lower == token.token_id) + pool.reserve_higher * (higher == token.token_id)
    return Total(token.token_id, sum(row.reserves), balances[token.token_id], pools, row.fees)
