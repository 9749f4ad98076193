"""SYN-1: what a confirmation can do, and what it cannot."""

from dataclasses import replace

from tests.properties.first_blocks import proven_everywhere
from tests.support.blocks import Ack
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import CHAINS, PRIMARY, USD, A, B, C
from zklink.protocol.ids import BlockNumber
from zklink.protocol.messages import SyncMessage


@upholds("SYN-1")
class TestMessages:
    """A confirmation binds (chain, number, sync hash); duplicates, reorderings, stale and forged ones are harmless,
    also after a revert.
    """

    def test_execute__any_concerned_chain_missing__refused(self, story: Story) -> None:
        proven_everywhere(story)
        for chain in CHAINS:
            refused(story.execute, chain)
        for chain in (A, C):
            story.deliver(chain, story.acknowledge(PRIMARY))
            assert story.status(chain)[2] == 1
            assert refused(story.execute, chain) == "execute: a chain is missing"
        story.deliver(B, story.acknowledge(A))
        assert refused(story.execute, B) == "execute: a chain is missing"
        story.deliver(B, story.acknowledge(C))
        story.execute(B)
        story.check()

    def test_deliver__twice_and_in_any_order__same_result(self, story: Story) -> None:
        proven_everywhere(story)
        primary = story.acknowledge(PRIMARY)
        for _ in range(3):
            story.deliver(C, primary)
            story.deliver(A, primary)
        first_of_a = story.acknowledge(A)
        request = story.swap(C, USD, 2_000, A, USD)
        second = story.seal(story.history[B][-1] or story.genesis, [request])
        for chain in CHAINS:
            story.commit(chain, second)
            story.prove(chain)
        story.exchange()
        story.deliver(C, first_of_a)
        story.deliver(C, primary)
        assert story.side(C).bridge.acknowledged(A) == 2
        for chain in CHAINS:
            story.execute(chain, count=2)
        story.check()
        story.check_settled()

    def test_deliver__before_the_block_is_there__applied_later(self, story: Story) -> None:
        story.swap(A, USD, 1_000, C, USD)
        sealed = story.seal_waiting(story.genesis)
        story.commit(B, sealed)
        story.prove(B)
        ack = story.acknowledge(B)
        story.deliver(A, ack)
        assert story.status(A) == (0, 0, 0, 0)
        story.commit(A, sealed)
        story.deliver(A, ack)
        assert story.status(A) == (1, 0, 0, 0)
        story.prove(A)
        assert story.status(A) == (1, 1, 1, 0)

    def test_apply__announced_again_by_anybody__takes_effect(self, story: Story) -> None:
        story.swap(A, USD, 1_000, C, USD)
        first = story.seal_waiting(story.genesis)
        second = story.seal(first, [])
        for sealed in (first, second):
            story.commit(B, sealed)
        story.prove(B)
        story.deliver(A, story.acknowledge(B, 1))
        for sealed in (first, second):
            story.commit(A, sealed)
        story.prove(A)
        assert story.status(A) == (2, 2, 0, 0)
        story.apply(A, B, 1)
        assert story.status(A) == (2, 2, 1, 0)
        assert refused(story.apply, A, B, 2) == "message: not known"
        assert refused(story.apply, A, C, 1) == "message: not known"

    def test_deliver__hash_of_a_reverted_block__no_effect_on_its_replacement(self, story: Story) -> None:
        """The message is about what was accepted, not about a number: a stale one confirms nothing after a revert."""
        requests = [story.swap(A, USD, 1_000 + i, C, USD) for i in range(2)]
        dropped = story.seal(story.genesis, requests[:1])
        story.commit(C, dropped)
        story.prove(C)
        stale = story.sign(PRIMARY, story.links[C][1])
        story.revert(C, 0)
        other = story.seal(story.genesis, requests)
        story.commit(C, other)
        story.prove(C)
        story.deliver(C, stale)
        assert story.status(C) == (1, 1, 0, 0)
        refused(story.apply, C, PRIMARY, 1)
        assert story.status(C) == (1, 1, 0, 0)

    def test_deliver__of_other_chains_about_another_hash__does_not_execute(self, story: Story) -> None:
        sealed = proven_everywhere(story)
        story.exchange_primary()
        other = replace(story.links[C][1].stored, sync_hash=b"\x01" * 32)
        message = SyncMessage(A, BlockNumber(1), other.sync_hash)
        evidence = story.world.committee.sign(message, story.world.deployment_hash)
        story.deliver(C, Ack(message, evidence))
        assert story.side(C).bridge.acknowledged(A) == 0
        assert refused(story.execute, C) == "execute: a chain is missing"
        assert sealed.number == 1

    def test_deliver__number_ahead_of_the_hash__no_effect(self, story: Story) -> None:
        proven_everywhere(story)
        message = SyncMessage(PRIMARY, BlockNumber(2), story.links[A][1].stored.sync_hash)
        story.deliver(A, Ack(message, story.world.committee.sign(message, story.world.deployment_hash)))
        assert story.status(A)[2] == 0

    def test_deliver__not_from_the_primary__accepts_nothing(self, story: Story) -> None:
        proven_everywhere(story)
        story.deliver(A, story.sign(C, story.links[C][1]))
        assert story.status(A)[2] == 0
        assert story.side(A).bridge.acknowledged(C) == 0
