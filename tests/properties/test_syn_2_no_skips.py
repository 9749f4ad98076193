"""SYN-2: blocks follow each other without a gap."""

from dataclasses import replace

from tests.properties.first_blocks import NOT_TRUE
from tests.properties.test_syn_1_confirmations import accept, import_on, line_of
from tests.support.books.play import Play, refused
from tests.support.lines import Line
from tests.support.three_chains import CHAINS, PRIMARY, STRANGER, USD, A, C
from tests.support.upholds import upholds
from zklink.protocol.ids import BlockNumber


def three_blocks(play: Play) -> Line:
    """A swap, then two empty blocks."""
    play.swap(A, USD, 1_000, C, USD)
    first = play.seal_waiting(play.genesis)
    second = play.seal(first, [])
    return line_of(play, first, second, play.seal(second, []))


@upholds("SYN-2")
class TestNoSkips:
    """No block can be skipped, on any chain."""

    def test_enter__number_left_out__refused(self, play: Play) -> None:
        line = three_blocks(play)
        for first, last in ((2, 2), (2, 3), (3, 3)):
            assert refused(accept, play, line.accept_call(first, last)) == "history: a block is missing"
            assert refused(import_on, play, A, line.import_call(A, first, last)) == "history: a block is missing"
        again = line.accept_again_call(2, 3)
        assert refused(play[PRIMARY].history.accept_again, *again.abi()) == "history: a block is missing"

    def test_enter__block_left_out_between__refused(self, play: Play) -> None:
        line = three_blocks(play)
        gap = (line[1].full, line[3].full)
        refused(accept, play, replace(line.accept_call(1, 3), blocks=gap))
        call = line.import_call(A, 1, 3)
        told = replace(call, blocks=(call.blocks[0], call.blocks[2]))
        refused(import_on, play, A, told)
        assert [play.height(chain) for chain in CHAINS] == [0, 0, 0]

    def test_enter__in_several_calls__every_height_is_the_lines(self, play: Play) -> None:
        line = three_blocks(play)
        for number in (1, 2, 3):
            accept(play, line.accept_call(number, number, play.chains.ask_queue))
            for chain in (A, C):
                import_on(play, chain, line.import_call(chain, number, number))
            assert {play[chain].accepted_hash() for chain in CHAINS} == {line.sync_hash(number)}

    def test_enter__other_block_at_a_number_that_is_there__changes_nothing(self, play: Play) -> None:
        """What is skipped is not read at all."""
        line = three_blocks(play)
        accept(play, line.accept_call(1, 2, play.chains.ask_queue))
        tip = play[PRIMARY].tip()
        call = line.accept_call(1, 2, play.chains.ask_queue, at=2)
        other = replace(call.blocks[0], block=replace(call.blocks[0].block, new_root=7))
        accept(play, replace(call, blocks=(other, call.blocks[1])))
        assert play[PRIMARY].tip() == tip

    def test_enter__number_that_the_proof_does_not_have__never_proven(self, play: Play) -> None:
        """The chain puts the number into the header itself: a block sealed as number 2 proves nothing as number 1."""
        second = play.seal(play.seal(play.genesis, []), [])
        for chain in (PRIMARY, A):
            view = second.view(chain)
            header = replace(view.header, number=BlockNumber(1), old_root=play.chains.genesis_root)
            assert refused(play.enter_view, chain, replace(view, header=header)) == NOT_TRUE

    def test_execute__blocks_in_any_order__each_once(self, play: Play) -> None:
        """Paying waits for no other block."""
        for amount in (1_000, 2_000):
            play.swap(A, USD, amount, C, USD)
            play.accept(play.seal_waiting(play.tip()))
        for sealed in play.missing(C):
            play.import_(C, sealed)
        for entry in play.owing(C)[::-1]:
            play.execute(C, entry)
        assert refused(play[C].history.execute, 1, [0, 0, 0], 1, sender=STRANGER) == "execute: other payouts"
        play.check()
