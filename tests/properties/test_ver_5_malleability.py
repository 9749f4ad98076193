"""VER-5: nothing in the state depends on the bytes of a proof."""

from tests.properties.first_blocks import block_for_all
from tests.support.books.play import Play
from tests.support.three_chains import SEQUENCER, B
from tests.support.upholds import upholds
from zklink.protocol.bridge_blocks import AcceptCall
from zklink.protocol.ids import BlockNumber


@upholds("VER-5")
class TestMalleability:
    """State never keys on proof bytes: another proof of the same statement changes nothing."""

    def test_accept__other_proof_bytes__same_state(self, play: Play) -> None:
        view = block_for_all(play).view(B)
        states = []
        for filler in (0, 1, 2**255):
            with play.chains.rollback():
                entry = play.entries[B][0].follow(view)
                facts = play.que(entry)
                groups, full = play.chains.groups, view.full().with_proof((filler,) * 8)
                evidence = (groups.seal(1, entry.sync_hash), groups.queues(facts))
                play[B].swap_verifier.allow(list(view.inputs.as_tuple()))
                call = AcceptCall(BlockNumber(1), (full,), facts, *evidence, False)
                play[B].history.accept(*call.abi(), sender=SEQUENCER)
                states.append((play[B].tip(), play[B].history.owed(1)))
        assert len(set(states)) == 1
