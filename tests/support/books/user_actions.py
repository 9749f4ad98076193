"""Users, tokens and the governor on three chains: every action runs on the bridges and in the books.

Takes what they do, valid or not; a refused action raises Reverted and changes neither side.
"""

from collections.abc import Sequence

from tests.support.books.books import Books, Place
from tests.support.books.chains import BookedChains, OnChains, ReceiverMode, TokenMode, make_state, reserves_of
from tests.support.books.diary import Diary, told
from tests.support.books.sealed import Entry, Sealed, genesis_entry
from tests.support.books.statement import Prover
from tests.support.three_chains import CHAINS, DEPOSITORS, GOVERNOR, MOST, PRIMARY, RECIPIENTS, STRANGER, Site
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
    ) -> SwapRequest:
        """Queue a request; `arrives` (layer-2 units) where a token delivers less than was sent. Raises Reverted."""
        here = self[source]
        site = here.sites[token_in]
        l1_amount = amount * site.scale
        numbers = (token_in, l1_amount, destination, token_out, NO_TOKEN, min_out, operator_fee, fill_fee)
        order = (*numbers, universal_address(recipient), sender, deadline)
        value = l1_amount if site.contract is None else 0
        request_id = here.bridge.swap(order, sender=sender, value=value)
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
            refund_to=universal_address(sender),
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

    @told("{broker} fills {payout}")
    def fill(self, payout: Payout, broker: str, words: Sequence[int] | None = None) -> None:
        """A broker pays the recipient ahead of execution. Raises Reverted."""
        site = self[payout.chain].sites[payout.token]
        l1_amount = (payout.amount - payout.fill_fee) * site.scale
        value = l1_amount if site.contract is None else 0
        self[payout.chain].bridge.fill(list(words or payout.words()), broker, sender=broker, value=value)
        self.books.fill(payout.fill_key(self.chains.deployment_hash), broker)

    @told("{owner} withdraws what is pending of {token} on {chain} to {receiver}")
    def withdraw(self, chain: ChainId, token: TokenId, owner: str, receiver: str | None = None) -> int:
        """Pull a pending balance; gives L1 units. Raises Reverted."""
        receiver = receiver or owner
        here = self[chain]
        before = here.balance(token, receiver)
        if owner == here.receiver.address.lower():
            data = here.bridge.encode("withdraw_pending_balance", token, receiver, MOST)
            here.receiver.act(here.bridge.address, data)
        else:
            here.withdraw(token, receiver, owner)
        l1_amount = self.books.withdraw((chain, token), owner)
        assert l1_amount > 0, "something was paid that was not pending"
        received = here.balance(token, receiver) - before
        if self.is_lying(here.sites[token]):
            self.books.donate((chain, token), l1_amount - received)
        elif self.token_modes.get((chain, token), TokenMode.HONEST) & TokenMode.FEE:
            assert received < l1_amount, "the token keeps a fee of what the bridge has sent in full"
        else:
            assert received == l1_amount
        return l1_amount

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
