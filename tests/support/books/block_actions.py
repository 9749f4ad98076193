"""The lives of blocks on three chains: sequencer, validators, committee and whoever executes.

Takes their actions, valid or not; a refused action raises Reverted and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.books.chains import BookedChain
from tests.support.books.diary import say, told
from tests.support.books.sealed import CommittedView, Sealed, View
from tests.support.books.user_actions import UserActions
from tests.support.three_chains import CHAINS, STRANGER, VALIDATOR
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import BlockNumber, ChainId, TokenId
from zklink.protocol.messages import SyncMessage
from zklink.protocol.presets import MINIMAL
from zklink.transition.swap_block import apply_block


@dataclass(frozen=True, slots=True)
class Ack:
    """A sync message with the signatures that go with it."""

    message: SyncMessage
    evidence: bytes

    def __str__(self) -> str:
        return say(self.message)

    def args(self) -> tuple[tuple[int, int, int, bytes], bytes]:
        """Arguments of receive_message."""
        m = self.message
        return (m.kind, m.source_chain, m.number, m.sync_hash), self.evidence


class BlockActions(UserActions):
    """What users do, and the blocks and messages that follow."""

    # -- sequencer and validator ---------------------------------------------------------------------------------

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

    def commit(self, chain: ChainId, sealed: Sealed) -> CommittedView:
        """Commit a sealed block as it is. Raises Reverted."""
        return self.commit_view(chain, sealed.view(chain), sealed)

    @told("{sender} commits {view} on {chain}")
    def commit_view(
        self, chain: ChainId, view: View, sealed: Sealed | None = None, sender: str = VALIDATOR
    ) -> CommittedView:
        """Commit what the validator says of a block. Raises Reverted."""
        top = self.committed[chain][-1]
        self[chain].bridge.commit_blocks(top.stored_args(), [view.commit_args()], sender=sender)
        entry = top.follow(view)
        self.committed[chain].append(entry)
        self.history[chain].append(sealed)
        return entry

    @told("{count} of the committed blocks are proven on {chain}")
    def prove(self, chain: ChainId, count: int | None = None) -> None:
        """Prove the next blocks with proofs of whatever is true about them. Raises Reverted."""
        committed, proven, _, _ = self.status(chain)
        last = committed if count is None else proven + count
        entries = self.committed[chain][proven + 1 : last + 1]
        for entry in entries:
            assert entry.view is not None
            if self.prover.is_true(entry.view.inputs):
                self[chain].swap_verifier.allow(list(entry.view.inputs.as_tuple()))
        self[chain].bridge.prove_blocks([entry.prove_args() for entry in entries], sender=STRANGER)

    @told("the validator reverts {chain} to block {to}")
    def revert(self, chain: ChainId, to: int) -> None:
        """Drop committed blocks above `to`. Raises Reverted."""
        self[chain].bridge.revert_blocks(self.committed[chain][to].stored_args(), sender=VALIDATOR)
        del self.committed[chain][to + 1 :]
        del self.history[chain][to + 1 :]

    @told("block by block, {count} more executed on {chain}")
    def execute(
        self, chain: ChainId, count: int = 1, entries: Sequence[CommittedView] | None = None, gas: int = 30_000_000
    ) -> None:
        """Execute the next blocks. Raises Reverted."""
        if entries is None:
            executed = self.status(chain)[3]
            entries = self.committed[chain][executed + 1 : executed + 1 + count]
        payouts = [Payout.from_words(w) for entry in entries if entry.view for w in entry.view.payouts()]
        here = self[chain]
        before = {owner: self.pending_view(here, owner) for owner in self.owners(payouts)}
        here.bridge.execute_blocks([entry.execute_args() for entry in entries], sender=STRANGER, gas=gas)
        self._book(here, payouts, before)

    def _book(self, here: BookedChain, payouts: Sequence[Payout], before: dict[str, dict[TokenId, int]]) -> None:
        """Each payout went out or became pending, in full; which of the two the bridge decides."""
        for payout in payouts:
            place = (payout.chain, payout.token)
            site = here.sites[payout.token]
            owner = self.books.pay(payout, payout.fill_key(self.chains.deployment_hash))
            if owner is None:
                continue
            now = int(here.bridge.pending_balance(owner, payout.token))
            booked = before[owner][payout.token]
            if now >= booked + payout.amount * site.scale:
                self.books.defer(place, owner, payout.amount * site.scale)
                before[owner][payout.token] += payout.amount * site.scale
            elif self.is_lying(site):
                self.books.donate(place, payout.amount * site.scale)

    def owners(self, payouts: Sequence[Payout]) -> set[str]:
        """Everybody who may be owed one of the payouts."""
        recipients = {"0x" + payout.recipient[12:].hex() for payout in payouts}
        return recipients | set(self.books.fills.values())

    @staticmethod
    def pending_view(here: BookedChain, owner: str) -> dict[TokenId, int]:
        """What the bridge says it owes an account."""
        return {token: int(here.bridge.pending_balance(owner, token)) for token in here.sites}

    # -- sync ----------------------------------------------------------------------------------------------------

    def acknowledge(self, chain: ChainId, number: int | None = None) -> Ack:
        """What an honest committee signs about a chain: a block that it has accepted, with its hash."""
        accepted = self.status(chain)[2]
        number = accepted if number is None else number
        assert 0 < number <= accepted, "an honest committee signs only what was accepted"
        return self.sign(chain, self.committed[chain][number])

    def sign(self, chain: ChainId, entry: CommittedView) -> Ack:
        """What a quorum, honest or not, signs."""
        message = SyncMessage(chain, BlockNumber(entry.number), entry.stored.sync_hash)
        return Ack(message, self.chains.sign(message))

    @told("{ack} arrives on {chain}")
    def deliver(self, chain: ChainId, ack: Ack) -> None:
        """Hand a message to a bridge. Raises Reverted."""
        self[chain].bridge.receive_message(*ack.args(), sender=STRANGER)

    @told("what {source} has accepted up to block {number} is announced again on {chain}")
    def apply(self, chain: ChainId, source: ChainId, number: int) -> None:
        """Announce a known message again. Raises Reverted."""
        self[chain].bridge.apply_message(source, number, sender=STRANGER)


def has_room(requests: Sequence[SwapRequest]) -> bool:
    """Whether the requests fit into one block of the preset."""
    tokens = {token for r in requests for token in (r.token_in, r.token_out)}
    pools = {frozenset((r.token_in, r.token_out)) for r in requests if r.token_in != r.token_out}
    is_narrow = len(tokens) <= MINIMAL.token_rows and len(pools) <= MINIMAL.pool_rows
    return len(requests) <= MINIMAL.slots and is_narrow
