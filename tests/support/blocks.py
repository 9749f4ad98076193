"""The lives of blocks on three chains: sequencer, validators, committee and whoever executes.

Takes their actions, valid or not; a refused action raises Reverted and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.scene import Scene
from tests.support.sealed import Link, Sealed, View
from tests.support.world import (
    CHAINS,
    STRANGER,
    VALIDATOR,
    Side,
)
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

    def args(self) -> tuple[tuple[int, int, int, bytes], bytes]:
        """Arguments of receive_message."""
        m = self.message
        return (m.kind, m.source_chain, m.number, m.sync_hash), self.evidence


class Blocks(Scene):
    """A scene with blocks and messages."""

    # -- sequencer and validator ---------------------------------------------------------------------------------

    def seal(self, parent: Sealed, requests: Sequence[SwapRequest], timestamp: int | None = None) -> Sealed:
        """Apply requests on top of `parent`. Raises the transition's errors."""
        state = parent.state.copy()
        number = BlockNumber(parent.number + 1)
        now = max(self.now(), parent.timestamp, *(r.queued_at for r in requests), 0)
        block = apply_block(
            state, requests, number, now if timestamp is None else timestamp, self.world.domain, MINIMAL
        )
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

    def commit(self, chain: ChainId, sealed: Sealed) -> Link:
        """Commit a sealed block as it is. Raises Reverted."""
        return self.commit_view(chain, sealed.view(chain), sealed)

    def commit_view(self, chain: ChainId, view: View, sealed: Sealed | None = None, sender: str = VALIDATOR) -> Link:
        """Commit what the validator says of a block. Raises Reverted."""
        top = self.links[chain][-1]
        self.side(chain).bridge.commit_blocks(top.stored_args(), [view.commit_args()], sender=sender)
        link = top.follow(view)
        self.links[chain].append(link)
        self.history[chain].append(sealed)
        return link

    def prove(self, chain: ChainId, count: int | None = None) -> None:
        """Prove the next blocks with proofs of whatever is true about them. Raises Reverted."""
        committed, proven, _, _ = self.status(chain)
        last = committed if count is None else proven + count
        links = self.links[chain][proven + 1 : last + 1]
        for link in links:
            assert link.view is not None
            if self.prover.is_true(link.view.inputs):
                self.side(chain).verifier.allow(list(link.view.inputs.as_tuple()))
        self.side(chain).bridge.prove_blocks([link.prove_args() for link in links], sender=STRANGER)

    def revert(self, chain: ChainId, to: int) -> None:
        """Drop committed blocks above `to`. Raises Reverted."""
        self.side(chain).bridge.revert_blocks(self.links[chain][to].stored_args(), sender=VALIDATOR)
        del self.links[chain][to + 1 :]
        del self.history[chain][to + 1 :]

    def execute(
        self, chain: ChainId, count: int = 1, links: Sequence[Link] | None = None, gas: int = 30_000_000
    ) -> None:
        """Execute the next blocks. Raises Reverted."""
        if links is None:
            executed = self.status(chain)[3]
            links = self.links[chain][executed + 1 : executed + 1 + count]
        payouts = [Payout.from_words(w) for link in links if link.view for w in link.view.payouts()]
        side = self.side(chain)
        before = {owner: self.pending_view(side, owner) for owner in self.owners(payouts)}
        side.bridge.execute_blocks([link.execute_args() for link in links], sender=STRANGER, gas=gas)
        self._book(side, payouts, before)

    def _book(self, side: Side, payouts: Sequence[Payout], before: dict[str, dict[TokenId, int]]) -> None:
        """Each payout went out or became pending, in full; which of the two the bridge decides."""
        for payout in payouts:
            place = (payout.chain, payout.token)
            site = side.sites[payout.token]
            owner = self.ledger.pay(payout, payout.fill_key(self.world.deployment_hash))
            if owner is None:
                continue
            now = int(side.bridge.pending_balance(owner, payout.token))
            booked = before[owner][payout.token]
            if now >= booked + payout.amount * site.scale:
                self.ledger.defer(place, owner, payout.amount * site.scale)
                before[owner][payout.token] += payout.amount * site.scale
            elif self.is_lying(site):
                self.ledger.donate(place, payout.amount * site.scale)

    def owners(self, payouts: Sequence[Payout]) -> set[str]:
        """Everybody who may be owed one of the payouts."""
        recipients = {"0x" + payout.recipient[12:].hex() for payout in payouts}
        return recipients | set(self.ledger.fills.values())

    @staticmethod
    def pending_view(side: Side, owner: str) -> dict[TokenId, int]:
        """What the bridge says it owes an account."""
        return {token: int(side.bridge.pending_balance(owner, token)) for token in side.sites}

    # -- sync ----------------------------------------------------------------------------------------------------

    def acknowledge(self, chain: ChainId, number: int | None = None) -> Ack:
        """What an honest committee signs about a chain: a block that it has accepted, with its hash."""
        accepted = self.status(chain)[2]
        number = accepted if number is None else number
        assert 0 < number <= accepted, "an honest committee signs only what was accepted"
        return self.sign(chain, self.links[chain][number])

    def sign(self, chain: ChainId, link: Link) -> Ack:
        """What a quorum, honest or not, signs."""
        message = SyncMessage(chain, BlockNumber(link.number), link.stored.sync_hash)
        return Ack(message, self.world.committee.sign(message, self.world.deployment_hash))

    def deliver(self, chain: ChainId, ack: Ack) -> None:
        """Hand a message to a bridge. Raises Reverted."""
        self.side(chain).bridge.receive_message(*ack.args(), sender=STRANGER)

    def apply(self, chain: ChainId, source: ChainId, number: int) -> None:
        """Announce a known message again. Raises Reverted."""
        self.side(chain).bridge.apply_message(source, number, sender=STRANGER)


def has_room(requests: Sequence[SwapRequest]) -> bool:
    """Whether the requests fit into one block of the preset."""
    tokens = {token for r in requests for token in (r.token_in, r.token_out)}
    pools = {frozenset((r.token_in, r.token_out)) for r in requests if r.token_in != r.token_out}
    is_narrow = len(tokens) <= MINIMAL.token_rows and len(pools) <= MINIMAL.pool_rows
    return len(requests) <= MINIMAL.slots and is_narrow
