"""Reads one Solana chain for the API: requests that are not finalized, receipts of money, and live facts.

Takes the program's bridge; feeds a history and a live view, as `ChainReader` does for a chain with contracts. It
believes its node, which is the operator's own: nothing that decides about money hangs on it. Never sends anything.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from solders.pubkey import Pubkey

from zklink.api.live_view import LiveChain, LiveGroups, LiveToken, LiveView
from zklink.history.read_model import History
from zklink.history.transfer_record import Glimpse, How, MoneyReceipt
from zklink.l1.transport.receipts import BlockInfo
from zklink.node.events import BlockSealed, Event
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.facts import Group
from zklink.protocol.ids import MAX_CHAINS, Amount, ChainId, Kind, Lane, TokenId
from zklink.signers.solana_reader import SolanaReader
from zklink.solana.client.acts import MOST_SIGNATURES, Act, name_swaps, read_next
from zklink.solana.client.bridge import BridgeReading, SolanaBridge
from zklink.solana.client.importing import read_block
from zklink.solana.client.node import CONFIRMED
from zklink.solana.client.paying import read_token_state
from zklink.solana.client.program import Program
from zklink.solana.interface import accounts, addresses, instructions

FACTS_SECONDS: Final = 5.0
"""Between two readings of the live facts."""
LAMPORTS_OF_A_CALL: Final = 5_000


class ProgramReader:
    """One chain. `look` is one round; only one thread may call it, `take` another one. `tokens` are those it has."""

    def __init__(
        self,
        chain: ChainId,
        bridge: SolanaBridge,
        program: Program,
        deployment_hash: bytes,
        tokens: Iterable[TokenId],
        history: History,
        live: LiveView,
        clock: Callable[[], float],
    ) -> None:
        self._chain, self._bridge, self._program, self._deployment_hash = chain, bridge, program, deployment_hash
        self._tokens, self._history, self._live, self._clock = tuple(tokens), history, live, clock
        self._head = SolanaReader(bridge)
        self._places: dict[str, Payout] = {}
        self._filled = set[str]()
        """Where somebody has filled: the recipient has its money, and the payment is the broker's."""
        self._last: int | None = None
        self._last_act: str | None = None
        self._last_swap: str | None = None
        self._swaps: list[Act] = []
        """The calls on the swap queue, the newest first."""
        self._facts_at: float | None = None

    def take(self, event: Event) -> None:
        """Note the payouts of a sealed block: a payment names its payout by the place of its fill."""
        if isinstance(event, BlockSealed):
            for result in event.results:
                if result.payout.chain == self._chain:
                    self._places[self._place(result.payout)] = result.payout

    def look(self) -> None:
        """Read what is new; nothing is read again while no slot is new. Raises the errors of reading a chain."""
        head = self._head.newest()
        if head.number == self._last:
            return
        self._live.put_head(self._chain, head)
        reading = self._bridge.read_queues(CONFIRMED)
        self._read_requests(reading)
        self._read_money()
        now = self._clock()
        if self._facts_at is None or now - self._facts_at >= FACTS_SECONDS:
            self._live.put(self._chain, self._read_facts(head, reading))
            self._facts_at = now
        self._last = head.number

    # -- requests ------------------------------------------------------------------------------------------------

    def _read_requests(self, reading: BridgeReading) -> None:
        """Those that the node's watch has not given out: their slots are not finalized."""
        total, new = reading.total(Lane.SWAP), list[SwapRequest]()
        for request_id in range(total, max(0, total - accounts.SWAP_ENTRIES + 1), -1):
            request = SwapRequest.from_words(tuple(reading.entry(Lane.SWAP, request_id)["words"]))
            record = self._history.transfer((self._chain, request.request_id))
            if record is not None and record.is_confirmed:
                break
            new.insert(0, request)
        hashes = self._find_hashes(new)
        glimpses = [Glimpse(each, hashes.get(each.request_id, b""), reading.slot) for each in new]
        self._history.see(self._chain, glimpses)

    def _find_hashes(self, requests: list[SwapRequest]) -> dict[Any, bytes]:
        if not requests:
            return {}
        place, is_first = self._bridge.queue(Lane.SWAP), self._last_swap is None
        acts, self._last_swap = read_next(self._bridge.node, self._program, place, self._last_swap, is_first=is_first)
        self._swaps = [*acts, *self._swaps][:MOST_SIGNATURES]
        return {id: decode_base58(act.signature, 64) for id, act in name_swaps(self._swaps, requests).items()}

    # -- money ---------------------------------------------------------------------------------------------------

    def _read_money(self) -> None:
        acts, last = read_next(self._bridge.node, self._program, self._bridge.address, self._last_act)
        if acts:
            self._history.show([receipt for act in reversed(acts) for receipt in self._read_receipts(act)])
        self._last_act = last

    def _read_receipts(self, act: Act) -> Iterator[MoneyReceipt]:
        if act.name == instructions.FILL.name:
            payout = Payout.from_words([int.from_bytes(word, "big") for word in act.values["payout"]])
            self._filled.add(act.places["fill"])
            yield self._receipt(act, How.FILL, payout, payout.amount - payout.fill_fee)
        elif act.name == instructions.PAY.name:
            paid = self._places.get(act.places["fill"])
            if paid is not None and act.places["fill"] not in self._filled:
                how = How.REFUND if paid.kind == Kind.SWAP_REFUNDED else How.PAY
                yield self._receipt(act, how, paid, self._l1_amount(paid))
        elif act.name == instructions.EXECUTE.name:
            found = read_block(self._bridge.node, self._program, Pubkey.from_string(act.places["block"]))
            for index, payout in enumerate([] if found is None else found.payouts()):
                if found is not None and not found.is_paid(index):
                    yield self._receipt(act, How.OWE, payout, self._l1_amount(payout))

    def _receipt(self, act: Act, how: How, payout: Payout, amount: int) -> MoneyReceipt:
        tx_hash, key = decode_base58(act.signature, 64), payout.fill_key(self._deployment_hash)
        return MoneyReceipt(how, self._chain, key, tx_hash, act.slot, encode_base58(payout.recipient), amount)

    def _l1_amount(self, payout: Payout) -> int:
        live = self._live.chain(self._chain)
        known = None if live is None else live.tokens.get(payout.token)
        scale = known.scale if known else read_token_state(self._bridge.node, self._program, payout.token)["scale"]
        return int(payout.amount * scale)

    def _place(self, payout: Payout) -> str:
        return str(self._program.derive(addresses.fill_seeds(payout.fill_key(self._deployment_hash))))

    # -- facts ---------------------------------------------------------------------------------------------------

    def _read_facts(self, head: BlockInfo, reading: BridgeReading) -> LiveChain:
        known = reading.fields
        prices = [
            max(now, coming) if head.timestamp < since else coming
            for now, coming, since in zip(known["prices"], known["next_prices"], known["prices_from"], strict=True)
        ]
        return LiveChain(
            head=head,
            is_frozen=reading.is_frozen,
            tokens={token: self._read_token(token) for token in self._tokens},
            groups=LiveGroups({group: reading.members(group) for group in Group}, reading.coming),
            prices_wei={ChainId(kind): prices[kind] for kind in range(1, MAX_CHAINS + 1)},
            gas_price_wei=LAMPORTS_OF_A_CALL,
        )

    def _read_token(self, token: TokenId) -> LiveToken:
        found = read_token_state(self._bridge.node, self._program, token)
        return LiveToken(
            is_paused=bool(found["is_paused"]),
            minimum=Amount(found["minimum"]),
            cap=Amount(found["cap"]),
            scale=found["scale"],
            balance=found["balance"],
            pending=found["owed"] * found["scale"],
            custody=Amount(found["custody"]),
        )
