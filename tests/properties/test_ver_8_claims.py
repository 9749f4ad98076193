"""VER-8: what a chain is told about the slices of others, and what it believes.

The proof system here is ideal (tests/support/books/statement.py): it proves exactly what is true. So whatever these
stories manage to prove would be provable with the real one.
"""

from dataclasses import replace

from tests.properties.first_blocks import assert_unprovable, block_for_all
from tests.support.books.play import Play, refused
from tests.support.books.sealed import forge_view
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, STRANGER, A, B, C
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.primitives.field import R
from zklink.protocol.bridge_blocks import ImportCall, MemberBlock
from zklink.protocol.ids import Amount, BlockNumber


@upholds("VER-8")
class TestClaims:
    """No claimed evaluation or hash of another chain's slice can make a false own slice, header or root pass."""

    def test_import__own_payout_forged__no_claims_help(self, play: Play) -> None:
        """The forged slice's evaluation differs at z; whatever is claimed for the others, lambda comes after the
        claims.
        """
        sealed = block_for_all(play)
        view = sealed.view(C)
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
        for chain in (PRIMARY, *MEMBERS):  # what every chain computes for the true block is what is proven
            play.enter(chain, sealed)

    def test_import__header_forged__unprovable(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        header = view.header
        for other in (
            replace(header, new_root=(header.new_root + 1) % R),
            replace(header, timestamp=header.timestamp + 1),
        ):
            assert_unprovable(play, replace(view, header=other))
        assert_unprovable(play, replace(view, commitment=(view.commitment + 1) % R))

    def test_import__claims_forged__unprovable(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        for k in (B, C):
            hashes, values = list(view.slice_hashes), list(view.evaluations)
            hashes[k] = b"\x05" * 32
            values[k] = (values[k] + 1) % R
            assert_unprovable(play, replace(view, slice_hashes=tuple(hashes)))
            assert_unprovable(play, replace(view, evaluations=tuple(values)))

    def test_import__claims_swapped_between_chains__unprovable(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        hashes, values = list(view.slice_hashes), list(view.evaluations)
        hashes[B], hashes[C] = hashes[C], hashes[B]
        values[B], values[C] = values[C], values[B]
        assert_unprovable(play, replace(view, slice_hashes=tuple(hashes)))
        assert_unprovable(play, replace(view, evaluations=tuple(values)))

    def test_accept__any_slice_forged__unprovable(self, play: Play) -> None:
        """The primary gets every slice in full: each is bound, also those of members."""
        view = block_for_all(play).view(B)
        for chain in CHAINS:
            for words in ((), view.held[chain][:-3] if chain != B else view.held[chain] * 2):
                if words != view.held[chain]:
                    forged = forge_view(view, words, chain)
                    assert not play.prover.is_true(forged.inputs)
                    refused(play.accept_view, forged, lies=True)

    def test_prove__inputs_of_the_true_block_for_a_forged_one__refused(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        play[A].swap_verifier.allow(list(view.inputs.as_tuple()))
        forged = replace(view, header=replace(view.header, new_root=7))
        assert_unprovable(play, forged)

    def test_import__slice_of_an_unregistered_chain__refused(self, play: Play) -> None:
        view = block_for_all(play).view(A)
        for k in (3, 4, 6, 7, 8):
            counts = list(view.header.counts)
            counts[k] = 3
            forged = replace(view, header=replace(view.header, counts=tuple(counts)))
            assert refused(play.import_view, A, forged) == "block: words of an unknown chain"
        counts = list(view.header.counts)
        counts[0] = 3
        data = replace(view, header=replace(view.header, counts=tuple(counts)))
        assert refused(play.import_view, A, data) == "block: words of an unknown chain"

    def test_import__claims_missing_left_over_or_not_canonical__refused(self, play: Play) -> None:
        member = block_for_all(play).view(A).member()
        hashes, values = member.slice_hashes, member.evaluations
        for case in (
            (hashes[:1], values),
            (hashes, values[:1]),
            ((*hashes, b"\1" * 32), values),
            (hashes, (*values, 0)),
        ):
            other = replace(member, slice_hashes=case[0], evaluations=case[1])
            assert self.import_raw(play, other) == "history: claims do not fit"
        high = replace(member, evaluations=(values[0] + R, values[1]))
        assert self.import_raw(play, high) == "block: evaluation above r"
        for field in ("new_root", "commitment"):
            above = {field: getattr(member.block, field) + R}
            changed = replace(member, block=replace(member.block, **above))
            assert self.import_raw(play, changed).endswith("above r")

    @staticmethod
    def import_raw(play: Play, member: MemberBlock) -> str:
        """Import a hand-made block on A; gives the reason of the refusal."""
        call = ImportCall(BlockNumber(1), (member,), (), *play.chains.groups.acc(1, bytes(32)), False)
        return refused(play[A].history.import_blocks, *call.abi(), sender=STRANGER)
