"""SYN-1: what a fact can do, and what it cannot."""

from dataclasses import replace

import pytest

from tests.properties.first_blocks import block_for_all
from tests.support.books.play import Play, refused
from tests.support.books.sealed import Sealed
from tests.support.groups import Acc
from tests.support.lines import Line
from tests.support.three_chains import MEMBERS, PRIMARY, SEQUENCER, STRANGER, USD, A, C
from tests.support.upholds import upholds
from zklink.protocol.bridge_blocks import AcceptCall, ImportCall
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import BlockNumber, ChainId, Lane


def line_of(play: Play, *blocks: Sealed) -> Line:
    """The line of these blocks, all provable."""
    line = play.chains.line()
    for sealed in blocks:
        line.append(sealed.view(PRIMARY).full())
        for chain in (PRIMARY, *MEMBERS):
            play[chain].swap_verifier.allow(list(sealed.view(chain).inputs.as_tuple()))
    return line


def two_blocks(play: Play) -> Line:
    """Requests of A and C in two blocks."""
    first = block_for_all(play)
    play.swap(A, USD, 2_000, C, USD)
    return line_of(play, first, play.seal_waiting(first))


def import_on(play: Play, chain: ChainId, call: ImportCall) -> None:
    """A member imports. Raises Reverted."""
    play[chain].history.import_blocks(*call.abi(), sender=STRANGER)


def accept(play: Play, call: AcceptCall) -> None:
    """The primary accepts. Raises Reverted."""
    play[PRIMARY].history.accept(*call.abi(), sender=SEQUENCER)


@upholds("SYN-1")
class TestFacts:
    """A fact binds what it names and nothing else: number and sync hash, or chain, lane, count and hash. Duplicates,
    reorderings, stale and forged ones are harmless.
    """

    def test_import__no_acc_or_the_seal_in_its_place__refused(self, play: Play) -> None:
        line = two_blocks(play)
        seal = line.seal(1)
        for validators, watchers in ((b"", b""), (seal, seal), line.acc(1)._replace(watchers=b"")):
            call = replace(line.import_call(A, 1, 1), validators=validators, watchers=watchers)
            assert refused(import_on, play, A, call).startswith("groups: ")
        import_on(play, A, line.import_call(A, 1, 1))

    def test_import__acc_of_a_later_block__by_the_commitments_between(self, play: Play) -> None:
        line = two_blocks(play)
        import_on(play, A, line.import_call(A, 1, 1, 2))
        import_on(play, A, line.import_call(A, 2, 2))
        import_on(play, C, line.import_call(C, 1, 2))
        assert [play.height(chain) for chain in (A, C)] == [2, 2]

    def test_import__acc_of_an_earlier_block__imports_no_later_one(self, play: Play) -> None:
        line = two_blocks(play)
        import_on(play, A, line.import_call(A, 1, 1))
        stale = line.acc(1)
        for first in (1, 2):
            call = replace(line.import_call(A, first, 2), validators=stale.validators, watchers=stale.watchers)
            assert refused(import_on, play, A, call).startswith("groups: ")
        assert play.height(A) == 1

    @pytest.mark.parametrize("number", [0, 1, 3])
    def test_import__acc_of_another_number_with_this_hash__refused(self, play: Play, number: int) -> None:
        line = two_blocks(play)
        evidence: Acc = line.groups.acc(number, line.sync_hash(2))
        call = line.import_call(A, 1, 2)
        other = replace(call, validators=evidence.validators, watchers=evidence.watchers)
        assert refused(import_on, play, A, other).startswith("groups: ")

    def test_import__commitments_that_do_not_lead_there__refused(self, play: Play) -> None:
        line = two_blocks(play)
        call = line.import_call(A, 1, 1, 2)
        for later in ((), (bytes(32),), (*call.later, bytes(32)), call.later[::-1] + call.later):
            assert refused(import_on, play, A, replace(call, later=later)).startswith("groups: ")

    def test_import__twice_and_overlapping__same_result(self, play: Play) -> None:
        line = two_blocks(play)
        import_on(play, A, line.import_call(A, 1, 1))
        tip = play[A].tip()
        import_on(play, A, line.import_call(A, 1, 1))
        assert play[A].tip() == tip
        import_on(play, A, line.import_call(A, 1, 2))
        import_on(play, A, line.import_call(A, 1, 2))
        assert play[A].tip().number == 2
        assert play[A].bridge.request_counts(Lane.SWAP) == (3, 3)

    def test_accept__seal_of_another_block__refused(self, play: Play) -> None:
        line = two_blocks(play)
        call = line.accept_call(1, 1, play.chains.ask_queue)
        for seal in (line.seal(2), line.groups.seal(2, line.sync_hash(1)), line.groups.seal(1, line.sync_hash(2)), b""):
            assert refused(accept, play, replace(call, seal=seal)).startswith("groups: ")
        accept(play, call)
        assert play.height(PRIMARY) == 1

    def test_accept__queues_of_another_count_hash_lane_or_chain__refused(self, play: Play) -> None:
        line = two_blocks(play)
        call = line.accept_call(1, 1, play.chains.ask_queue)
        (fact, other) = call.queues
        for wrong in (
            replace(fact, hash=b"\7" * 32),
            replace(fact, lane=Lane.ACCOUNT),
            replace(fact, chain=C),
            replace(fact, hash=line.deployment_hash),
        ):
            self.assert_queues_refused(play, line, call, (wrong, other))
        self.assert_queues_refused(play, line, call, (fact,))
        self.assert_queues_refused(play, line, call, ())
        signed_for_less = replace(call, watchers=line.groups.queues((fact,)))
        assert refused(accept, play, signed_for_less).startswith("groups: ")
        accept(play, call)

    @staticmethod
    def assert_queues_refused(play: Play, line: Line, call: AcceptCall, facts: tuple[QueueFact, ...]) -> None:
        """Refused though watchers have signed it."""
        wrong = replace(call, queues=facts, watchers=line.groups.queues(facts))
        assert refused(accept, play, wrong).startswith("accept: ")

    def test_accept__queues_that_blocks_do_not_serve__allowed(self, play: Play) -> None:
        line = two_blocks(play)
        call = line.accept_call(1, 1, play.chains.ask_queue)
        more = (*call.queues, QueueFact(A, Lane.ACCOUNT, 7, b"\7" * 32))
        accept(play, replace(call, queues=more, watchers=line.groups.queues(more)))
        assert play.height(PRIMARY) == 1

    def test_accept__twice_and_overlapping__same_result(self, play: Play) -> None:
        line = two_blocks(play)
        accept(play, line.accept_call(1, 1, play.chains.ask_queue))
        tip = play[PRIMARY].tip()
        accept(play, line.accept_call(1, 1, play.chains.ask_queue))
        assert play[PRIMARY].tip() == tip
        accept(play, line.accept_call(1, 2, play.chains.ask_queue, at=1))
        assert play[PRIMARY].accepted_hash() == line.sync_hash(2)

    def test_import__after_the_primary_has_forgotten__acc_still_counts(self, play: Play) -> None:
        """Members follow an ACC, whatever the primary has become since; it takes the blocks again by the same ACC."""
        line = two_blocks(play)
        with play.chains.primary.evm.rollback():
            accept(play, line.accept_call(1, 2, play.chains.ask_queue))
        for chain in MEMBERS:
            import_on(play, chain, line.import_call(chain, 1, 2))
        assert play.height(PRIMARY) == 0
        play[PRIMARY].history.accept_again(*line.accept_again_call(1, 2).abi(), sender=STRANGER)
        assert {play[chain].accepted_hash() for chain in (PRIMARY, *MEMBERS)} == {line.sync_hash(2)}

    def test_import__blocks_from_number_zero__skipped_as_there_already(self, play: Play) -> None:
        line = two_blocks(play)
        tip = play[A].tip()
        import_on(play, A, replace(line.import_call(A, 1, 1), first=BlockNumber(0)))
        assert play[A].tip() == tip
