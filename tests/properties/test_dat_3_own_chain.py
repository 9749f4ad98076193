"""DAT-3: every record names its chain, and every chain looks."""

import pytest

from tests.properties.first_blocks import block_for_all, records
from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import PRIMARY, USD, B, C
from tests.support.upholds import upholds
from zklink.protocol.ids import Kind
from zklink.protocol.words import SWAP_REQUEST_LAYOUTS


@upholds("DAT-3")
class TestRecordsNameTheirChain:
    """Every on-chain record carries its chain, and every chain checks it."""

    @pytest.mark.parametrize("reader", ["its chain", "the primary"], ids=str)
    def test_enter__record_of_another_chain__refused(self, play: Play, reader: str) -> None:
        sealed = block_for_all(play)
        view, teller = sealed.view(C), C if reader == "its chain" else PRIMARY
        honest = view.words
        for start, words in records(view):
            for shift in self.find_own_chain(words):
                for chain in (0, 1, 2, 3, 255):
                    changed = list(honest)
                    changed[start] = words[0] & ~(255 << shift) | chain << shift
                    told = forge_view(sealed.view(teller), changed, C)
                    assert refused(play.enter_view, teller, told, lies=True).startswith("slice: ")

    def test_swap__request_words__name_source_and_destination(self, play: Play) -> None:
        """The queue's hash is over words that carry both chains: what the block consumes is what was asked for, where
        it was.
        """
        request = play.swap(C, USD, 5_000, B, USD)
        fields = SWAP_REQUEST_LAYOUTS[0].unpack(request.words()[0])
        assert (fields["source"], fields["destination"], fields["request_id"]) == (C, B, 1)
        play.settle()
        assert play.entries[C][1].consumed[C] == 1

    @staticmethod
    def find_own_chain(words: tuple[int, ...]) -> tuple[int, ...]:
        """Where a record names its chain: a request in its source, a payment in its chain, a refund in both."""
        kind = words[0] >> 240
        return (232,) if kind == Kind.SWAP_REQUEST else (224,) if kind == Kind.SWAP_PAID else (232, 224)
