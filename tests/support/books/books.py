"""The books as they must be, kept apart from the contracts: independent accounting for the properties.

Takes what happened (a swap, a fill, a payout, a withdrawal, a donation); says what every bridge must hold, owe and have
paid. Knows nothing of blocks, proofs or messages. Amounts are layer-2 units, except where a name says `l1`.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.support.books.diary import name_chain, name_place, say
from tests.support.books.door_books import FeeBooks
from tests.support.three_chains import account_of
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, ChainId, Kind, TokenId

Place = tuple[ChainId, TokenId]
RequestKey = tuple[ChainId, int]
Share = tuple[str, int]
"""Somebody's account, and the layer-2 units that it gets of a payout."""


class DoubleEnd(AssertionError):
    """A request ended twice."""


@dataclass
class Books:
    """Custody, pending balances, fills and the end of every request."""

    scales: dict[Place, int]
    custody: Counter[Place] = field(default_factory=Counter)
    inflow: Counter[Place] = field(default_factory=Counter)
    released: Counter[Place] = field(default_factory=Counter)
    donated_l1: Counter[Place] = field(default_factory=Counter)
    pending_l1: Counter[tuple[Place, str]] = field(default_factory=Counter)
    requests: dict[RequestKey, SwapRequest] = field(default_factory=dict)
    ends: dict[RequestKey, Kind] = field(default_factory=dict)
    fills: dict[bytes, tuple[str, int]] = field(default_factory=dict)
    """By key: whom to repay, and when it was filled, UNIX seconds."""
    repaid: Counter[bytes] = field(default_factory=Counter)
    settled_keys: set[bytes] = field(default_factory=set)
    fees: FeeBooks = field(default_factory=FeeBooks)

    def swap(self, request: SwapRequest) -> None:
        """A request was queued and its amount came in."""
        place = (request.source, request.token_in)
        self.requests[request.source, request.request_id] = request
        self.fees.take(request.source, request.native_fee_gwei)
        self._receive(place, request.amount)

    def open(self, place: Place, amount: int) -> None:
        """What the pools own was deposited."""
        self._receive(place, amount)

    def _receive(self, place: Place, amount: int) -> None:
        self.custody[place] += amount
        self.inflow[place] += amount

    def fill(self, key: bytes, repay_to: str, time: int) -> None:
        """A broker paid a recipient ahead of the block."""
        assert key not in self.fills, "a payout was filled twice"
        assert key not in self.settled_keys, "a payout was filled after it was executed"
        self.fills[key] = (repay_to, time)

    def pay(self, payout: Payout, key: bytes, time: int) -> list[Share]:
        """A payout was executed; gives who gets how much of it. It must be what a real request has asked for."""
        request_key = (payout.source, payout.id)
        if request_key in self.ends:
            raise DoubleEnd(f"request {payout.id} of {name_chain(payout.source)} ended twice")
        assert request_key in self.requests, f"request {payout.id} of {name_chain(payout.source)} was never made"
        assert payout == self._due(self.requests[request_key], payout), f"{say(payout)}: not what was asked for"
        self.ends[request_key] = payout.kind
        return self.release(payout, key, time)

    def release(self, payout: Payout, key: bytes, time: int) -> list[Share]:
        """Something was paid, whatever it was for; gives who gets how much of it: who is repaid for a fill gets less by
        the part of the fill fee that its lead has not earned, and the recipient gets that part.
        """
        self.settled_keys.add(key)
        place = (payout.chain, payout.token)
        self.custody[place] -= payout.amount
        self.released[place] += payout.amount
        recipient = account_of(payout.recipient)
        if key not in self.fills:
            return [(recipient, payout.amount)]
        self.repaid[key] += 1
        repay_to, filled_at = self.fills[key]
        lead = min(time - filled_at, FILL_LEAD_SECONDS)
        rest = payout.fill_fee - payout.fill_fee * lead // FILL_LEAD_SECONDS
        return [(repay_to, payout.amount - rest)] + ([(recipient, rest)] if rest else [])

    @staticmethod
    def _due(request: SwapRequest, payout: Payout) -> Payout:
        """What a payout of this kind and amount must look like."""
        if payout.kind == Kind.SWAP_REFUNDED:
            return Payout.refunded(request)
        return Payout.paid(request, payout.amount, payout.between if request.via else Amount(0))

    def defer(self, place: Place, owner: str, l1_amount: int) -> None:
        """A push failed: the owner will pull."""
        self.pending_l1[place, owner] += l1_amount

    def withdraw(self, place: Place, owner: str, most: int) -> int:
        """The owner pulled what it is owed, or as much as it wanted; gives L1 units."""
        l1_amount = min(self.pending_l1[place, owner], most)
        self.pending_l1[place, owner] -= l1_amount
        if not self.pending_l1[place, owner]:
            del self.pending_l1[place, owner]
        return l1_amount

    def donate(self, place: Place, l1_amount: int) -> None:
        """Somebody gave the bridge something that nobody is owed."""
        self.donated_l1[place] += l1_amount

    def pending_total(self, place: Place) -> int:
        """What is owed to single owners, L1 units."""
        return sum(amount for (p, _), amount in self.pending_l1.items() if p == place)

    def expected_balance(self, place: Place) -> int:
        """What the bridge must hold to the last unit, L1 units."""
        return self.custody[place] * self.scales[place] + self.pending_total(place) + self.donated_l1[place]

    def check(self) -> None:
        """What must hold of the books themselves: no chain released more than came in; brokers were repaid once."""
        for place in self.scales:
            what = f"{name_place(*place)}: released {self.released[place]} of {self.inflow[place]} that came in"
            assert self.released[place] <= self.inflow[place], what
            assert self.custody[place] == self.inflow[place] - self.released[place], what
        assert all(count == 1 for count in self.repaid.values()), "a broker was repaid twice"

    def open_requests(self) -> list[SwapRequest]:
        """Requests that have not ended."""
        return [request for key, request in self.requests.items() if key not in self.ends]


class CorruptBooks(Books):
    """Books where blocks may say anything: only sums are kept; a payout with another's key is none."""

    def pay(self, payout: Payout, key: bytes, time: int) -> list[Share]:
        """Whatever was executed."""
        if payout.kind == Kind.SWAP_PAID and key in self.settled_keys:
            return []
        return self.release(payout, key, time)
