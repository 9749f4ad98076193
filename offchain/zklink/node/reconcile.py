"""Whether everything adds up: what bridges hold against what they owe, and their books against the proven state.

Takes bridges and the sequencer's states; gives one line per token and chain, and one per token. Reads only.

- SOL-1, per chain and token: balance >= pending + custody, in L1 units. - Custody, per chain and token: exactly
the state's reserve after the last block executed there plus the requests that no block executed there has
consumed. - SOL-2, per token: the reserves of all chains are the pools' reserves and the accrued fees.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zklink.l1.bridge import BridgeClient
from zklink.l1.deployment import Deployment, TokenPlan
from zklink.protocol.ids import BlockNumber, ChainId, TokenId
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
    pools: int
    fees: int

    @property
    def is_conserved(self) -> bool:
        """SOL-2."""
        return self.reserves == self.pools + self.fees


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
    state = sequencer.state_after(sequencer.height)
    return Reconciliation(holdings, tuple(_compute_total(token, state) for token in deployment.tokens))


def _read_chain(deployment: Deployment, bridge: BridgeClient, sequencer: Sequencer) -> Iterator[Holding]:
    chain = bridge.chain_id
    executed = BlockNumber(bridge.status().executed)
    consumed = sequencer.stored(chain, executed).request_count
    events = bridge.requests(deployment.chains[chain].from_block, bridge.client.head().number)
    waiting = [event.request for event in events if event.request.request_id > consumed]
    state = sequencer.state_after(executed)
    for token in deployment.tokens:
        if chain not in token.contracts:
            continue
        at = bridge.solvency(token.token_id)
        yield Holding(
            chain=chain,
            token=token.token_id,
            balance=at.balance,
            pending=at.pending,
            scale=bridge.token_scale(token.token_id),
            custody=at.custody,
            reserve=state.token(token.token_id).reserve(chain),
            open_requests=sum(request.amount for request in waiting if request.token_in == token.token_id),
        )


def _compute_total(token: TokenPlan, state: State) -> Total:
    row = state.token(token.token_id)
    pools = 0
    for (lower, higher), pool in state.pools():
        pools += pool.reserve_lower * (lower == token.token_id) + pool.reserve_higher * (higher == token.token_id)
    return Total(token.token_id, sum(row.reserves), pools, row.fees)
