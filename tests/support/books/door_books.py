"""What the doors take in coin, and what they may cost, kept apart from the contracts.

Takes what was paid, consumed, collected and set; says how much coin is open and earned, and what a price may be.
"""

from collections import Counter
from dataclasses import dataclass, field

from zklink.protocol.ids import DAY, FEE_NOTICE_SECONDS, ChainId

WEI_PER_GWEI = 10**9


@dataclass
class FeeBooks:
    """The coin of each chain that its requests have paid: open until a block consumes them, then earned. Wei."""

    open: Counter[ChainId] = field(default_factory=Counter)
    earned: Counter[ChainId] = field(default_factory=Counter)
    collected: Counter[ChainId] = field(default_factory=Counter)

    def take(self, chain: ChainId, fee_gwei: int) -> None:
        """A request came in."""
        self.open[chain] += fee_gwei * WEI_PER_GWEI

    def earn(self, chain: ChainId, fee_gwei: int) -> None:
        """A block has consumed requests that had paid so much."""
        self.open[chain] -= fee_gwei * WEI_PER_GWEI
        self.earned[chain] += fee_gwei * WEI_PER_GWEI
        assert self.open[chain] >= 0, "more was earned than came in"

    def collect(self, chain: ChainId) -> int:
        """All that is earned went to the recipient of fees; gives how much."""
        amount = self.earned.pop(chain, 0)
        self.collected[chain] += amount
        return amount

    def held(self, chain: ChainId) -> int:
        """What the bridge holds of it."""
        return self.open[chain] + self.earned[chain]


@dataclass
class PriceWatch:
    """One price as somebody sees it who asks before and after every change: it stays within its bounds, a rise was told
    an hour before it counts, and the highest price ever at most doubles within a day.
    """

    low: int
    high: int
    told: list[tuple[int, int]] = field(default_factory=list)
    """What the setter has set: from when it may count if it is a rise, UNIX seconds, and the price in gwei."""
    peaks: list[tuple[int, int]] = field(default_factory=list)
    """Each new highest price, and since when."""
    last: int | None = None

    def tell(self, time: int, price: int) -> None:
        """The setter has set a price."""
        self.told.append((time + FEE_NOTICE_SECONDS, price))

    def check(self, time: int, price: int) -> None:
        """What a caller is asked for now."""
        assert self.low <= price <= self.high, f"a price of {price} outside {self.low}..{self.high}"
        since = time
        if self.last is not None and price > self.last:
            known = [t for t, p in self.told if p == price and t <= time]
            assert known, f"a rise to {price} that nobody was told of an hour before"
            since = max(known)
        self.last = price
        peak = max((p for t, p in self.peaks if t + DAY <= since), default=self.peaks[0][1] if self.peaks else price)
        assert price <= 2 * peak, f"the highest price has more than doubled within a day: {price} after {peak}"
        if not self.peaks or price > self.peaks[-1][1]:
            self.peaks.append((since, price))
