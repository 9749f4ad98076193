"""Users, tokens and the governor on three chains: every action runs on the bridges and in the books.

Takes what they do, valid or not; a refused action raises Reverted and changes neither side.
"""

from collections.abc import Sequence

from tests.support.books.books import Books, Place
from tests.support.books.chains import BookedChains, OnChains, ReceiverMode, TokenMode, make_state, reserves_of
from tests.support.books.diary import Diary, told
from tests.support.books.door_books import WEI_PER_GWEI, PriceWatch
from tests.support.books.sealed import Entry, Sealed, genesis_entry
from tests.support.books.statement import Prover
from tests.support.three_chains import (
    CHAINS,
    DEPOSITORS,
    FEE_RECIPIENT,
    GOVERNOR,
    MOST,
    PRIMARY,
    RECIPIENTS,
    SETTER,
    STRANGER,
    Site,
)
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId, Kind, RequestId, TokenId

FAR_DEADLINE = 2**40 - 1


class UserActions(OnChains):
    """The chains, its books, and what has been queued, sealed, accepted and imported so far."""

    def __init__(self, chains: BookedChains, books: type[Books] = Books) -> None:
        self.chains, self.domain = chains, chains.domain()
        self.prover = Prover()
        self.books = books({(site.chain, site.token): site.scale for site in chains.sites()})
        for chain in CHAINS:
            for token, amount in reserves_of(chain):
                self.books.open((chain, token), amount)
        self.genesis = Sealed(None, None, make_state(), ())
        self.queues: dict[ChainId, list[SwapRequest]] = {chain: [] for chain in CHAINS}
        self.entries: dict[ChainId, list[Entry]] = {}
        self.history: dict[ChainId, list[Sealed | None]] = {}
        self.owed: dict[ChainId, dict[int, list[Payout]]] = {chain: {} for chain in CHAINS}
        for chain in CHAINS:
            self.entries[chain] = [genesis_entry(chains.genesis_root, chains.deployment_hash)]
            self.history[chain] = [self.genesis]
        self.token_modes: dict[Place, TokenMode] = {}
        self.prices: dict[tuple[ChainId, ChainId], PriceWatch] = {}
        """By chain and destination, where a governor has opened the doors for a price."""
        self.diary = Diary()

    # -- reading -------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The primary's time."""
        return self[PRIMARY].evm.time

    @told("{seconds} seconds pass")
    def advance(self, seconds: int) -> None:
        """Let time pass on every chain; afterwards they agree."""
        latest = max(here.evm.time for here in self.chains)
        for here in self.chains:
            here.evm.time = latest + seconds

    def end_of(self, request: SwapRequest) -> Kind | None:
        """How a request ended; None if it is open."""
        return self.books.ends.get((request.source, request.request_id))

    # -- users ---------------------------------------------------------------------------------------------------

    @told(
        "{sender} swaps {amount} {token_in} on {source} into {token_out} on {destination} for {recipient}"
        " (at least {min_out}, operator fee {operator_fee}, fill fee {fill_fee}, until {deadline}, arrives {arrives})"
    )
    def swap(
        self,
        source: ChainId,
        token_in: TokenId,
        amount: int,
        destination: ChainId,
        token_out: TokenId,
        *,
        min_out: int = 0,
        operator_fee: int = 0,
        fill_fee: int = 0,
        recipient: str = RECIPIENTS[0],
        sender: str = DEPOSITORS[0],
        deadline: int = FAR_DEADLINE,
        arrives: int | None = None,
        via: TokenId = NO_TOKEN,
        refund_to: str | None = None,
        native_fee_gwei: int | None = None,
        dust: int = 0,
    ) -> SwapRequest:
        """Queue a request; `arrives` (layer-2 units) where a token delivers less than was sent. The fee is the price
        unless it is given; with `dust` (L1 units) the order asks for so much more, which stays
        with the sender. Raises Reverted.
        """
        here = self[source]
        site = here.sites[token_in]
        fee = int(here.bridge.quotes()[destination]) if native_fee_gwei is None else native_fee_gwei
        l1_amount = amount * site.scale
        numbers = (token_in, l1_amount + dust, destination, token_out, via, min_out, operator_fee, fill_fee)
        order = (*numbers, universal_address(recipient), refund_to or sender, deadline)
        coin = l1_amount if site.contract is None else 0
        door = here.bridge.swap_up_to if dust else here.bridge.swap
        request_id = door(order, sender=sender, value=coin + fee * WEI_PER_GWEI)
        assert request_id == len(self.queues[source]) + 1, "request ids are not consecutive"
        request = SwapRequest(
            source=source,
            destination=destination,
            request_id=RequestId(request_id),
            token_in=token_in,
            token_out=token_out,
            amount=Amount(amount if arrives is None else arrives),
            min_out=Amount(min_out),
            operator_fee=Amount(operator_fee),
            fill_fee=Amount(fill_fee),
            deadline=deadline,
            queued_at=here.evm.time,
            recipient=universal_address(recipient),
            refund_to=universal_address(refund_to or sender),
            native_fee_gwei=fee,
            via=via,
        )
        self.queues[source].append(request)
        self.books.swap(request)
        return request

    def order(
        self, site: Site, amount: int, destination: ChainId, token_out: TokenId, recipient: str
    ) -> tuple[object, ...]:
        """The plainest SwapOrder."""
        universal = universal_address(recipient)
        return (
            site.token,
            amount * site.scale,
            destination,
            token_out,
            NO_TOKEN,
            0,
            0,
            0,
            universal,
            DEPOSITORS[0],
            FAR_DEADLINE,
        )

    @told("{broker} fills {payout}; to be repaid: {repay_to}")
    def fill(
        self, payout: Payout, broker: str, words: Sequence[int] | None = None, repay_to: str | None = None
    ) -> None:
        """A broker pays the recipient ahead of execution, and is repaid itself unless it says who. Raises Reverted."""
        site = self[payout.chain].sites[payout.token]
        l1_amount = (payout.amount - payout.fill_fee) * site.scale
        value = l1_amount if site.contract is None else 0
        self[payout.chain].bridge.fill(list(words or payout.words()), repay_to or broker, sender=broker, value=value)
        key = payout.fill_key(self.chains.deployment_hash)
        self.books.fill(key, repay_to or broker, self[payout.chain].evm.time)

    @told("{owner} withdraws up to {most} L1 units of what is pending of {token} on {chain} to {receiver}")
    def withdraw(
        self, chain: ChainId, token: TokenId, owner: str, receiver: str | None = None, most: int = MOST
    ) -> int:
        """Pull a pending balance, or a part of it; gives L1 units. Raises Reverted."""
        receiver = receiver or owner
        here = self[chain]
        before = here.balance(token, receiver)
        if owner == here.receiver.address.lower():
            here.receiver.act(
                here.bridge.address, here.bridge.encode("withdraw_pending_balance", token, receiver, most)
            )
        else:
            here.withdraw(token, receiver, owner, most)
        l1_amount = self.books.withdraw((chain, token), owner, most)
        assert l1_amount > 0, "something was paid that was not pending"
        self._check_received(chain, token, here.balance(token, receiver) - before, l1_amount)
        return l1_amount

    @told("a stranger pushes to {owner} what is pending of {token} on {chain}")
    def push(self, chain: ChainId, token: TokenId, owner: str) -> str:
        """Push a pending balance to its owner, with all gas. Gives how it ended: paid, or a refusal that was noted.
        Raises Reverted.
        """
        here = self[chain]
        before = here.balance(token, owner)
        here.bridge.push_pending_balance(owner, token, sender=STRANGER)
        left = int(here.bridge.pending_balance(owner, token))
        l1_amount = self.books.pending_l1[(chain, token), owner] - left
        if l1_amount == 0:
            return "noted"
        self.books.withdraw((chain, token), owner, l1_amount)
        assert left == 0, "a push left something"
        self._check_received(chain, token, here.balance(token, owner) - before, l1_amount)
        return "paid"

    def _check_received(self, chain: ChainId, token: TokenId, received: int, l1_amount: int) -> None:
        """What somebody got of a pending balance is what the books say, as far as the token is honest."""
        if self.is_lying(self[chain].sites[token]):
            self.books.donate((chain, token), l1_amount - received)
        elif self.token_modes.get((chain, token), TokenMode.HONEST) & TokenMode.FEE:
            assert received < l1_amount, "the token keeps a fee of what the bridge has sent in full"
        else:
            assert received == l1_amount

    # -- what the doors cost -------------------------------------------------------------------------------------

    def open_doors(self, chain: ChainId, low: int, high: int) -> None:
        """The governor gives a swap to each chain a price within bounds, in gwei."""
        for destination in CHAINS:
            self[chain].registry.set_price_bounds(destination, low, high, sender=GOVERNOR)
            self.prices[chain, destination] = PriceWatch(low, high)
        self.watch_prices(chain)

    @told("the setter asks {gwei} gwei on {chain} for a swap to {destination}")
    def set_price(self, chain: ChainId, destination: ChainId, gwei: int) -> None:
        """The setter sets a price. Raises Reverted."""
        self.watch_prices(chain)
        self[chain].registry.set_prices([(destination, gwei)], sender=SETTER)
        self.prices[chain, destination].tell(self[chain].evm.time, gwei)
        self.watch_prices(chain)

    def watch_prices(self, chain: ChainId) -> None:
        """Ask what swaps cost now."""
        here = self[chain]
        quotes = here.bridge.quotes()
        for destination in CHAINS:
            if (chain, destination) in self.prices:
                self.prices[chain, destination].check(here.evm.time, int(quotes[destination]))

    @told("the earned fees of {chain} are collected")
    def collect(self, chain: ChainId) -> None:
        """Anybody sends the earned fees to their recipient."""
        here = self[chain]
        before = here.evm.balance(FEE_RECIPIENT)
        here.bridge.collect_fees(sender=STRANGER)
        assert here.evm.balance(FEE_RECIPIENT) - before == self.books.fees.collect(chain)

    @told("{l1_amount} L1 units of {token} are given to the bridge on {chain}")
    def donate(self, chain: ChainId, token: TokenId, l1_amount: int) -> None:
        """Give the bridge something that it did not ask for: a token transfer, or coin that no contract can refuse."""
        here = self[chain]
        contract = here.sites[token].contract
        if contract is None:
            here.evm.force_coin(STRANGER, here.bridge.address, l1_amount)
        else:
            contract.mint(here.bridge.address, l1_amount)
        self.books.donate((chain, token), l1_amount)

    # -- governor and bad tokens ---------------------------------------------------------------------------------

    @told("the governor limits {token} on {chain}: at least {minimum}, custody up to {cap}")
    def set_limits(self, chain: ChainId, token: TokenId, minimum: int, cap: int) -> None:
        """Smallest swap and largest custody, layer-2 units."""
        self[chain].registry.set_token_limits(token, minimum, cap, sender=GOVERNOR)

    @told("{token} on {chain} becomes {mode}")
    def set_token_mode(self, chain: ChainId, token: TokenId, mode: TokenMode, calls: bytes = b"") -> None:
        """Make a token behave badly from now on; `calls` is what it calls on the bridge when it reenters."""
        contract = self[chain].sites[token].contract
        assert contract is not None
        contract.set_mode(mode)
        contract.set_call(self[chain].bridge.address, calls)
        self.token_modes[chain, token] = mode

    @told("the receiving contract on {chain} becomes {mode}")
    def set_receiver_mode(self, chain: ChainId, mode: ReceiverMode, calls: bytes = b"") -> None:
        """Make the receiving contract behave badly from now on."""
        receiver = self[chain].receiver
        receiver.set_mode(mode)
        receiver.set_call(self[chain].bridge.address, calls)

    def is_lying(self, site: Site) -> bool:
        """Whether the token says that it paid and does not."""
        return self.token_modes.get((site.chain, site.token)) == TokenMode.LIE
