"""SYN-2: blocks follow each other without a gap."""

from dataclasses import replace

from tests.support.books.play import Play, refused
from tests.support.three_chains import CHAINS, PRIMARY, USD, A, C
from tests.support.upholds import upholds
from zklink.protocol.ids import BlockNumber


@upholds("SYN-2")
class TestNoSkips:
    """No block can be skipped, in any step, on any chain."""

    def test_every_step__number_left_out__refused(self, play: Play) -> None:
        play.swap(A, USD, 1_000, C, USD)
        first = play.seal_waiting(play.genesis)
        second = play.seal(first, [])
        third = play.seal(second, [])
        play.commit(A, first)
        play.commit(A, second)
        play.commit(A, third)
        bridge = play[A].bridge
        entries = play.committed[A]
        for entry in entries[1:]:
            assert entry.view is not None
            play[A].swap_verifier.allow(list(entry.view.inputs.as_tuple()))
        assert refused(bridge.prove_blocks, [entries[2].prove_args()]) == "prove: not the next block"
        both = [entries[1].prove_args(), entries[3].prove_args()]
        assert refused(bridge.prove_blocks, both) == "prove: not the next block"
        play.prove(A)
        assert refused(bridge.prove_blocks, [entries[3].prove_args()]) == "prove: not the next block"
        for chain in (PRIMARY, C):
            for sealed in (first, second, third):
                play.commit(chain, sealed)
            play.prove(chain)
        play.exchange()
        assert refused(play.execute, A, entries=[entries[2]]) == "execute: not the next block"
        assert refused(play.execute, A, entries=[entries[1], entries[3]]) == "execute: not the next block"
        for chain in CHAINS:
            play.execute(chain, entries=play.committed[chain][1:])
        play.check_settled()

    def test_commit__not_on_the_last_block__refused(self, play: Play) -> None:
        first = play.seal(play.genesis, [])
        second = play.seal(first, [])
        play.commit(A, first)
        bridge = play[A].bridge
        genesis = play.committed[A][0].stored_args()
        args = [second.view(A).commit_args()]
        assert refused(bridge.commit_blocks, genesis, args, sender=play.validator) == "commit: not the last block"
        forged = replace(play.committed[A][1].stored, root=7)
        entry = replace(play.committed[A][1], stored=forged)
        assert (
            refused(bridge.commit_blocks, entry.stored_args(), args, sender=play.validator)
            == "block: not the stored block"
        )
        play.commit(A, second)

    def test_prove__more_than_was_committed__refused(self, play: Play) -> None:
        first = play.seal(play.genesis, [])
        play.commit(A, first)
        dropped = play.committed[A][1]
        play.revert(A, 0)
        assert dropped.view is not None
        play[A].swap_verifier.allow(list(dropped.view.inputs.as_tuple()))
        bridge = play[A].bridge
        assert refused(bridge.prove_blocks, [dropped.prove_args()]) == "prove: not committed"

    def test_commit__number_that_the_proof_does_not_have__never_proven(self, play: Play) -> None:
        """The chain puts the number into the header itself: a block sealed as number 2 proves nothing as number 1."""
        second = play.seal(play.seal(play.genesis, []), [])
        view = second.view(A)
        header = replace(view.header, number=BlockNumber(1), old_root=play.chains.genesis_root)
        play.commit_view(A, replace(view, header=header))
        assert refused(play.prove, A) == "ideal: not true"
