"""Each token of docs/tokens.md does at the doors what the page says, and the page is made from the same table."""

import pytest

from tests.support.drafts.entry_scene import EntryScene
from tests.support.upholds import upholds
from tests.tokens.conduct import TOKEN, Trial
from tests.tokens.deployers import DEPLOYERS, TROUBLES
from zklink.bench.third_party import token_doubles
from zklink.bench.third_party.origins import ORIGINS, PUBLISHED
from zklink.bench.third_party.packages import read_manifest
from zklink.bench.third_party.token_doubles import DOUBLES
from zklink.bench.third_party.token_table import DOUBLE, REAL, WORKS, TokenRow
from zklink.protocol.ids import TokenClass


@pytest.mark.parametrize("row", (*REAL, *DOUBLES), ids=lambda row: row.name)
@upholds("SOL-7")
def test_token__any__does_what_the_page_says(scene: EntryScene, row: TokenRow) -> None:
    trial = Trial(scene, DEPLOYERS[row.name](scene.here), row.token_class)
    assert trial.observe() == row.conduct
    if row.conduct.registered == WORKS:
        assert TokenClass(scene.here.registry.token_config(TOKEN)[-1]) == row.token_class


@pytest.mark.parametrize("row", token_doubles.TROUBLES, ids=lambda row: row.name)
@upholds("SOL-7")
def test_token__trouble_befalls_it__does_what_the_page_says(scene: EntryScene, row: TokenRow) -> None:
    source, trouble = TROUBLES[row.name]
    assert source == row.source
    assert Trial(scene, DEPLOYERS[source](scene.here), row.token_class, trouble).observe() == row.conduct


def test_table__every_row__has_its_contract_and_no_contract_is_left_out() -> None:
    assert sorted(row.name for row in (*REAL, *DOUBLES)) == sorted(DEPLOYERS)
    assert sorted(row.name for row in token_doubles.TROUBLES) == sorted(TROUBLES)
    assert len(REAL) >= 15 and len(DEPLOYERS) >= 25
    assert {row.source for row in DOUBLES} == {DOUBLE}


def test_manifest__every_package__is_one_that_a_table_names() -> None:
    compilers = {f"solc@{origin.solc}" for origin in ORIGINS.values()}
    places = {place for origin in ORIGINS.values() for place, _ in origin.maps.values()}
    packages = {origin.package for origin in ORIGINS.values()} | {package for package, _ in PUBLISHED.values()}
    unused = read_manifest().keys() - packages - places - compilers
    assert unused <= {package for row in REAL for package in [row.source.removeprefix("a few lines on ")]}
