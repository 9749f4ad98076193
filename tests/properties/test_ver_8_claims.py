"""VER-8: what a chain is told about the slices of others, and what it believes.

The proof system here is ideal (tests/support/books/statement.py): it proves exactly what is true. So whatever these
stories manage to prove would be provable with the real one.
"""

from dataclasses import replace

from tests.properties.first_blocks import assert_unprovable, block_for_all
from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import A, B, C
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.primitives.field import R
from zklink.protocol.commitment import pack_counts
from zklink.protocol.ids import Amount


@upholds("VER-8")
class TestClaims:
    """No claimed evaluation or hash of another chain's slice can make a false own slice, header or root pass."""

    def test_commit__own_payout_forged__no_claims_help(self, play: Play) -> None:
        """The forged slice's evaluation differs at z; whatever is claimed for the others, lambda comes after the
        claims.
        """
        view = block_for_all(play).view(C)
        [payout] = [Payout.from_words(p) for p in view.payouts()]
        more = replace(payout, amount=Amount(payout.amount + 1))
        words = tuple(w for r in view.requests() for w in r)
        forged = forge_view(view, (*more.words(), *words))
        assert_unprovable(play, forged)
        shift = (view.inputs.y - forged.inputs.y) % R
        for k in (A, B):
            for factor in (
                shift,
                -shift,
                shift * pow(forged.inputs.lambda_, -(k + 1), R),
                shift * pow(view.inputs.lambda_, -k - 1, R),
            ):
                evaluations = list(forged.evaluations)
                evaluations[k] = (evaluations[k] + factor) % R
                assert_unprovable(play, replace(forged, evaluations=tuple(evaluations)))

    def test_commit__header_forged__unprovable(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        header = view.header
        for other in (
            replace(header, new_root=(header.new_root + 1) % R),
            replace(header, timestamp=header.timestamp + 1),
        ):
            assert_unprovable(play, replace(view, header=other))
        assert_unprovable(play, replace(view, commitment=(view.commitment + 1) % R))

    def test_commit__claims_forged__unprovable(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        for k in (B, C):
            hashes, values = list(view.slice_hashes), list(view.evaluations)
            hashes[k] = b"\x05" * 32
            values[k] = (values[k] + 1) % R
            assert_unprovable(play, replace(view, slice_hashes=tuple(hashes)))
            assert_unprovable(play, replace(view, evaluations=tuple(values)))

    def test_commit__claims_swapped_between_chains__unprovable(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        hashes, values = list(view.slice_hashes), list(view.evaluations)
        hashes[B], hashes[C] = hashes[C], hashes[B]
        values[B], values[C] = values[C], values[B]
        assert_unprovable(play, replace(view, slice_hashes=tuple(hashes)))
        assert_unprovable(play, replace(view, evaluations=tuple(values)))

    def test_prove__inputs_of_the_true_block_for_a_forged_commit__refused(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        forged = replace(view, header=replace(view.header, new_root=7))
        entry = play.commit_view(A, forged)
        play[A].swap_verifier.allow(list(view.inputs.as_tuple()))
        stored, _, proof = entry.prove_args()
        args = (stored, list(view.inputs.as_tuple()), proof)
        assert refused(play[A].bridge.prove_blocks, [args]) == "prove: other public inputs"

    def test_commit__slice_of_an_unregistered_chain__refused(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        for k in (0, 3, 4, 6, 7, 8):
            counts = list(view.header.counts)
            counts[k] = 3
            args = list(view.commit_args())
            args[2] = pack_counts(counts)
            reason = self.commit_raw(play, args)
            assert reason == "block: words of an unknown chain"

    def test_commit__claims_missing_left_over_or_not_canonical__refused(self, play: Play) -> None:
        args = list(block_for_all(play).view(A).commit_args())
        hashes, values = args[7], args[8]
        assert isinstance(hashes, list) and isinstance(values, list)
        cases = (
            (hashes[:1], values),
            (hashes, values[:1]),
            ([*hashes, b"\1" * 32], values),
            (hashes, [*values, 0]),
            (hashes, [values[0] + R, values[1]]),
        )
        for case in cases:
            assert self.commit_raw(play, [*args[:7], *case, []]).startswith("block: ")
        for position in (3, 4):
            changed = list(args)
            changed[position] = int(str(changed[position])) + R
            assert self.commit_raw(play, changed).endswith("above r")

    @staticmethod
    def commit_raw(play: Play, args: list[object]) -> str:
        """Commit hand-made arguments on A; gives the reason of the refusal."""
        genesis = play.committed[A][0].stored_args()
        bridge = play[A].bridge
        return refused(bridge.commit_blocks, genesis, [tuple(args)], sender=play.validator)
