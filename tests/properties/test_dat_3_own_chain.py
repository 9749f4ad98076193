"""DAT-3: every record names its chain, and every chain looks."""

from tests.properties.first_blocks import block_for_all, records
from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import USD, B, C
from tests.support.upholds import upholds
from zklink.protocol.ids import Kind
from zklink.protocol.words import SWAP_REQUEST_LAYOUTS


@upholds("DAT-3")
class TestRecordsNameTheirChain:
    """Every on-chain record carries its chain, and every chain checks it."""

    def test_commit__record_of_another_chain__refused(self, play: Play) -> None:
        view = block_for_all(play).view(C)
        honest = view.words
        for start, words in records(view):
            for shift in (232, 224):
                for chain in (0, 1, 2, 3, 255):
                    changed = list(honest)
                    changed[start] = words[0] & ~(255 << shift) | chain << shift
                    if self.is_payment(words) and shift == 232:
                        continue  # a payment may come from any chain
                    if tuple(changed) != honest:
                        refused(play.commit_view, C, forge_view(view, changed))

    def test_swap__request_words__name_source_and_destination(self, play: Play) -> None:
        """The queue's hash is over words that carry both chains: what the block consumes is what was asked for, where
        it was.
        """
        request = play.swap(C, USD, 5_000, B, USD)
        fields = SWAP_REQUEST_LAYOUTS[0].unpack(request.words()[0])
        assert (fields["source"], fields["destination"], fields["request_id"]) == (C, B, 1)
        play.settle()
        assert play.committed[C][1].stored.swap_requests == 1

    @staticmethod
    def is_payment(words: tuple[int, ...]) -> bool:
        """Whether a record is a payment (kind 2)."""
        return words[0] >> 240 == Kind.SWAP_PAID
