"""SYN-8: all chains follow one history."""

from tests.support.books.chains import ETH
from tests.support.books.play import Play, refused
from tests.support.three_chains import CHAINS, MEMBERS, PRIMARY, USD, A, C
from tests.support.upholds import upholds


@upholds("SYN-8")
class TestOneHistory:
    """There is one history: no two chains ever have different blocks at one number."""

    def test_two_blocks_at_one_number__disjoint_chains__only_the_primarys_is_imported(self, play: Play) -> None:
        """Both blocks are valid and sealed, and every chain concerned would match its own; the primary decides."""
        on_a = play.swap(A, USD, 1_000, PRIMARY, USD)
        on_c = play.swap(C, USD, 2_000, PRIMARY, USD)
        left, right = (play.seal(play.genesis, [request]) for request in (on_a, on_c))
        play.accept(left)
        play.accept(play.seal(left, []))
        for chain in MEMBERS:
            play.import_(chain, left)
        assert refused(play.accept, right).startswith("groups: ") or play.height(PRIMARY) == 2
        play.drain()
        for number in (1, 2):
            assert len({play.entries[chain][number].sync_hash for chain in CHAINS}) == 1
        play.check()
        play.check_settled()

    def test_member_alone__imports_nothing(self, play: Play) -> None:
        """A proof, its own queue and the seal together are no ACC."""
        play.swap(A, USD, 1_000, A, ETH)
        sealed = play.seal_waiting(play.genesis)
        view = sealed.view(A)
        play[A].swap_verifier.allow(list(view.inputs.as_tuple()))
        entry = play.entries[A][0].follow(view)
        seal = play.chains.groups.seal(1, entry.sync_hash)
        line = play.chains.line()
        line.append(sealed.view(PRIMARY).full())
        arguments = list(line.import_call(A, 1, 1).abi())
        arguments[4:6] = [seal, seal]
        assert refused(play[A].history.import_blocks, *arguments).startswith("groups: ")
        assert play.height(A) == 0

    def test_import__primary_is_ahead__in_its_order(self, play: Play) -> None:
        first = play.seal(play.genesis, [])
        second = play.seal(first, [])
        for sealed in (first, second):
            play.accept(sealed)
        assert refused(play.import_, A, second) == "ideal: not true"
        for sealed in (first, second):
            play.import_(A, sealed)
        assert play[A].accepted_hash() == play[PRIMARY].accepted_hash()
