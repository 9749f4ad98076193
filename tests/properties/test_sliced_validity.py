"""VER-5, VER-6, VER-8, DAT-2 and DAT-3 at the bridge: what a chain is told about a block, and what it believes.

The proof system here is ideal (tests/support/statement.py): it proves exactly what is true. So whatever these stories
manage to prove would be provable with the real one.
"""

from dataclasses import replace

from tests.support.sealed import Sealed, View, forge_view
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import ETH, STRANGER, USD, A, B, C, unit
from zklink.operations.payout import Payout
from zklink.primitives.field import R
from zklink.protocol.commitment import pack_counts
from zklink.protocol.ids import Amount, Kind
from zklink.protocol.words import PAYOUT_LAYOUTS, SWAP_REQUEST_LAYOUTS

NOT_TRUE = "ideal: not true"


def block_for_all(story: Story) -> Sealed:
    """A block with something for everybody: requests from A and C, payouts on all three chains."""
    story.swap(A, USD, 5_000, C, USD)
    story.swap(C, USD, 6_000, A, USD)
    story.swap(A, ETH, unit(ETH), B, USD)
    return story.seal_waiting(story.genesis)


def assert_unprovable(story: Story, view: View) -> None:
    """The chain may take the view in, but no proof fits it."""
    with story.world.rollback():
        top = story.links[view.chain][-1]
        story.side(view.chain).bridge.commit_blocks(top.stored_args(), [view.commit_args()], sender=story.validator)
        link = top.follow(view)
        assert not story.prover.is_true(view.inputs)
        bridge = story.side(view.chain).bridge
        assert refused(bridge.prove_blocks, [link.prove_args()]) == NOT_TRUE


def records(view: View) -> list[tuple[int, tuple[int, ...]]]:
    """Each record with the index of its first word."""
    found, at = [], 0
    for record in view.records():
        found.append((at, record))
        at += len(record)
    return found


@upholds("VER-8")
class TestClaims:
    """No claimed evaluation or hash of another chain's slice can make a false own slice, header or root pass."""

    def test_commit__own_payout_forged__no_claims_help(self, story: Story) -> None:
        """The forged slice's evaluation differs at z; whatever is claimed for the others, lambda comes after the
        claims.
        """
        view = block_for_all(story).view(C)
        [payout] = [Payout.from_words(p) for p in view.payouts()]
        more = replace(payout, amount=Amount(payout.amount + 1))
        words = tuple(w for r in view.requests() for w in r)
        forged = forge_view(view, (*more.words(), *words))
        assert_unprovable(story, forged)
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
                assert_unprovable(story, replace(forged, evaluations=tuple(evaluations)))

    def test_commit__header_forged__unprovable(self, story: Story) -> None:
        view = block_for_all(story).view(A)
        header = view.header
        for other in (
            replace(header, new_root=(header.new_root + 1) % R),
            replace(header, timestamp=header.timestamp + 1),
        ):
            assert_unprovable(story, replace(view, header=other))
        assert_unprovable(story, replace(view, commitment=(view.commitment + 1) % R))

    def test_commit__claims_forged__unprovable(self, story: Story) -> None:
        view = block_for_all(story).view(A)
        for k in (B, C):
            hashes, values = list(view.slice_hashes), list(view.evaluations)
            hashes[k] = b"\x05" * 32
            values[k] = (values[k] + 1) % R
            assert_unprovable(story, replace(view, slice_hashes=tuple(hashes)))
            assert_unprovable(story, replace(view, evaluations=tuple(values)))

    def test_commit__claims_swapped_between_chains__unprovable(self, story: Story) -> None:
        view = block_for_all(story).view(A)
        hashes, values = list(view.slice_hashes), list(view.evaluations)
        hashes[B], hashes[C] = hashes[C], hashes[B]
        values[B], values[C] = values[C], values[B]
        assert_unprovable(story, replace(view, slice_hashes=tuple(hashes)))
        assert_unprovable(story, replace(view, evaluations=tuple(values)))

    def test_prove__inputs_of_the_true_block_for_a_forged_commit__refused(self, story: Story) -> None:
        view = block_for_all(story).view(A)
        forged = replace(view, header=replace(view.header, new_root=7))
        link = story.commit_view(A, forged)
        story.side(A).verifier.allow(list(view.inputs.as_tuple()))
        stored, _, proof = link.prove_args()
        args = (stored, list(view.inputs.as_tuple()), proof)
        assert refused(story.side(A).bridge.prove_blocks, [args]) == "prove: other public inputs"

    def test_commit__slice_of_an_unregistered_chain__refused(self, story: Story) -> None:
        view = block_for_all(story).view(A)
        for k in (0, 3, 4, 6, 7, 8):
            counts = list(view.header.counts)
            counts[k] = 3
            args = list(view.commit_args())
            args[2] = pack_counts(counts)
            reason = self.commit_raw(story, args)
            assert reason == "block: words of an unknown chain"

    def test_commit__claims_missing_left_over_or_not_canonical__refused(self, story: Story) -> None:
        args = list(block_for_all(story).view(A).commit_args())
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
            assert self.commit_raw(story, [*args[:7], *case, []]).startswith("block: ")
        for position in (3, 4):
            changed = list(args)
            changed[position] = int(str(changed[position])) + R
            assert self.commit_raw(story, changed).endswith("above r")

    @staticmethod
    def commit_raw(story: Story, args: list[object]) -> str:
        """Commit hand-made arguments on A; gives the reason of the refusal."""
        genesis = story.links[A][0].stored_args()
        bridge = story.side(A).bridge
        return refused(bridge.commit_blocks, genesis, [tuple(args)], sender=story.validator)


@upholds("VER-6")
class TestReplay:
    """A proof is good for one deployment, one circuit, one block."""

    def test_prove__block_of_another_deployment__unprovable_here(self, story: Story) -> None:
        """The same requests sealed for another domain: true there, and no statement about this deployment."""
        foreign = story.world.domain
        story.world.domain = foreign ^ 1
        try:
            view = block_for_all(story).view(C)
        finally:
            story.world.domain = foreign
        assert story.prover.is_true(view.inputs)
        assert_unprovable(story, replace(view, header=replace(view.header, domain=foreign)))

    def test_prove__same_block_again_as_the_next__unprovable(self, story: Story) -> None:
        sealed = block_for_all(story)
        story.commit(B, sealed)
        story.prove(B)
        view = sealed.view(B)
        header = replace(view.header, number=story.links[B][1].number + 1, old_root=view.header.new_root)  # type: ignore[arg-type]
        assert_unprovable(story, replace(view, header=header))

    def test_prove__view_of_another_chain__refused(self, story: Story) -> None:
        """A's words handed to C do not name C, so C does not even read them."""
        view = block_for_all(story).view(A)
        reason = refused(story.commit_view, C, replace(view, chain=C))
        assert reason.startswith(("slice: ", "block: own word count"))


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


@upholds("DAT-2")
class TestRecordShape:
    """Records have one exact length; unused bits are zero, else refused; counts agree with the header."""

    def test_commit__record_cut_or_extended__refused(self, story: Story) -> None:
        view = block_for_all(story).view(C)
        honest = view.words
        for words in (honest[:-1], honest[1:], (*honest, 0), (*honest, honest[0]), (*honest, *honest[:2])):
            refused(story.commit_view, C, forge_view(view, words))

    def test_commit__count_differs_from_the_words__refused(self, story: Story) -> None:
        view = block_for_all(story).view(C)
        for words in (view.words[:-3], (*view.words, *view.words[:3])):
            args = list(view.commit_args())
            args[5] = list(words)
            genesis = story.links[C][0].stored_args()
            bridge = story.side(C).bridge
            reason = refused(bridge.commit_blocks, genesis, [tuple(args)], sender=story.validator)
            assert reason == "block: own word count"

    def test_commit__unused_bit_set__refused(self, story: Story) -> None:
        """Every bit above a word and every zero bit of a payout; a request's zero bits are in the queue's hash."""
        view = block_for_all(story).view(B)
        start = len(view.words) - 3
        assert view.words[start] >> 240 == Kind.SWAP_PAID
        for position, layout in enumerate(PAYOUT_LAYOUTS):
            used = sum(field.mask << field.shift for field in layout.fields)
            for bit in range(256):
                if not used >> bit & 1:
                    words = list(view.words)
                    words[start + position] ^= 1 << bit
                    refused(story.commit_view, B, forge_view(view, words))

    def test_fill__unused_bit_set__refused(self, story: Story) -> None:
        request = story.swap(A, USD, 5_000, B, USD)
        honest = story.seal(story.genesis, [request]).payouts()[0].words()
        bridge = story.side(B).bridge
        for position, layout in enumerate(PAYOUT_LAYOUTS):
            used = sum(field.mask << field.shift for field in layout.fields)
            for bit in range(256):
                if not used >> bit & 1:
                    words = list(honest)
                    words[position] ^= 1 << bit
                    refused(bridge.fill, words, sender=STRANGER)

    def test_commit__unknown_kind__refused(self, story: Story) -> None:
        view = block_for_all(story).view(C)
        for start, record in records(view):
            for kind in {0, 1, 3, 4, 5, 128, 255} - {record[0] >> 240}:
                words = list(view.words)
                words[start] = words[start] & (2**240 - 1) | kind << 240
                refused(story.commit_view, C, forge_view(view, words))


@upholds("DAT-3")
class TestRecordsNameTheirChain:
    """Every on-chain record carries its chain, and every chain checks it."""

    def test_commit__record_of_another_chain__refused(self, story: Story) -> None:
        view = block_for_all(story).view(C)
        honest = view.words
        for start, words in records(view):
            for shift in (232, 224):
                for chain in (0, 1, 2, 3, 255):
                    changed = list(honest)
                    changed[start] = words[0] & ~(255 << shift) | chain << shift
                    if self.is_payment(words) and shift == 232:
                        continue  # a payment may come from any chain
                    if tuple(changed) != honest:
                        refused(story.commit_view, C, forge_view(view, changed))

    def test_swap__request_words__name_source_and_destination(self, story: Story) -> None:
        """The queue's hash is over words that carry both chains: what the block consumes is what was asked for, where
        it was.
        """
        request = story.swap(C, USD, 5_000, B, USD)
        fields = SWAP_REQUEST_LAYOUTS[0].unpack(request.words()[0])
        assert (fields["source"], fields["destination"], fields["request_id"]) == (C, B, 1)
        story.settle()
        assert story.links[C][1].stored.swap_requests == 1

    @staticmethod
    def is_payment(words: tuple[int, ...]) -> bool:
        """Whether a record is a payment (kind 2)."""
        return words[0] >> 240 == Kind.SWAP_PAID
