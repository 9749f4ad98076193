"""SYN-1: what a confirmation can do, and what it cannot."""

from dataclasses import replace

from tests.properties.first_blocks import proven_everywhere
from tests.support.books.block_actions import Ack
from tests.support.books.play import Play, refused
from tests.support.three_chains import CHAINS, PRIMARY, USD, A, B, C
from tests.support.upholds import upholds
from zklink.protocol.ids import BlockNumber
from zklink.protocol.messages import SyncMessage


@upholds("SYN-1")
class TestMessages:
    """A confirmation binds (chain, number, sync hash); duplicates, reorderings, stale and forged ones are harmless,
    also after a revert.
    """

    def test_execute__any_concerned_chain_missing__refused(self, play: Play) -> None:
        proven_everywhere(play)
        for chain in CHAINS:
            refused(play.execute, chain)
        for chain in (A, C):
            play.deliver(chain, play.acknowledge(PRIMARY))
            assert play.status(chain)[2] == 1
            assert refused(play.execute, chain) == "execute: a chain is missing"
        play.deliver(B, play.acknowledge(A))
        assert refused(play.execute, B) == "execute: a chain is missing"
        play.deliver(B, play.acknowledge(C))
        play.execute(B)
        play.check()

    def test_deliver__twice_and_in_any_order__same_result(self, play: Play) -> None:
        proven_everywhere(play)
        primary = play.acknowledge(PRIMARY)
        for _ in range(3):
            play.deliver(C, primary)
            play.deliver(A, primary)
        first_of_a = play.acknowledge(A)
        request = play.swap(C, USD, 2_000, A, USD)
        second = play.seal(play.history[B][-1] or play.genesis, [request])
        for chain in CHAINS:
            play.commit(chain, second)
            play.prove(chain)
        play.exchange()
        play.deliver(C, first_of_a)
        play.deliver(C, primary)
        assert play[C].bridge.acknowledged(A) == 2
        for chain in CHAINS:
            play.execute(chain, count=2)
        play.check()
        play.check_settled()

    def test_deliver__before_the_block_is_there__applied_later(self, play: Play) -> None:
        play.swap(A, USD, 1_000, C, USD)
        sealed = play.seal_waiting(play.genesis)
        play.commit(B, sealed)
        play.prove(B)
        ack = play.acknowledge(B)
        play.deliver(A, ack)
        assert play.status(A) == (0, 0, 0, 0)
        play.commit(A, sealed)
        play.deliver(A, ack)
        assert play.status(A) == (1, 0, 0, 0)
        play.prove(A)
        assert play.status(A) == (1, 1, 1, 0)

    def test_apply__announced_again_by_anybody__takes_effect(self, play: Play) -> None:
        play.swap(A, USD, 1_000, C, USD)
        first = play.seal_waiting(play.genesis)
        second = play.seal(first, [])
        for sealed in (first, second):
            play.commit(B, sealed)
        play.prove(B)
        play.deliver(A, play.acknowledge(B, 1))
        for sealed in (first, second):
            play.commit(A, sealed)
        play.prove(A)
        assert play.status(A) == (2, 2, 0, 0)
        play.apply(A, B, 1)
        assert play.status(A) == (2, 2, 1, 0)
        assert refused(play.apply, A, B, 2) == "message: not known"
        assert refused(play.apply, A, C, 1) == "message: not known"

    def test_deliver__hash_of_a_reverted_block__no_effect_on_its_replacement(self, play: Play) -> None:
        """The message is about what was accepted, not about a number: a stale one confirms nothing after a revert."""
        requests = [play.swap(A, USD, 1_000 + i, C, USD) for i in range(2)]
        dropped = play.seal(play.genesis, requests[:1])
        play.commit(C, dropped)
        play.prove(C)
        stale = play.sign(PRIMARY, play.committed[C][1])
        play.revert(C, 0)
        other = play.seal(play.genesis, requests)
        play.commit(C, other)
        play.prove(C)
        play.deliver(C, stale)
        assert play.status(C) == (1, 1, 0, 0)
        refused(play.apply, C, PRIMARY, 1)
        assert play.status(C) == (1, 1, 0, 0)

    def test_deliver__of_other_chains_about_another_hash__does_not_execute(self, play: Play) -> None:
        sealed = proven_everywhere(play)
        play.exchange_primary()
        other = replace(play.committed[C][1].stored, sync_hash=b"\x01" * 32)
        message = SyncMessage(A, BlockNumber(1), other.sync_hash)
        evidence = play.chains.committee.sign_message(message, play.chains.deployment_hash)
        play.deliver(C, Ack(message, evidence))
        assert play[C].bridge.acknowledged(A) == 0
        assert refused(play.execute, C) == "execute: a chain is missing"
        assert sealed.number == 1

    def test_deliver__number_ahead_of_the_hash__no_effect(self, play: Play) -> None:
        proven_everywhere(play)
        message = SyncMessage(PRIMARY, BlockNumber(2), play.committed[A][1].stored.sync_hash)
        play.deliver(A, Ack(message, play.chains.committee.sign_message(message, play.chains.deployment_hash)))
        assert play.status(A)[2] == 0

    def test_deliver__not_from_the_primary__accepts_nothing(self, play: Play) -> None:
        proven_everywhere(play)
        play.deliver(A, play.sign(C, play.committed[C][1]))
        assert play.status(A)[2] == 0
        assert play[A].bridge.acknowledged(C) == 0
