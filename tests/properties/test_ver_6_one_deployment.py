"""VER-6: a proof of another deployment's block proves nothing here.

The proof system here is ideal (tests/support/statement.py): it proves exactly what is true. So whatever these stories
manage to prove would be provable with the real one.
"""

from dataclasses import replace

from tests.properties.first_blocks import assert_unprovable, block_for_all
from tests.support.story import Story, refused
from tests.support.upholds import upholds
from tests.support.world import A, B, C


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
