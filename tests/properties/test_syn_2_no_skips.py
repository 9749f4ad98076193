"""SYN-2: blocks follow each other without a gap."""

from dataclasses import replace

from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import CHAINS, PRIMARY, USD, A, C
from zklink.protocol.ids import BlockNumber


@upholds("SYN-2")
class TestNoSkips:
    """No block can be skipped, in any step, on any chain."""

    def test_every_step__number_left_out__refused(self, story: Story) -> None:
        story.swap(A, USD, 1_000, C, USD)
        first = story.seal_waiting(story.genesis)
        second = story.seal(first, [])
        third = story.seal(second, [])
        story.commit(A, first)
        story.commit(A, second)
        story.commit(A, third)
        bridge = story.side(A).bridge
        links = story.links[A]
        for link in links[1:]:
            assert link.view is not None
            story.side(A).verifier.allow(list(link.view.inputs.as_tuple()))
        assert refused(bridge.prove_blocks, [links[2].prove_args()]) == "prove: not the next block"
        both = [links[1].prove_args(), links[3].prove_args()]
        assert refused(bridge.prove_blocks, both) == "prove: not the next block"
        story.prove(A)
        assert refused(bridge.prove_blocks, [links[3].prove_args()]) == "prove: not the next block"
        for chain in (PRIMARY, C):
            for sealed in (first, second, third):
                story.commit(chain, sealed)
            story.prove(chain)
        story.exchange()
        assert refused(story.execute, A, links=[links[2]]) == "execute: not the next block"
        assert refused(story.execute, A, links=[links[1], links[3]]) == "execute: not the next block"
        for chain in CHAINS:
            story.execute(chain, links=story.links[chain][1:])
        story.check_settled()

    def test_commit__not_on_the_last_block__refused(self, story: Story) -> None:
        first = story.seal(story.genesis, [])
        second = story.seal(first, [])
        story.commit(A, first)
        bridge = story.side(A).bridge
        genesis = story.links[A][0].stored_args()
        args = [second.view(A).commit_args()]
        assert refused(bridge.commit_blocks, genesis, args, sender=story.validator) == "commit: not the last block"
        forged = replace(story.links[A][1].stored, root=7)
        link = replace(story.links[A][1], stored=forged)
        assert (
            refused(bridge.commit_blocks, link.stored_args(), args, sender=story.validator)
            == "block: not the stored block"
        )
        story.commit(A, second)

    def test_prove__more_than_was_committed__refused(self, story: Story) -> None:
        first = story.seal(story.genesis, [])
        story.commit(A, first)
        dropped = story.links[A][1]
        story.revert(A, 0)
        assert dropped.view is not None
        story.side(A).verifier.allow(list(dropped.view.inputs.as_tuple()))
        bridge = story.side(A).bridge
        assert refused(bridge.prove_blocks, [dropped.prove_args()]) == "prove: not committed"

    def test_commit__number_that_the_proof_does_not_have__never_proven(self, story: Story) -> None:
        """The chain puts the number into the header itself: a block sealed as number 2 proves nothing as number 1."""
        second = story.seal(story.seal(story.genesis, []), [])
        view = second.view(A)
        header = replace(view.header, number=BlockNumber(1), old_root=story.world.genesis_root)
        story.commit_view(A, replace(view, header=header))
        assert refused(story.prove, A) == "ideal: not true"
