"""One chain with an entry contract for all tokens; what a token does on it is undone."""

from collections.abc import Iterator

import pytest

from tests.support.drafts.entry_scene import EntryScene, build_entry_scene
from tests.support.drafts.rig import build_rig


@pytest.fixture(scope="session")
def token_scene() -> EntryScene:
    """Deployed once; tests take `scene`."""
    return build_entry_scene(build_rig())


@pytest.fixture
def scene(token_scene: EntryScene) -> Iterator[EntryScene]:
    """A fresh one."""
    with token_scene.rig.rollback():
        yield token_scene
