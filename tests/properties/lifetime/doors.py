"""What the doors of the lifetime machine cost and hold, computed from the requests and the blocks, apart from the
contracts: what waits has paid and is open, what blocks have consumed is earned, what is cancelled is given back.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.support.books.chains import BookedChain, BookedChains
from tests.support.books.diary import Diary, name_chain
from tests.support.books.door_books import WEI_PER_GWEI, PriceWatch
from tests.support.three_chains import CHAINS, FEE_RECIPIENT, GOVERNOR, SETTER, STRANGER
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import NO_TOKEN, ChainId, Door, Lane, TokenId

LOW, HIGH = 100, 3_000
"""Bounds of every price, gwei."""
KINDS = (*CHAINS, Door.DEPOSIT, Door.KEY_REQUEST, Door.FULL_EXIT)
"""What has a price: a swap, by the chain it goes to, and each other request."""
Queue = tuple[Lane, ChainId]


@dataclass
class Doors:
    """Prices and fees on every chain, gwei."""

    chains: BookedChains
    diary: Diary
    queues: Mapping[Queue, Sequence[Request]]
    prices: dict[tuple[ChainId, int], PriceWatch] = field(default_factory=dict)
    given_back: Counter[ChainId] = field(default_factory=Counter)
    collected: Counter[ChainId] = field(default_factory=Counter)

    def open(self) -> None:
        """The governor gives every request a price within bounds."""
        for here in self.chains:
            for kind in KINDS:
                here.registry.set_price_bounds(kind, LOW, HIGH, sender=GOVERNOR)
                self.prices[here.chain, kind] = PriceWatch(LOW, HIGH)
            self.watch(here)

    def watch(self, here: BookedChain) -> list[int]:
        """Ask what requests cost now, by kind; no price moves otherwise than it may."""
        quotes = [int(price) for price in here.bridge.quotes()]
        for kind in KINDS:
            if (here.chain, kind) in self.prices:
                self.prices[here.chain, kind].check(here.evm.time, quotes[kind])
        return quotes

    def price(self, chain: ChainId, kind: int) -> int:
        """What a request of this kind costs now."""
        return self.watch(self.chains[chain])[kind]

    def set_price(self, chain: ChainId, kind: int, gwei: int) -> None:
        """The setter sets a price. Raises Reverted."""
        here = self.chains[chain]
        self.watch(here)
        here.registry.set_prices([(kind, gwei)], sender=SETTER)
        self.prices[chain, kind].tell(here.evm.time, gwei)
        self.watch(here)

    def held(self, chain: ChainId, consumed: Mapping[Queue, int]) -> tuple[int, int]:
        """What is open and what is earned and not collected, where blocks have consumed so many of each queue. Wei."""
        has_come, was_consumed = 0, 0
        for lane in Lane:
            fees = [request.native_fee_gwei for request in self.queues[lane, chain]]
            has_come += sum(fees)
            was_consumed += sum(fees[: consumed.get((lane, chain), 0)])
        waits = has_come - was_consumed - self.given_back[chain]
        return waits * WEI_PER_GWEI, (was_consumed - self.collected[chain]) * WEI_PER_GWEI

    def collect(self, chain: ChainId, consumed: Mapping[Queue, int]) -> int:
        """Anybody sends what is earned to the recipient of fees; gives how much, in wei."""
        here, (_, earned) = self.chains[chain], self.held(chain, consumed)
        before = here.evm.balance(FEE_RECIPIENT)
        here.bridge.collect_fees(sender=STRANGER)
        self.diary.check("fees that are collected", here.evm.balance(FEE_RECIPIENT) - before, earned)
        self.collected[chain] += earned // WEI_PER_GWEI
        return earned

    def check(self, chain: ChainId, consumed: Mapping[Queue, int]) -> None:
        """SOL-1 for the coin of a chain, fees included, to the last unit."""
        here, name = self.chains[chain], name_chain(chain)
        self.watch(here)
        held = self.held(chain, consumed)
        told = tuple(map(int, here.bridge.fees()))
        self.diary.check(f"open and earned fees of {name}", told, held)
        balance, pending, _ = here.bridge.solvency(NO_TOKEN)
        owed = sum(held) + pending
        for token in coins_of(here):
            _, pending, custody = here.bridge.solvency(token)
            owed = sum(held) + pending + custody * here.scale(token)
        self.diary.check(f"coin that the bridge of {name} tells of", balance, here.evm.balance(here.bridge.address))
        self.diary.check(f"coin of the bridge of {name}", balance, owed)


def coins_of(here: BookedChain) -> list[TokenId]:
    """The token that is the chain's coin, if there is one."""
    return [token for token, site in here.sites.items() if site.contract is None]


def kind_of(request: Request) -> int:
    """What a request is, to the doors."""
    if isinstance(request, SwapRequest):
        return request.destination
    if isinstance(request, DepositRequest):
        return Door.DEPOSIT
    return Door.FULL_EXIT if isinstance(request, FullExitRequest) else Door.KEY_REQUEST


def fees_of(requests: Iterable[Request]) -> int:
    """What requests have paid, gwei."""
    return sum(request.native_fee_gwei for request in requests)
