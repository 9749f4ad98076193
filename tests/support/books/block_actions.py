"""The lives of blocks on three chains: sequencer, both groups and whoever imports and executes.

Takes their actions, valid or not; a refused action raises Reverted and changes nothing.
"""

from collections.abc import Sequence

from tests.strategies import fits_pools
from tests.support.books.chains import BookedChain
from tests.support.books.diary import told
from tests.support.books.sealed import Entry, Sealed, View
from tests.support.books.user_actions import UserActions
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, SEQUENCER, STRANGER
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_blocks import AcceptCall, ImportCall
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import BlockNumber, ChainId, Lane, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.transition.swap_block import apply_block


class BlockActions(UserActions):
    """What users do, and the blocks and facts that follow."""

    # -- sequencer -----------------------------------------------------------------------------------------------

    @told("the sequencer seals {requests} after {parent}")
    def seal(self, parent: Sealed, requests: Sequence[SwapRequest], timestamp: int | None = None) -> Sealed:
        """Apply requests on top of `parent`. Raises the transition's errors."""
        state = parent.state.copy()
        number = BlockNumber(parent.number + 1)
        now = max(self.now(), parent.timestamp, *(r.queued_at for r in requests), 0)
        block = apply_block(state, requests, number, now if timestamp is None else timestamp, self.domain, MINIMAL)
        self.prover.learn(block)
        counts = dict(parent.counts)
        for request in requests:
            counts[request.source] = counts.get(request.source, 0) + 1
        return Sealed(parent, block, state, tuple(requests), counts)

    def waiting(self, parent: Sealed, chain: ChainId) -> list[SwapRequest]:
        """The chain's requests that are not in the history that ends with `parent`."""
        return self.queues[chain][parent.consumed(chain) :]

    def seal_waiting(self, parent: Sealed) -> Sealed:
        """Seal as many waiting requests as fit, each chain's in its order."""
        chosen: list[SwapRequest] = []
        for chain in CHAINS:
            for request in self.waiting(parent, chain):
                if not has_room([*chosen, request]):
                    break
                chosen.append(request)
        return self.seal(parent, chosen)

    # -- the primary ---------------------------------------------------------------------------------------------

    def accept(self, sealed: Sealed, *, pay: bool = False) -> Entry:
        """The primary accepts a sealed block as it is, by the honest word of both groups. Raises Reverted."""
        return self.accept_view(sealed.view(PRIMARY), sealed, pay=pay)

    @told("{chain} accepts {view}; paid at once: {pay}")
    def _accept_view(self, chain: ChainId, view: View, sealed: Sealed | None, pay: bool, lies: bool) -> Entry:
        entry = self.entries[chain][-1].follow(view)
        facts = self.que(entry, lies=lies)
        groups = self.chains.groups
        evidence = (groups.seal(entry.number, entry.sync_hash), groups.queues(facts))
        call = AcceptCall(BlockNumber(entry.number), (view.full(),), facts, *evidence, pay)
        before = self._pending_of(chain, entry.payouts()) if pay else None
        self._prove(entry)
        self[chain].history.accept(*call.abi(), sender=SEQUENCER)
        return self._enter(chain, entry, sealed, before)

    def accept_view(self, view: View, sealed: Sealed | None = None, *, pay: bool = False, lies: bool = False) -> Entry:
        """The primary accepts whatever a view says; with `lies` watchers vouch for what it consumes. Raises
        Reverted.
        """
        return self._accept_view(PRIMARY, view, sealed, pay, lies)

    def que(self, entry: Entry, *, lies: bool = False) -> tuple[QueueFact, ...]:
        """What watchers say of the members' queues that a block serves: what members' bridges say, or what it takes."""
        assert entry.view is not None
        facts = []
        for chain in MEMBERS:
            if entry.view.requests(chain):
                count = entry.consumed[chain]
                told_hash = self._rolled(entry, chain) if lies else self[chain].bridge.queue_hash(Lane.SWAP, count)
                facts.append(QueueFact(chain, Lane.SWAP, count, bytes(told_hash)))
        return tuple(facts)

    def _rolled(self, entry: Entry | None, chain: ChainId) -> bytes:
        """The hash of a queue as the blocks up to an entry have it."""
        if entry is None or entry.view is None:
            return self.chains.deployment_hash
        queue_hash = self._rolled(entry.parent, chain)
        for words in entry.view.requests(chain):
            queue_hash = next_queue_hash(queue_hash, words)
        return queue_hash

    # -- members -------------------------------------------------------------------------------------------------

    def import_(self, chain: ChainId, sealed: Sealed, *, pay: bool = False) -> Entry:
        """A member imports a sealed block as it is, by ACC. Raises Reverted."""
        return self.import_view(chain, sealed.view(chain), sealed, pay=pay)

    @told("{chain} imports {view}; paid at once: {pay}")
    def import_view(self, chain: ChainId, view: View, sealed: Sealed | None = None, *, pay: bool = False) -> Entry:
        """A member imports whatever both groups say, true or not. Raises Reverted."""
        entry = self.entries[chain][-1].follow(view)
        evidence = self.chains.groups.acc(entry.number, entry.sync_hash)
        call = ImportCall(BlockNumber(entry.number), (view.member(),), (), *evidence, pay)
        before = self._pending_of(chain, entry.payouts()) if pay else None
        self._prove(entry)
        self[chain].history.import_blocks(*call.abi(), sender=STRANGER)
        return self._enter(chain, entry, sealed, before)

    def enter(self, chain: ChainId, sealed: Sealed, *, pay: bool = False) -> Entry:
        """The primary accepts, a member imports."""
        return self.accept(sealed, pay=pay) if chain == PRIMARY else self.import_(chain, sealed, pay=pay)

    def enter_view(
        self, chain: ChainId, view: View, sealed: Sealed | None = None, *, pay: bool = False, lies: bool = False
    ) -> Entry:
        """The same for whatever a view says."""
        if chain == PRIMARY:
            return self.accept_view(view, sealed, pay=pay, lies=lies)
        return self.import_view(chain, view, sealed, pay=pay)

    def missing(self, chain: ChainId) -> list[Sealed]:
        """The blocks that the primary has and a member does not."""
        found = self.history[PRIMARY][len(self.history[chain]) :]
        return [sealed for sealed in found if sealed is not None]

    # -- payouts -------------------------------------------------------------------------------------------------

    @told("{count} of the payouts of {entry} that are owed on {chain} are paid")
    def execute(
        self, chain: ChainId, entry: Entry | None = None, count: int | None = None, gas: int = 30_000_000
    ) -> None:
        """Pay what a block still owes, by default all of the oldest. Raises Reverted."""
        entry = self.owing(chain)[0] if entry is None else entry
        owed = self.owed[chain][entry.number]
        due = len(owed) if count is None else count
        before = self._pending_of(chain, owed)
        words = [word for payout in owed for word in payout.words()]
        self[chain].history.execute(entry.number, words, due, sender=STRANGER, gas=gas)
        self._book(self[chain], owed[:due], before)
        self.owed[chain][entry.number] = owed[due:]

    def owing(self, chain: ChainId) -> list[Entry]:
        """The blocks that still owe payouts on a chain."""
        return [entry for entry in self.entries[chain] if self.owed[chain].get(entry.number)]

    def execute_all(self, chain: ChainId) -> None:
        """Pay all that is owed on a chain."""
        for entry in self.owing(chain):
            self.execute(chain, entry)

    def _enter(
        self,
        chain: ChainId,
        entry: Entry,
        sealed: Sealed | None,
        paid: dict[str, dict[TokenId, int]] | None,
    ) -> Entry:
        """Remember a block that a chain has taken; its payouts are paid (then `paid` says what was owed before), or
        wait.
        """
        self.entries[chain].append(entry)
        self.history[chain].append(sealed)
        assert entry.view is not None
        requests = [SwapRequest.from_words(words) for words in entry.view.requests()]
        self.books.fees.earn(chain, sum(request.native_fee_gwei for request in requests))
        payouts = entry.payouts()
        if paid is None:
            self.owed[chain][entry.number] = payouts
        else:
            self._book(self[chain], payouts, paid)
        return entry

    def _prove(self, entry: Entry) -> None:
        """Let the verifier take a proof of whatever is true about a block."""
        assert entry.view is not None
        inputs = entry.view.inputs
        if self.prover.is_true(inputs):
            self[entry.view.chain].swap_verifier.allow(list(inputs.as_tuple()))

    def _pending_of(self, chain: ChainId, payouts: Sequence[Payout]) -> dict[str, dict[TokenId, int]]:
        """What the bridge owes everybody who may be owed one of the payouts."""
        return {owner: self.pending_view(self[chain], owner) for owner in self.owners(payouts)}

    def _book(self, here: BookedChain, payouts: Sequence[Payout], before: dict[str, dict[TokenId, int]]) -> None:
        """Each payout went out or became pending, in full; which of the two the bridge decides."""
        for payout in payouts:
            place = (payout.chain, payout.token)
            site = here.sites[payout.token]
            key = payout.fill_key(self.chains.deployment_hash)
            for owner, amount in self.books.pay(payout, key, here.evm.time):
                l1_amount = amount * site.scale
                now = int(here.bridge.pending_balance(owner, payout.token))
                if now >= before[owner][payout.token] + l1_amount:
                    self.books.defer(place, owner, l1_amount)
                    before[owner][payout.token] += l1_amount
                elif self.is_lying(site):
                    self.books.donate(place, l1_amount)

    def owners(self, payouts: Sequence[Payout]) -> set[str]:
        """Everybody who may be owed one of the payouts."""
        recipients = {"0x" + payout.recipient[12:].hex() for payout in payouts}
        return recipients | {repay_to for repay_to, _ in self.books.fills.values()}

    @staticmethod
    def pending_view(here: BookedChain, owner: str) -> dict[TokenId, int]:
        """What the bridge says it owes an account."""
        return {token: int(here.bridge.pending_balance(owner, token)) for token in here.sites}


def has_room(requests: Sequence[SwapRequest]) -> bool:
    """Whether the requests fit into one block of the preset."""
    tokens = {token for r in requests for token in (r.token_in, r.via, r.token_out) if token}
    return len(requests) <= MINIMAL.slots and len(tokens) <= MINIMAL.token_rows and fits_pools(requests)
