"""A desk from which the chains of a story are governed."""

from pathlib import Path

import pytest

from tests.support.ending import Story
from tests.support.govern_desk import Desk
from zklink.devnet.system import LocalSystem


@pytest.fixture
def desk(credulous: LocalSystem, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    """The commands of government, run on four chains."""
    return Desk(Story(credulous), monkeypatch, tmp_path)
