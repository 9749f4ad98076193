"""One rig for all tests of the contracts; what a test does on it is undone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.compile_vyper import PLAIN
from tests.support.drafts.entry_scene import EntryScene, build_entry_scene
from tests.support.drafts.rig import Rig, build_rig
from tests.support.realm import Realm, build_realm


@pytest.fixture(scope="session")
def session_rig() -> Rig:
    """Three bridges, deployed once; tests take `rig`."""
    return build_rig()


@pytest.fixture
def rig(session_rig: Rig) -> Iterator[Rig]:
    """Three fresh bridges."""
    with session_rig.rollback():
        yield session_rig


@pytest.fixture(scope="session")
def session_plain_rig() -> Rig:
    """Three bridges, compiled as mutants are, deployed once; tests take `plain_rig`."""
    return build_rig(PLAIN)


@pytest.fixture
def plain_rig(session_plain_rig: Rig) -> Iterator[Rig]:
    """Three fresh bridges without a bug, compiled as mutants are: what catches a mutant must hold here."""
    with session_plain_rig.rollback():
        yield session_plain_rig


@pytest.fixture(scope="module")
def module_scene(session_rig: Rig) -> Iterator[EntryScene]:
    """An entry beside chain A's bridge, deployed once for a file; tests take `scene`."""
    with session_rig.rollback():
        yield build_entry_scene(session_rig)


@pytest.fixture
def scene(module_scene: EntryScene) -> Iterator[EntryScene]:
    """A fresh entry."""
    with module_scene.rig.rollback():
        yield replace(module_scene)


@pytest.fixture(scope="session")
def session_realm() -> Realm:
    """Three chains that timelocks govern, deployed once; tests take `realm`."""
    return build_realm()


@pytest.fixture
def realm(session_realm: Realm) -> Iterator[Realm]:
    """Nothing has been governed yet."""
    with session_realm.rig.rollback():
        yield session_realm
