"""Three chains in use: every action runs on the bridges and in the books, and `check` compares the two.

Used by directed traces and by the state machines alike. Here are what the dishonest do, whole runs, and what must hold.
"""

from collections.abc import Callable

from tests.support.books.block_actions import BlockActions
from tests.support.books.books import CorruptBooks
from tests.support.books.chains import BookedChain
from tests.support.books.diary import name_place, say
from tests.support.books.sealed import Sealed, View
from tests.support.books.user_actions import FAR_DEADLINE
from tests.support.evm import Reverted
from tests.support.three_chains import CHAINS, PRIMARY, RECIPIENTS, STRANGER, Site
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

    def force(self, chain: ChainId, sealed: Sealed) -> None:
        """A dishonest validator commits a block and a dishonest quorum says that everybody has accepted it."""
        self.commit(chain, sealed)
        self.prove(chain)
        self.acknowledge_falsely(chain)

    def force_view(self, chain: ChainId, view: View) -> None:
        """The same for a block that is not even true: the proof system is broken too."""
        entry = self.commit_view(chain, view)
        self[chain].swap_verifier.allow(list(view.inputs.as_tuple()))
        self[chain].bridge.prove_blocks([entry.prove_args()])
        self.acknowledge_falsely(chain)

    def acknowledge_falsely(self, chain: ChainId) -> None:
        """A dishonest quorum tells `chain` that every other chain has accepted whatever it has proven."""
        entry = self.committed[chain][self.status(chain)[1]]
        for source in (PRIMARY, *CHAINS):
            if source != chain:
                self.deliver(chain, self.sign(source, entry))

    # -- whole runs ----------------------------------------------------------------------------------------------

    def carry(self, sealed: Sealed) -> None:
        """Take one sealed block through its whole life on every chain."""
        for chain in CHAINS:
            self.commit(chain, sealed)
            self.prove(chain)
        self.exchange()
        for chain in CHAINS:
            self.execute(chain)

    def exchange(self) -> None:
        """Deliver what is accepted: the primary's acknowledgement first, then the others' that follow from it."""
        for source in (PRIMARY, *(chain for chain in CHAINS if chain != PRIMARY)):
            if self.status(source)[2]:
                ack = self.acknowledge(source)
                for chain in CHAINS:
                    if chain != source:
                        self.deliver(chain, ack)

    def exchange_primary(self) -> None:
        """Deliver the primary's acknowledgement only: the others accept, nobody can execute."""
        ack = self.acknowledge(PRIMARY)
        for chain in CHAINS:
            if chain != PRIMARY:
                self.deliver(chain, ack)

    def settle(self, *requests: SwapRequest) -> Sealed:
        """Seal the given requests (default: all waiting that fit) after the primary's history, and carry the block."""
        tip = self.history[PRIMARY][-1]
        assert tip is not None
        sealed = self.seal(tip, requests) if requests else self.seal_waiting(tip)
        self.carry(sealed)
        return sealed

    def drain(self) -> Sealed:
        """Settle everything honestly from wherever the chains are: drop what is not accepted and begin there.

        Gives the last block.
        """
        self.advance(60)
        tip = self.history[PRIMARY][self.status(PRIMARY)[2]]
        assert tip is not None
        for chain in CHAINS:
            accepted = self.status(chain)[2]
            if self.status(chain)[0] > accepted:
                self.revert(chain, accepted)
        while any(self.waiting(tip, chain) for chain in CHAINS):
            tip = self.seal_waiting(tip)
        for chain in CHAINS:
            for number in range(self.status(chain)[0] + 1, tip.number + 1):
                self.commit(chain, tip.at(number))
            if self.status(chain)[1] < tip.number:
                self.prove(chain)
        if tip.number:
            self.exchange()
        for chain in CHAINS:
            for _ in range(tip.number - self.status(chain)[3]):
                self.execute(chain)
        return tip

    # -- what must hold ------------------------------------------------------------------------------------------

    def check(self, *chains: ChainId) -> None:
        """SOL-1 and SOL-3 to the last unit on these chains (default: all), for every token: bridge = books."""
        self.books.check()
        for chain in chains or CHAINS:
            here = self[chain]
            for site in here.sites.values():
                self.check_place(here, site)

    def check_place(self, here: BookedChain, site: Site) -> None:
        """One token on one chain: what the bridge holds, what it says it owes, and the books."""
        place = (site.chain, site.token)
        held = here.balance(site.token, here.bridge.address)
        balance, pending, custody = here.bridge.solvency(site.token)
        name, books = name_place(*place), self.books
        self.diary.check(f"custody of {name}", custody, books.custody[place])
        self.diary.check(f"pending balances of {name}", pending, books.pending_total(place))
        self.diary.check_at_most(f"what the bridge owes of {name}", pending + custody * site.scale, held)
        self.diary.check(f"balance of the bridge of {name}", held, books.expected_balance(place))
        self.diary.check(f"balance that the bridge tells of {name}", balance, held)

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
