"""Tests of the swap page: worlds of their own, since swaps change them."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.api.conftest import still  # noqa: F401  # a fixture
from tests.api.scene import Scene
from tests.explorer.site import Site
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture
from tests.scenarios.pipeline import Believer, LiquidSystem, Pipeline


@pytest.fixture
def site(session_liquid: LiquidSystem) -> Iterator[Site]:  # noqa: F811
    """A devnet's node, whose world goes on when the test says so."""
    with session_liquid.world.isolated():
        scene = Scene(Pipeline(session_liquid, Believer()))
        scene.sources = replace(scene.sources, is_devnet=True)
        site = Site(scene)
        with scene.serve(), site.run():
            yield site
        scene.pipeline.node.close()
