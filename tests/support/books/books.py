"""The books as they must be, kept apart from the contracts: independent accounting for the properties.

Takes what happened (a swap, a fill, a payout, a withdrawal, a donation); says what every bridge must hold, owe and have
paid. Knows nothing of blocks, proofs or messages. Amounts are layer-2 units, except where a name says `l1`.
"""

from collections import Counter
from dataclasses import dataclass, field

from tests.support.books.diary import name_chain, name_place, say
from tests.support.three_chains import account_of
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, Kind, TokenId

Place = tuple[ChainId, TokenId]
RequestKey = tuple[ChainId, int]


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
    fills: dict[bytes, str] = field(default_factory=dict)
    repaid: Counter[bytes] = field(default_factory=Counter)
    settled_keys: set[bytes] = field(default_factory=set)

    def swap(self, request: SwapRequest) -> None:
        """A request was queued and its amount came in."""
        place = (request.source, request.token_in)
        self.requests[request.source, request.request_id] = request
        self._receive(place, request.amount)

    def open(self, place: Place, amount: int) -> None:
        """What the pools own was deposited."""
        self._receive(place, amount)

    def _receive(self, place: Place, amount: int) -> None:
        self.custody[place] += amount
        self.inflow[place] += amount

    def fill(self, key: bytes, broker: str) -> None:
        """A broker paid a recipient ahead of the block."""
        assert key not in self.fills, "a payout was filled twice"
        assert key not in self.settled_keys, "a payout was filled after it was executed"
        self.fills[key] = broker

    def pay(self, payout: Payout, key: bytes) -> str | None:
        """A payout was executed; gives the EVM address it is owed to. It must be what a real request has asked for."""
        request_key = (payout.source, payout.id)
        if request_key in self.ends:
            raise DoubleEnd(f"request {payout.id} of {name_chain(payout.source)} ended twice")
        assert request_key in self.requests, f"request {payout.id} of {name_chain(payout.source)} was never made"
        assert payout == self._due(self.requests[request_key], payout), f"{say(payout)}: not what was asked for"
        self.ends[request_key] = payout.kind
        return self.release(payout, key)

    def release(self, payout: Payout, key: bytes) -> str:
        """Something was paid, whatever it was for; gives the EVM address it is owed to."""
        self.settled_keys.add(key)
        place = (payout.chain, payout.token)
        self.custody[place] -= payout.amount
        self.released[place] += payout.amount
        if key in self.fills:
            self.repaid[key] += 1
            return self.fills[key]
        return account_of(payout.recipient)

    @staticmethod
    def _due(request: SwapRequest, payout: Payout) -> Payout:
        """What a payout of this kind and amount must look like."""
        if payout.kind == Kind.SWAP_REFUNDED:
            return Payout.refunded(request)
        return Payout.paid(request, payout.amount)

    def defer(self, place: Place, owner: str, l1_amount: int) -> None:
        """A push failed: the owner will pull."""
        self.pending_l1[place, owner] += l1_amount

    def withdraw(self, place: Place, owner: str) -> int:
        """The owner pulled everything."""
        return self.pending_l1.pop((place, owner), 0)

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

    def pay(self, payout: Payout, key: bytes) -> str | None:
        """Whatever was executed."""
        if payout.kind == Kind.SWAP_PAID and key in self.settled_keys:
            return None
        return self.release(payout, key)
