"""VER-5: nothing in the state depends on the bytes of a proof."""

from tests.properties.first_blocks import block_for_all
from tests.support.story import Story
from tests.support.upholds import upholds
from tests.support.world import B


@upholds("VER-5")
class TestMalleability:
    """State never keys on proof bytes: another proof of the same statement changes nothing."""

    def test_prove__other_proof_bytes__same_state(self, story: Story) -> None:
        sealed = block_for_all(story)
        states = []
        for filler in (0, 1, 2**255):
            with story.world.rollback():
                story.commit(B, sealed)
                link = story.links[B].pop()
                story.history[B].pop()
                stored, inputs, _ = link.prove_args()
                story.side(B).verifier.allow(inputs)
                bridge = story.side(B).bridge
                bridge.prove_blocks([(stored, inputs, [filler] * 8)])
                states.append((bridge.status(), bridge.stored_block_hash(1), bridge.sync_hash(1)))
        assert len(set(states)) == 1
