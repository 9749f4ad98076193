"""Fixtures of the properties: one deployment for the session, rolled back after every test."""

from collections.abc import Iterator

import pytest

from tests.support.books.chains import BookedChains, build_chains
from tests.support.books.play import Play


@pytest.fixture(scope="session")
def three_chains() -> BookedChains:
    """Three chains with everything deployed; do not use without `play` or a rollback."""
    return build_chains()


@pytest.fixture
def play(three_chains: BookedChains) -> Iterator[Play]:
    """A fresh play on the chains as they were deployed."""
    with three_chains.rollback():
        yield Play(three_chains)
