"""Reads one chain for the API: requests that have no confirmations yet, receipts of money that have them, and the live
facts about tokens, groups and freezes.

Takes a bridge; feeds a history and a live view. It believes its node, which is the operator's own: nothing that decides
about money hangs on it. Never sends anything.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Final

from zklink.api.live_view import LiveChain, LiveGroups, LiveToken, LiveView
from zklink.history.read_model import History
from zklink.history.transfer_record import Glimpse, How, MoneyReceipt
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import (
    BridgeEvent,
    PayoutDeferred,
    PayoutFilled,
    PayoutPaid,
    RequestCancelled,
    SwapRequested,
)
from zklink.l1.contracts.bridge_structs import NATIVE, WEI_PER_GWEI
from zklink.l1.contracts.verifiers import has_development_key
from zklink.l1.transport.receipts import BlockInfo
from zklink.node.events import Event
from zklink.protocol.facts import Group
from zklink.protocol.ids import MAX_CHAINS, Amount, ChainId, Kind, Lane, RequestId, TokenId

MONEY_EVENTS: Final = (PayoutFilled, PayoutPaid, PayoutDeferred, RequestCancelled)
OVERLAP_BLOCKS: Final = 32
"""Confirmed blocks that each look reads again: a node that lags behind another one leaves events out."""

FACTS_SECONDS: Final = 5.0
"""Between two readings of the live facts."""


class ChainReader:
    """One chain. `look` is one round; only one thread may call it. `tokens` are those that the chain has."""

    def __init__(
        self,
        bridge: BridgeClient,
        from_block: int,
        tokens: Iterable[TokenId],
        history: History,
        live: LiveView,
        clock: Callable[[], float],
    ) -> None:
        self._bridge, self._history, self._live, self._clock = bridge, history, live, clock
        self._tokens = tuple(tokens)
        self._first = self._next_block = from_block
        self._last: BlockInfo | None = None
        self._seen: dict[RequestId, Glimpse] = {}
        self._facts_at: float | None = None

    def take(self, event: Event) -> None:
        """Nothing that the node says is needed: contracts name the payouts in their events."""

    def look(self) -> None:
        """Read what is new; nothing is read again while no block is new. Raises the errors of reading a chain."""
        client = self._bridge.client
        head = client.head()
        if self._last is not None and head.hash == self._last.hash:
            return
        self._live.put_head(self._bridge.chain_id, head)
        confirmed = head.number - client.profile.confirmations + 1
        self._read_requests(confirmed, head.number)
        self._read_money(confirmed)
        now = self._clock()
        if self._facts_at is None or now - self._facts_at >= FACTS_SECONDS:
            self._live.put(self._bridge.chain_id, self._read_facts(head))
            self._facts_at = now
        self._last = head

    def _read_requests(self, confirmed: int, head: int) -> None:
        """Requests above the confirmed height as the chain shows them now, and older ones that the node does not have
        yet.
        """
        start = max(confirmed - OVERLAP_BLOCKS, self._first)
        shown = self._bridge.events_named([SwapRequested], start, head) if start <= head else []
        kept = {id: glimpse for id, glimpse in self._seen.items() if glimpse.l1_block < start}
        found = (event for event in shown if isinstance(event, SwapRequested))
        kept |= {e.request.request_id: Glimpse(e.request, e.log.tx_hash, e.log.block_number) for e in found}
        self._seen = {id: glimpse for id, glimpse in kept.items() if not self._is_known(glimpse)}
        self._history.see(self._bridge.chain_id, self._seen.values())

    def _is_known(self, glimpse: Glimpse) -> bool:
        record = self._history.transfer((glimpse.request.source, glimpse.request.request_id))
        return record is not None and record.is_confirmed

    def _read_money(self, confirmed: int) -> None:
        if confirmed < self._next_block:
            return
        start = max(self._next_block - OVERLAP_BLOCKS, self._first)
        self._history.show(self._read_receipts(self._bridge.events_named(MONEY_EVENTS, start, confirmed)))
        self._next_block = confirmed + 1

    def _read_receipts(self, events: Iterable[BridgeEvent]) -> Iterator[MoneyReceipt]:
        chain = self._bridge.chain_id
        for event in events:
            match event:
                case PayoutFilled():
                    receiver, net = f"0x{event.recipient[12:].hex()}", event.amount - event.fee
                    yield MoneyReceipt(
                        How.FILL, chain, event.key, event.log.tx_hash, event.log.block_number, receiver, net
                    )
                case PayoutPaid() | PayoutDeferred():
                    how = How.OWE if isinstance(event, PayoutDeferred) else _how_paid(event.kind)
                    yield MoneyReceipt(
                        how,
                        chain,
                        event.key,
                        event.log.tx_hash,
                        event.log.block_number,
                        event.receiver,
                        event.l1_amount,
                    )
                case RequestCancelled(log, Lane.SWAP, id, receiver, _, l1_amount):
                    yield MoneyReceipt(
                        How.CANCEL, chain, b"", log.tx_hash, log.block_number, receiver, l1_amount, (chain, id)
                    )

    def _read_facts(self, head: BlockInfo) -> LiveChain:
        groups = self._bridge.groups
        return LiveChain(
            head=head,
            is_frozen=self._bridge.is_frozen(),
            tokens={token: self._read_token(token) for token in self._tokens},
            groups=LiveGroups({group: groups.members(group) for group in Group}, groups.coming()),
            prices_wei=self._read_prices(),
            has_development_keys=self._has_development_keys,
            gas_price_wei=self._bridge.client.gas_price(),
        )

    @cached_property
    def _has_development_keys(self) -> bool:
        """What the verifiers of blocks say of their keys, which never change."""
        parts = self._bridge.history.parts()
        return any(
            has_development_key(self._bridge.client, verifier)
            for verifier in (parts.swap_verifier, parts.account_verifier)
        )

    def _read_prices(self) -> dict[ChainId, int]:
        """What a swap to each chain pays at the door, in wei."""
        prices = self._bridge.tokens.prices()
        return {ChainId(kind): prices[kind] * WEI_PER_GWEI for kind in range(1, MAX_CHAINS + 1)}

    def _read_fees(self) -> int:
        """What the doors have taken and nobody has collected, in wei."""
        fees = self._bridge.fees()
        return fees.open_wei + fees.earned_wei

    def _read_token(self, token: TokenId) -> LiveToken:
        registry, books = self._bridge.tokens, self._bridge.solvency(token)
        config = registry.token_config(token)
        return LiveToken(
            is_paused=registry.is_paused(token),
            minimum=config.minimum,
            cap=config.cap,
            scale=registry.token_scale(token),
            balance=books.balance,
            pending=books.pending,
            custody=Amount(books.custody),
            fees_wei=self._read_fees() if config.token == NATIVE else 0,
        )


def _how_paid(kind: int) -> How:
    """A receipt of a payment: a refund's payout is paid on the source."""
    return How.REFUND if kind == Kind.SWAP_REFUNDED else How.PAY
