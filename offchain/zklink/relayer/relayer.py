"""The relayer: takes signed orders, sends each once from its own account, and keeps what became of it.

Takes a deployment's chains, an account, terms and books; gives orders on the books. It never sends what it has not
tried, and never more than its terms let it lose: an owner who signs and then takes the tokens away costs the relayer
gas for a call in vain. So on each chain an owner has one order at a time, none within a day of one that failed, and all
that fail or are on their way share what may be lost in a day. An order that was taken goes on after a restart.
"""

import logging
from collections.abc import Callable, Mapping
from threading import BoundedSemaphore, Lock, Thread
from typing import Final

from eth_account.signers.local import LocalAccount
from eth_utils import to_canonical_address, to_checksum_address

from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.l1.contracts.entry import EntryPlace
from zklink.l1.contracts.entry_client import EntryClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import Call, ChainClient, Submission
from zklink.primitives.keccak import keccak256
from zklink.protocol.errors import (
    CallReverted,
    RelayRefused,
    RpcUnavailable,
    TransactionReplaced,
    TransactionReverted,
    ZkLinkError,
)
from zklink.protocol.ids import DAY, ChainId, TokenId
from zklink.relayer.meter import RECEIVED, REPEATED, Holding, RelayMeter
from zklink.relayer.order_checks import Cost, RelayPlace, check_form, check_on_chain, try_order
from zklink.relayer.records import RelayBooks, RelayedOrder, SignedSwap, Standing
from zklink.relayer.terms import QUOTED_PERCENT, RELAY_GAS, RelayTerms
from zklink.relayer.token_domains import TokenDomains

log = logging.getLogger(__name__)

CHECKED_AT_ONCE: Final = 2
"""Orders that may ask each chain at a time: one whose node is slow keeps nobody from the others."""
ENTERED: Final = keccak256(b"Entered(address,uint8,uint64,address,uint256,uint256,address)")
"""What an entry shows when it has brought an order of an owner."""

Start = Callable[[Callable[[], None]], object]
"""Runs a job at some time on some thread."""


class Relayer:
    """One account on every chain. For any thread."""

    def __init__(
        self,
        deployment: Deployment,
        clients: Mapping[ChainId, ChainClient],
        account: LocalAccount,
        terms: RelayTerms,
        books: RelayBooks,
        start: Start | None = None,
    ) -> None:
        """`start` runs what waits for receipts; by default on threads of its own. Raises DeploymentRefused for an entry
        that is none, RpcUnavailable.
        """
        self.terms, self.books = terms, books
        self._account, self._deployment = account, deployment
        bridges = deployment.bridges(clients)
        entries = {k: EntryClient(clients[k], chain.entry) for k, chain in deployment.chains.items()}
        for k, entry in entries.items():
            entry.check_genuine(bridges[k].address)
        self._places = {k: RelayPlace(bridges[k], entry, entry.place()) for k, entry in entries.items()}
        self._start = start or _start_thread
        self.meter = RelayMeter({k: c.name for k, c in deployment.chains.items()}, terms.greatest_loss_wei)
        self._lock = Lock()
        self._checks = {k: BoundedSemaphore(CHECKED_AT_ONCE) for k in entries}
        self._held: set[bytes] = set()
        served = [(k, t.token_id) for k in entries for t in deployment.tokens if self._is_served(k, t.token_id)]
        self.domains = TokenDomains({place: self._token(*place) for place in served})

    @property
    def address(self) -> str:
        """Whom an order must name as its relayer."""
        return str(self._account.address)

    def entry(self, chain: ChainId) -> EntryPlace:
        """Where its orders go on a chain of the deployment."""
        return self._places[chain].place

    def quote(self, chain: ChainId, token: TokenId, gas_price_wei: int, door_wei: int) -> int | None:
        """The fee for a swap of this token, in layer-2 units; None where it is not served."""
        if not self._is_served(chain, token):
            return None
        return self.terms.compute_fee(chain, token, RELAY_GAS * gas_price_wei + door_wei, QUOTED_PERCENT)

    def bring(self, signed: SignedSwap) -> RelayedOrder:
        """Take an order and send it; the same one again is the order on the books. Raises RelayRefused."""
        try:
            order, is_new = self._bring(signed)
        except RelayRefused as error:
            self.meter.note_answer(signed.chain, error.code)
            raise
        self.meter.note_answer(signed.chain, RECEIVED if is_new else REPEATED)
        return order

    def _bring(self, signed: SignedSwap) -> tuple[RelayedOrder, bool]:
        """(the order on the books, whether it is new)."""
        place = self._places.get(signed.chain)
        if place is None:
            raise RelayRefused("wrong_chain", "the deployment has no such chain")
        if not self._is_served(signed.chain, signed.order.token_in):
            raise RelayRefused("token_not_served", "the relayer takes no fee in this token on this chain")
        token = self._token(signed.chain, signed.order.token_in)
        check_form(place, signed, token.address, self.address)
        known = self._find(signed)
        if known is not None:
            return known, False
        checks = self._checks[signed.chain]
        if not checks.acquire(blocking=False):
            raise RelayRefused("busy", "the relayer is looking at other orders: come again")
        try:
            cost = check_on_chain(place, signed, token, self.terms, self.address)
        except RelayRefused:
            if (known := self._find(signed)) is not None:  # it came twice, and the other was faster
                return known, False
            raise
        finally:
            checks.release()
        order, is_new = self._take(signed, cost)
        if is_new:
            self._send(order, cost.call)
        return self.books.find(order.id) or order, is_new

    def look(self) -> None:
        """Go on with orders that nobody waits for: after a restart, or when a node did not answer. Counts what is at
        risk, and asks tokens for their domains.
        """
        self.domains.look()
        self._look_after_orders()
        for chain in self._places:
            self._take_stock(chain)

    def _look_after_orders(self) -> None:
        for seen in self.books.load_open():
            with self._lock:
                is_held = seen.id in self._held
                self._held.add(seen.id)
            if is_held:
                continue
            try:
                order = self.books.find(seen.id)  # what waited for it may have ended since
                if order is not None and order.standing is Standing.OPEN:
                    self._resume(order)
                else:
                    self._let_go(seen)
            except ZkLinkError as error:
                log.warning("order 0x%s waits: %s", seen.id.hex(), error)
                self._let_go(seen)

    def _take_stock(self, chain: ChainId) -> None:
        try:
            now, coin = self._places[chain].client.head().timestamp, self._places[chain].client.balance(self.address)
        except ZkLinkError as error:
            log.warning("the relayer's account could not be looked at: %s", error)
            return
        opened, failed = self._list_at_risk(chain, now)
        risk_wei = sum(order.risk_wei for order in (*opened, *failed))
        self.meter.note_holding(chain, Holding(len(opened), risk_wei, coin))

    def _list_at_risk(self, chain: ChainId, now: int) -> tuple[list[RelayedOrder], list[RelayedOrder]]:
        """Orders of a chain that are on their way, and those that were in vain within a day."""
        opened = [order for order in self.books.load_open() if order.chain == chain]
        return opened, [order for order in self.books.load_failed(now - DAY) if order.chain == chain]

    def _is_served(self, chain: ChainId, token: TokenId) -> bool:
        address = next((t.contracts.get(chain) for t in self._deployment.tokens if t.token_id == token), None)
        return address not in (None, NATIVE) and self.terms.is_served(chain, token)

    def _token(self, chain: ChainId, token: TokenId) -> TokenClient:
        return TokenClient(self._places[chain].client, self._deployment.token(token).contracts[chain])

    def _find(self, signed: SignedSwap) -> RelayedOrder | None:
        """The order on the books. Raises RelayRefused if it is another owner's: its hash does not name the owner."""
        known = self.books.find(signed.nonce)
        if known is not None and known.owner != to_checksum_address(signed.owner):
            raise RelayRefused("wrong_order", "another owner has signed the very same order: change its deadline")
        return known

    def _take(self, signed: SignedSwap, cost: Cost) -> tuple[RelayedOrder, bool]:
        """Put an order onto the books, if what it risks may still be lost; False for one that was there. Raises
        RelayRefused.
        """
        number, now = cost.head
        order = RelayedOrder(
            id=signed.nonce,
            chain=signed.chain,
            owner=to_checksum_address(signed.owner),
            token_in=signed.order.token_in,
            destination=signed.order.destination,
            token_out=signed.order.token_out,
            l1_amount=signed.order.l1_amount,
            valid_before=signed.valid_before,
            call=cost.call.data,
            value_wei=cost.value_wei,
            gas=cost.gas,
            risk_wei=cost.risk_wei,
            taken_at=now,
            since_block=number,
            standing=Standing.OPEN,
        )
        with self._lock:
            if (known := self._find(signed)) is not None:
                return known, False
            opened, failed = self._list_at_risk(order.chain, now)
            if any(other.owner == order.owner for other in opened):
                raise RelayRefused("owner_busy", "another order of this owner is on its way on this chain")
            if any(other.owner == order.owner for other in failed):
                raise RelayRefused("owner_barred", "an order of this owner has failed within a day")
            if len(opened) >= self.terms.most_open:
                raise RelayRefused("busy", "as many orders as may be are on their way on this chain")
            if sum(other.risk_wei for other in (*opened, *failed, order)) > self.terms.greatest_loss_wei:
                raise RelayRefused("exhausted", "what may be lost within a day has been lost, or is at risk")
            self.books.keep(order)
            self._held.add(order.id)
        return order, True

    def _send(self, order: RelayedOrder, call: Call) -> None:
        """Broadcast an order that is held, and have somebody wait for it. One of unknown fate stays open."""
        client = self._places[order.chain].client
        try:
            submission = client.submit(self._account, call, order.value_wei, order.gas)
        except ZkLinkError as error:
            log.warning("order 0x%s is not sent yet: %s", order.id.hex(), error)
            self._let_go(order)
            return
        order = order.become(Standing.OPEN, submission.tx_hashes[-1])
        try:
            self.books.keep(order)
        except ZkLinkError as error:  # it is sent all the same, and what becomes of it is kept later
            log.warning("order 0x%s is sent, and that is not kept: %s", order.id.hex(), error)
        self._start(lambda: self._settle(order, submission))

    def _settle(self, order: RelayedOrder, submission: Submission) -> None:
        """Wait for the receipt."""
        try:
            self._end(self._wait(order, submission))
        except ZkLinkError as error:
            log.warning("order 0x%s is not mined yet: %s", order.id.hex(), error)
        finally:
            self._let_go(order)

    def _wait(self, order: RelayedOrder, submission: Submission) -> RelayedOrder:
        try:
            receipt = self._places[order.chain].client.wait(submission)
        except (TransactionReverted, TransactionReplaced) as error:
            log.warning("order 0x%s was sent in vain: %s", order.id.hex(), error)
            return order.become(Standing.FAILED)
        return order.become(Standing.BROUGHT, receipt.tx_hash)

    def _resume(self, order: RelayedOrder) -> None:
        """What became of an order, as its entry shows it; if nothing did, it is sent again, unless that is in vain or
        costs more than the order counts among what may be lost.
        """
        place = self._places[order.chain]
        call = Call(place.entry.address, order.call, "a signed order")
        is_vain = self._is_vain(order, call)  # before the entry is asked: what has brought the order shows there then
        head = place.client.head()
        brought_by = self._find_bringer(order, head.number)
        if brought_by is not None:
            self._end(order.become(Standing.BROUGHT, brought_by))
        elif is_vain or head.timestamp >= min(order.valid_before, order.taken_at + DAY):
            self._end(order.become(Standing.FAILED))
        elif (cost_wei := order.gas * place.client.gas_price()) > order.risk_wei:
            log.warning("order 0x%s waits: its gas costs %d wei now", order.id.hex(), cost_wei)
        else:
            self._send(order, call)
            return
        self._let_go(order)

    def _find_bringer(self, order: RelayedOrder, to_block: int) -> bytes | None:
        """The transaction that brought an order; only this relayer could, so its input is the order's call."""
        place = self._places[order.chain]
        topics = [ENTERED, bytes(12) + to_canonical_address(order.owner)]
        for log in place.client.logs(place.entry.address, order.since_block, to_block, topics):
            found = place.client.find_input(log.tx_hash)
            if found is None:  # a node that lags must not make a brought order a failed one
                raise RpcUnavailable(place.client.profile.name, "eth_getTransactionByHash", 1, "it has no transaction")
            if found == order.call:
                return log.tx_hash
        return None

    def _is_vain(self, order: RelayedOrder, call: Call) -> bool:
        """Whether an order's call would be refused now."""
        try:
            try_order(self._places[order.chain].client, self.address, call, order.value_wei, order.gas)
        except CallReverted:
            return True
        return False

    def _end(self, order: RelayedOrder) -> None:
        """Keep what became of an order."""
        self.books.keep(order)
        self.meter.note_end(order.chain, order.standing)

    def _let_go(self, order: RelayedOrder) -> None:
        with self._lock:
            self._held.discard(order.id)


def _start_thread(job: Callable[[], None]) -> None:
    """A thread of its own, which no process waits for at its end: what it waits for goes on after a restart."""
    Thread(target=job, name="relay", daemon=True).start()
