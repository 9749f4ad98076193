"""A site for each test: a Solana of its own with the program, both groups, and four tokens."""

import pytest

from tests.support.solana.blocks import History
from tests.support.solana.site import Site, open_site


@pytest.fixture
def site() -> Site:
    """It takes swaps."""
    return open_site()


@pytest.fixture
def history(site: Site) -> History:
    """The site's history, empty."""
    return History(site)
