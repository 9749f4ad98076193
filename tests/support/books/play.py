"""Three chains in use: every action runs on the bridges and in the books, and `check` compares the two.

Used by directed traces and by the state machines alike. Here are what the dishonest do, whole runs, and what must hold.
"""

from collections.abc import Callable

from tests.support.books.block_actions import BlockActions
from tests.support.books.books import CorruptBooks
from tests.support.books.chains import BookedChain
from tests.support.books.diary import name_chain, name_place, say
from tests.support.books.sealed import Entry, Sealed, View
from tests.support.books.user_actions import FAR_DEADLINE
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, RECIPIENTS, STRANGER, Site
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Amount, ChainId, RequestId, TokenId


class Play(BlockActions):
    """Everybody's actions, whole runs, and what must hold."""

    # -- dishonesty ----------------------------------------------------------------------------------------------

    def invent_request(
        self,
        source: ChainId,
        token_in: TokenId,
        amount: int,
        destination: ChainId,
        token_out: TokenId,
        request_id: int = 0,
    ) -> SwapRequest:
        """A request that nobody made, with the next free id of its chain."""
        return SwapRequest(
            source=source,
            destination=destination,
            request_id=RequestId(request_id or len(self.queues[source]) + 1),
            token_in=token_in,
            token_out=token_out,
            amount=Amount(amount),
            min_out=Amount(0),
            operator_fee=Amount(0),
            fill_fee=Amount(0),
            deadline=FAR_DEADLINE,
            queued_at=0,
            recipient=universal_address(RECIPIENTS[1]),
            refund_to=universal_address(STRANGER),
        )

    def keep_sums_only(self) -> None:
        """From now on blocks may say anything, and the books only ask what came in and what went out."""
        self.books = CorruptBooks(**vars(self.books))

    def force(self, chain: ChainId, sealed: Sealed) -> Entry:
        """Both groups say whatever lets a chain take a block."""
        if chain == PRIMARY:
            return self.accept_view(sealed.view(PRIMARY), sealed, lies=True)
        return self.import_(chain, sealed)

    def force_view(self, chain: ChainId, view: View) -> Entry:
        """The same for a block that is not even true: the proof system is broken too."""
        self[chain].swap_verifier.allow(list(view.inputs.as_tuple()))
        return self.accept_view(view, lies=True) if chain == PRIMARY else self.import_view(chain, view)

    # -- whole runs ----------------------------------------------------------------------------------------------

    def carry(self, sealed: Sealed) -> None:
        """Take one sealed block through its whole life on every chain."""
        for chain in (PRIMARY, *MEMBERS):
            self.enter(chain, sealed)
        for chain in CHAINS:
            self.execute_all(chain)

    def settle(self, *requests: SwapRequest) -> Sealed:
        """Seal the given requests (default: all waiting that fit) after the primary's history, and carry the block."""
        sealed = self.seal(self.tip(), requests) if requests else self.seal_waiting(self.tip())
        self.carry(sealed)
        return sealed

    def tip(self) -> Sealed:
        """The last block of the primary."""
        tip = self.history[PRIMARY][-1]
        assert tip is not None
        return tip

    def drain(self) -> Sealed:
        """Settle everything honestly from wherever the chains are. Gives the last block."""
        self.advance(60)
        while any(self.waiting(self.tip(), chain) for chain in CHAINS):
            self.accept(self.seal_waiting(self.tip()))
        for chain in MEMBERS:
            for sealed in self.missing(chain):
                self.import_(chain, sealed)
        for chain in CHAINS:
            self.execute_all(chain)
        return self.tip()

    # -- what must hold ------------------------------------------------------------------------------------------

    def check(self, *chains: ChainId) -> None:
        """SOL-1 and SOL-3 to the last unit on these chains (default: all), for every token: bridge = books."""
        self.books.check()
        for chain in chains or CHAINS:
            here = self[chain]
            for site in here.sites.values():
                self.check_place(here, site)
            self.check_fees(here)
            self.watch_prices(chain)

    def check_place(self, here: BookedChain, site: Site) -> None:
        """One token on one chain: what the bridge holds, what it says it owes, and the books."""
        place = (site.chain, site.token)
        held = here.balance(site.token, here.bridge.address)
        balance, pending, custody = here.bridge.solvency(site.token)
        name, books = name_place(*place), self.books
        self.diary.check(f"custody of {name}", custody, books.custody[place])
        self.diary.check(f"pending balances of {name}", pending, books.pending_total(place))
        fees = books.fees.held(site.chain) if site.contract is None else 0
        self.diary.check_at_most(f"what the bridge owes of {name}", pending + custody * site.scale + fees, held)
        self.diary.check(f"balance of the bridge of {name}", held, books.expected_balance(place) + fees)
        self.diary.check(f"balance that the bridge tells of {name}", balance, held)

    def check_fees(self, here: BookedChain) -> None:
        """SOL-1 for the fees in coin: what is open, what is earned, and that the bridge has it."""
        name, fees = f"chain {name_chain(here.chain)}", self.books.fees
        told = tuple(map(int, here.bridge.fees()))
        self.diary.check(f"open and earned fees of {name}", told, (fees.open[here.chain], fees.earned[here.chain]))
        self.diary.check_at_most(f"fees of {name}", sum(told), here.evm.balance(here.bridge.address))

    def check_pending(self) -> None:
        """Every pending balance is the books'."""
        for (place, owner), amount in self.books.pending_l1.items():
            found = self[place[0]].bridge.pending_balance(owner, place[1])
            self.diary.check(f"pending balance of {say(owner)} of {name_place(*place)}", found, amount)

    def check_settled(self) -> None:
        """SOL-4: with nothing left open, each request ended exactly once."""
        self.diary.check("requests without an end", say(self.books.open_requests()), "nothing")
        self.diary.check("ends of requests", len(self.books.ends), sum(len(queue) for queue in self.queues.values()))


def refused(action: Callable[..., object], *args: object, **options: object) -> str:
    """The reason with which a call is refused; fails if it is not."""
    try:
        action(*args, **options)
    except Reverted as error:
        return error.reason
    raise AssertionError("it was not refused")
