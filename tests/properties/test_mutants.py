"""Every property has teeth: it fails on its mutant, a seeded bug in the product, and passes on the original."""

import importlib
from collections.abc import Callable
from functools import lru_cache

import pytest

from tests.support.books.chains import BookedChains, build_chains
from tests.support.books.play import Play
from tests.support.compile_vyper import PLAIN
from tests.support.evm import Reverted
from tests.support.mutants import MUTANTS, Mutant, StaleMutant

CAUGHT = (AssertionError, Reverted)
"""How a test notices: something does not hold, or something good was refused."""


def find_test(caught_by: str) -> Callable[..., None]:
    """The test function `file::Class::test[parameter]`; with its parameter bound, if it has one."""
    path, _, parameter = caught_by.rstrip("]").partition("[")
    module, *names = path.split("::")
    owner: object = importlib.import_module(f"tests.properties.{module.replace('/', '.')}")
    for name in names:
        owner = getattr(owner, name) if not isinstance(owner, type) else getattr(owner(), name)
    assert callable(owner)
    return bind(owner, parameter) if parameter else owner


def bind(test: Callable[..., None], parameter: str) -> Callable[..., None]:
    """Call the test with the values of one of its parametrized cases."""
    mark = next(m for m in test.pytestmark if m.name == "parametrize")  # type: ignore[attr-defined]
    names = [mark.args[0]] if isinstance(mark.args[0], str) else list(mark.args[0])
    ids = mark.kwargs["ids"]
    labels = [ids(value) for value in mark.args[1]] if callable(ids) else list(ids)
    values = mark.args[1][labels.index(parameter)]
    given = dict(zip(names, values if len(names) > 1 else [values], strict=True))
    return lambda play: test(play, **given)


def play(test: Callable[..., None], chains: BookedChains) -> None:
    """Run a short story on three chains."""
    with chains.rollback():
        test(Play(chains))


@lru_cache(maxsize=1)
def chains_of(mutant: Mutant) -> BookedChains:
    """The system with a bug in it; deploying it must still work, or the bug is no bug but a typo."""
    return build_chains(mutant.replacements())


class TestMutants:
    """Each mutant is caught by its test, which passes on the original sources, compiled as mutants are."""

    @pytest.fixture(scope="class")
    def plain(self) -> BookedChains:
        return build_chains(PLAIN)

    @pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
    def test_contracts__mutated__property_fails(self, mutant: Mutant) -> None:
        chains = chains_of(mutant)
        test = find_test(mutant.caught_by)
        with pytest.raises(CAUGHT):
            play(test, chains)

    @pytest.mark.parametrize("caught_by", sorted({m.caught_by for m in MUTANTS}))
    def test_contracts__original__property_holds(self, plain: BookedChains, caught_by: str) -> None:
        play(find_test(caught_by), plain)

    def test_mutant__text_not_there__noticed(self) -> None:
        stale = Mutant("stale", "SOL-1", "Bridge.vy", "no such text", "", "")
        with pytest.raises(StaleMutant):
            stale.replacements()
