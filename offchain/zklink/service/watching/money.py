"""Whether the bridges have what they owe: their books against their balances, and against the state that the primary's
calldata gives. Takes the chains' views at final blocks and the primary's history; gives alarms and metrics.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from zklink.history.solvency import Holding, compute_totals, sum_brought
from zklink.l1.contracts.bridge_structs import NATIVE, WEI_PER_GWEI
from zklink.l1.deployment.records import Deployment
from zklink.operations.payout import Payout
from zklink.protocol.errors import StateError
from zklink.protocol.ids import BlockNumber, ChainId, TokenId
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.recovery.chains_read import ChainsRead
from zklink.service.metrics import Metrics
from zklink.service.watching.alarms import DEPLOYMENT, Alarm, AlarmName
from zklink.state.state import State
from zklink.transition.replay.replay_block import add_effects, check_root

BLOCKS_AT_ONCE: Final = 1_000
"""Blocks that one look replays at most: alarms about chains do not wait for a long history."""

Reserves = Mapping[tuple[ChainId, TokenId], int]


class Ledger:
    """The reserves after each block of the primary's history, in layer-2 units, by replay."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._state, self._number, self._sync_hash = self._genesis()
        self._reserves: dict[int, Reserves] = {0: self._read_reserves()}
        self._uneven: tuple[Alarm, ...] = ()

    @property
    def number(self) -> BlockNumber:
        """The last block that is replayed."""
        return self._number

    def reserves(self, number: int) -> Reserves | None:
        """The reserves after a block; None if it is not replayed yet, or forgotten."""
        return self._reserves.get(number)

    def advance(self, history: AcceptedHistory, most: int = BLOCKS_AT_ONCE) -> Iterator[Alarm]:
        """Replay the next blocks; says if one is not what its root says, or if reserves are not what they are for."""
        if not history.has(self._number, self._sync_hash):
            self._state, self._number, self._sync_hash = self._genesis()
            self._reserves = {0: self._read_reserves()}
        blocks = history.line[self._number : self._number + most]
        if blocks:
            try:
                self._replay(blocks)
            except StateError as error:
                text = f"the primary's blocks do not give the state that they prove: {error}"
                yield Alarm(AlarmName.HISTORY_BROKEN, DEPLOYMENT, text)
                return
            self._uneven = tuple(self._check_totals()) if self._number == history.height else ()
        yield from self._uneven

    def _replay(self, blocks: Sequence[AcceptedBlock]) -> None:
        mark, reserves = self._state.begin(), dict[int, Reserves]()
        try:
            for block in blocks:
                add_effects(self._state, block.published())
                reserves[block.number] = self._read_reserves()
            check_root(blocks[-1].number, "the new root", blocks[-1].root, self._state)
        except StateError:
            self._state.rollback(mark)
            raise
        self._reserves |= reserves
        self._number, self._sync_hash = blocks[-1].number, blocks[-1].sync_hash

    def _check_totals(self) -> Iterator[Alarm]:
        for total in compute_totals(self._state, (plan.token_id for plan in self._deployment.tokens)):
            if not total.is_conserved:
                claims = total.balances + total.pools + total.fees
                text = f"after block {self._number} the reserves of token {total.token} are {total.reserves}"
                said = f"{text}, and accounts, pools and fees have {claims}"
                yield Alarm(AlarmName.HISTORY_BROKEN, DEPLOYMENT, said, mark=str(total.token))

    def forget_before(self, number: int) -> None:
        """Nobody asks for the reserves before this block any more."""
        self._reserves = {at: reserves for at, reserves in self._reserves.items() if at >= number}

    def _genesis(self) -> tuple[State, BlockNumber, bytes]:
        return self._deployment.genesis.state(), BlockNumber(0), self._deployment.deployment_hash

    def _read_reserves(self) -> Reserves:
        return {
            (chain, plan.token_id): self._state.token(plan.token_id).reserve(chain)
            for plan in self._deployment.tokens
            for chain in plan.contracts
        }


@dataclass(slots=True)
class Custody:
    """Compares the books of one chain's bridge, at a block with its confirmations."""

    read: ChainsRead
    chain: ChainId
    metrics: Metrics

    def look(self, height: int, ledger: Ledger, is_frozen: bool) -> Iterator[Alarm]:
        """At L1 block `height`. While the reserves at the chain's last block are not replayed, and once exits may have
        paid, only balances are compared. Raises RpcUnavailable, LogsIncomplete, RequestGap, HistoryIncomplete.
        """
        bridge, name = self.read.bridges[self.chain], self.read.name(self.chain)
        reserves = None if is_frozen else ledger.reserves(bridge.history.tip(block=height).number)
        requests = self.read.open_requests(self.chain, height)
        fees = bridge.fees(block=height)
        paid = sum(request.native_fee_gwei for request in requests) * WEI_PER_GWEI
        if reserves is not None and fees.open_wei != paid:
            text = f"at block {height} its open fees are {fees.open_wei} wei, and open requests have paid {paid}"
            yield Alarm(AlarmName.CUSTODY, name, text, mark="fees")
        owed = list(self._list_owed(height)) if reserves is not None else []
        for plan in (plan for plan in self.read.deployment.tokens if self.chain in plan.contracts):
            token, at = plan.token_id, bridge.solvency(plan.token_id, block=height)
            holding = Holding(
                self.chain,
                token,
                at.balance,
                at.pending,
                bridge.tokens.token_scale(token),
                at.custody,
                0 if reserves is None else reserves[self.chain, token],
                sum_brought(requests, token),
                sum(payout.amount for payout in owed if payout.token == token),
                fees.open_wei + fees.earned_wei if plan.contracts[self.chain] == NATIVE else 0,
            )
            yield from self.judge(holding, plan.symbol, height, does_know=reserves is not None)

    def judge(self, holding: Holding, symbol: str, height: int, *, does_know: bool) -> Iterator[Alarm]:
        """What is wrong with a token's books at a height; `does_know`: the reserve by replay is known."""
        name, metrics = self.read.name(self.chain), self.metrics
        explained = holding.reserve + holding.open_requests + holding.owed
        metrics.custody.labels(name, symbol).set(holding.custody)
        metrics.custody_surplus.labels(name, symbol).set(holding.surplus / holding.scale)
        metrics.custody_difference.labels(name, symbol).set(holding.custody - explained if does_know else 0)
        if not holding.is_solvent:
            owes = holding.balance - holding.surplus
            text = f"at block {height} it holds {holding.balance} of {symbol} (L1 units), and owes {owes}"
            yield Alarm(AlarmName.INSOLVENT, name, text, mark=symbol)
        if does_know and not holding.is_exact:
            parts = f"reserve {holding.reserve} + open requests {holding.open_requests} + payouts owed {holding.owed}"
            text = f"at block {height} its custody of {symbol} is {holding.custody}, and {parts} (layer-2 units) is"
            yield Alarm(AlarmName.CUSTODY, name, f"{text} {explained}", mark=symbol)

    def _list_owed(self, height: int) -> Iterator[Payout]:
        for _, words in self.read.owed(self.chain, height):
            for start in range(0, len(words), PAYOUT_WORDS):
                yield Payout.from_words(words[start : start + PAYOUT_WORDS])
