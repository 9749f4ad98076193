"""VER-6: a proof of another deployment's block proves nothing here.

The proof system here is ideal (tests/support/books/statement.py): it proves exactly what is true. So whatever these
stories manage to prove would be provable with the real one.
"""

from dataclasses import replace

from tests.properties.first_blocks import assert_unprovable, block_for_all
from tests.support.books.play import Play, refused
from tests.support.three_chains import A, B, C
from tests.support.upholds import upholds


@upholds("VER-6")
class TestReplay:
    """A proof is good for one deployment, one circuit, one block."""

    def test_prove__block_of_another_deployment__unprovable_here(self, play: Play) -> None:
        """The same requests sealed for another domain: true there, and no statement about this deployment."""
        foreign = play.domain
        play.domain = foreign ^ 1
        try:
            view = block_for_all(play).view(C)
        finally:
            play.domain = foreign
        assert play.prover.is_true(view.inputs)
        play[C].swap_verifier.allow(list(view.inputs.as_tuple()))
        assert_unprovable(play, replace(view, header=replace(view.header, domain=foreign)))

    def test_prove__same_block_again_as_the_next__unprovable(self, play: Play) -> None:
        sealed = block_for_all(play)
        play.accept(sealed)
        empty = play.seal(sealed, []).view(B)
        assert_unprovable(play, replace(empty, commitment=sealed.view(B).commitment))

    def test_prove__view_of_another_chain__refused(self, play: Play) -> None:
        """A's words handed to C do not name C, so C does not even read them."""
        view = block_for_all(play).view(A)
        told = replace(view, chain=C, held={C: view.words})
        assert refused(play.import_view, C, told).startswith(("slice: ", "history: words do not fit"))
