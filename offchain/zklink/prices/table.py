"""What each door of a chain should cost: takes the price of gas and of the coin on every chain, gives gwei by kind.

A price covers, at worst packing (`worst_packing.py`), the request's share of the primary's call, of a call on the chain
where it is made and of one on the chain that pays, of the imports on all others, and the dearest payment. What a chain
takes in is its own coin, and it is spent on others: so everything is counted in a common money, dollars. Pure.

A full exit that reserves cannot pay at once is served once a reserve; one serving is in its price.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from zklink.prices.gas_costs import LAMPORTS, LAMPORTS_PER_TRANSACTION, MEASURED, GasCosts
from zklink.prices.worst_packing import count_deposits, count_full_exits, count_key_requests, count_swaps
from zklink.protocol.errors import PriceUnknown
from zklink.protocol.ids import NATIVE_FEE_BITS, ChainId, Door
from zklink.protocol.presets import Preset
from zklink.protocol.words import LEDGER_SLOT_WORDS, PAYOUT_WORDS, SWAP_SLOT_WORDS

WEI_PER_GWEI: Final = 10**9
PERCENT: Final = 100
DEFAULT_MARGIN: Final = 150
"""Percent of the cost that a price is: gas moves within the hour in which a rise waits."""

CROWDED_FACTOR: Final = 4
"""The burnt base of a crowded full exit, in prices of a full exit."""

GREATEST_GWEI: Final = (1 << NATIVE_FEE_BITS) - 1


@dataclass(frozen=True, slots=True)
class Market:
    """A chain's price of gas in wei, and the price of a whole coin (10^18 wei) in millionths of a dollar."""

    gas_price_wei: int
    coin_micro_usd: int

    @property
    def cost(self) -> int:
        """The price of one gas, in 10^-24 dollars."""
        return self.gas_price_wei * self.coin_micro_usd


def price_lamports(coin_micro_usd: int, transaction_lamports: int = LAMPORTS_PER_TRANSACTION) -> Market:
    """The market of a Solana chain, whose costs are counted in lamports: SOL's price, and what one transaction costs
    there with its priority fee.
    """
    return Market(-(-WEI_PER_GWEI * transaction_lamports // LAMPORTS_PER_TRANSACTION), coin_micro_usd)


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one deployment. `margin` is in percent; `programs` are its Solana chains, where a gwei of the
    coin is a lamport.
    """

    markets: Mapping[ChainId, Market]
    primary: ChainId
    preset: Preset
    margin: int = DEFAULT_MARGIN
    costs: GasCosts = MEASURED
    programs: Collection[ChainId] = ()
    lamports: GasCosts = LAMPORTS

    def compute(self, source: ChainId) -> dict[int, int]:
        """The prices at the doors of a chain, in gwei of its coin, by kind: a chain for swaps to it, else a Door.

        Raises PriceUnknown for a chain without a market.
        """
        prices = {int(chain): self.swap(source, chain) for chain in sorted(self.markets)}
        full_exit = self.full_exit(source)
        return prices | {
            Door.DEPOSIT: self.deposit(source),
            Door.KEY_REQUEST: self.key_request(source),
            Door.FULL_EXIT: full_exit,
            Door.CROWDED_EXIT: min(CROWDED_FACTOR * full_exit, GREATEST_GWEI),
        }

    def swap(self, source: ChainId, destination: ChainId) -> int:
        """A swap, paid there or refunded here."""
        share = self._block({source, destination}, count_swaps(self.preset), SWAP_SLOT_WORDS)
        records = sum(self._record(chain) for chain in (source, destination))
        return self._gwei(source, share + records + self._payment((source, destination)))

    def deposit(self, source: ChainId) -> int:
        """A deposit, which no chain pays out."""
        words = LEDGER_SLOT_WORDS - PAYOUT_WORDS
        return self._gwei(source, self._block({source}, count_deposits(self.preset), words) + self._record(source))

    def key_request(self, source: ChainId) -> int:
        """A request for a key."""
        words = LEDGER_SLOT_WORDS - PAYOUT_WORDS
        return self._gwei(source, self._block({source}, count_key_requests(self.preset), words) + self._record(source))

    def full_exit(self, source: ChainId) -> int:
        """One serving of a full exit, paid on whichever chain is dearest."""
        places = count_full_exits(self.preset)
        costs = [
            self._block({source, payer}, places, LEDGER_SLOT_WORDS) + self._record(payer) + self._payment((payer,))
            for payer in self.markets
        ]
        return self._gwei(source, max(costs) + self._record(source))

    def _block(self, concerned: Iterable[ChainId], places: int, words: int) -> int:
        """A request's share of the calls that bring a block to all chains, in 10^-24 dollars, rounded up."""
        fixed = self.costs.accept_block * self._market(self.primary).cost
        for chain in self.markets.keys() - {self.primary}:
            costs = self._costs(chain)
            gas = costs.import_block if chain in concerned else costs.import_further
            fixed += gas * self._market(chain).cost
        return -(-fixed // places) + words * self.costs.word * self._market(self.primary).cost

    def _record(self, chain: ChainId) -> int:
        """A record in the slice of a member; on the primary its words are all."""
        return 0 if chain == self.primary else self._costs(chain).record * self._market(chain).cost

    def _payment(self, chains: Iterable[ChainId]) -> int:
        return max(self._costs(chain).payment * self._market(chain).cost for chain in chains)

    def _costs(self, chain: ChainId) -> GasCosts:
        return self.lamports if chain in self.programs else self.costs

    def _gwei(self, source: ChainId, cost: int) -> int:
        """A cost with the margin, in gwei of the source's coin, rounded up; at least 1, at most what words can say."""
        unit = self._market(source).coin_micro_usd * WEI_PER_GWEI * PERCENT
        return min(max(-(-cost * self.margin // unit), 1), GREATEST_GWEI)

    def _market(self, chain: ChainId) -> Market:
        market = self.markets.get(chain)
        if market is None or market.coin_micro_usd <= 0:
            raise PriceUnknown(chain)
        return market
