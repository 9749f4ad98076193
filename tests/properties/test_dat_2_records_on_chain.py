"""DAT-2 on chains: records have one exact form."""

from dataclasses import replace

from tests.properties.first_blocks import block_for_all, records
from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import CHAINS, STRANGER, USD, A, B, C
from tests.support.upholds import upholds
from zklink.protocol.ids import Kind
from zklink.protocol.words import SWAP_PAID_LAYOUTS


@upholds("DAT-2")
class TestRecordShape:
    """Records have one exact length; unused bits are zero, else refused; counts agree with the header."""

    def test_import__record_cut_or_extended__refused(self, play: Play) -> None:
        view = block_for_all(play).view(C)
        honest = view.words
        for words in (honest[:-1], honest[1:], (*honest, 0), (*honest, honest[0]), (*honest, *honest[:2])):
            refused(play.import_view, C, forge_view(view, words))

    def test_enter__count_differs_from_the_words__refused(self, play: Play) -> None:
        sealed = block_for_all(play)
        for chain in CHAINS:
            view = sealed.view(chain)
            for words in (view.words[:-3], (*view.words, *view.words[:3])):
                other = replace(view, held={**view.held, chain: words})
                assert refused(play.enter_view, chain, other) == "history: words do not fit"

    def test_accept__unused_bit_set__refused(self, play: Play) -> None:
        """Every bit above a word and every zero bit of a payout; a request's zero bits are in the queue's hash."""
        view = block_for_all(play).view(B)
        start = len(view.words) - 3
        assert view.words[start] >> 240 == Kind.SWAP_PAID
        for position, layout in enumerate(SWAP_PAID_LAYOUTS):
            used = sum(field.mask << field.shift for field in layout.fields)
            for bit in range(256):
                if not used >> bit & 1:
                    words = list(view.words)
                    words[start + position] ^= 1 << bit
                    assert refused(play.accept_view, forge_view(view, words)).startswith("slice: ")

    def test_fill__unused_bit_set__refused(self, play: Play) -> None:
        request = play.swap(A, USD, 5_000, B, USD)
        honest = play.seal(play.genesis, [request]).payouts()[0].words()
        bridge = play[B].bridge
        for position, layout in enumerate(SWAP_PAID_LAYOUTS):
            used = sum(field.mask << field.shift for field in layout.fields)
            for bit in range(256):
                if not used >> bit & 1:
                    words = list(honest)
                    words[position] ^= 1 << bit
                    refused(bridge.fill, words, STRANGER, sender=STRANGER)

    def test_import__unknown_kind__refused(self, play: Play) -> None:
        view = block_for_all(play).view(C)
        for start, record in records(view):
            for kind in {0, 1, 3, 4, 5, 128, 255} - {record[0] >> 240}:
                words = list(view.words)
                words[start] = words[start] & (2**240 - 1) | kind << 240
                refused(play.import_view, C, forge_view(view, words))
