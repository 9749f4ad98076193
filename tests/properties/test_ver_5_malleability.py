"""VER-5: nothing in the state depends on the bytes of a proof."""

from tests.properties.first_blocks import block_for_all
from tests.support.books.play import Play
from tests.support.three_chains import B
from tests.support.upholds import upholds


@upholds("VER-5")
class TestMalleability:
    """State never keys on proof bytes: another proof of the same statement changes nothing."""

    def test_prove__other_proof_bytes__same_state(self, play: Play) -> None:
        sealed = block_for_all(play)
        states = []
        for filler in (0, 1, 2**255):
            with play.chains.rollback():
                play.commit(B, sealed)
                entry = play.committed[B].pop()
                play.history[B].pop()
                stored, inputs, _ = entry.prove_args()
                play[B].swap_verifier.allow(inputs)
                bridge = play[B].bridge
                bridge.prove_blocks([(stored, inputs, [filler] * 8)])
                states.append((bridge.status(), bridge.stored_block_hash(1), bridge.sync_hash(1)))
        assert len(set(states)) == 1
