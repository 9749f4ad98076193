"""Heavy files first: with several processes, what is taken up last must not run alone for minutes.

`make test` hands out whole files (`--dist loadfile`), in the order in which tests are collected. Files that are not
named here keep that order, folder by folder, so that what a folder shares is built once in a process.
"""

import pytest

HEAVY = (
    # make test-all
    "prover/test_exit_ceremony.py",
    "scenarios/test_demo_stories.py",
    # make test
    "deploying/test_whole_life.py",
    "properties/test_mutants.py",
    "properties/lifetime/test_mutants.py",
    "contracts/test_star_mutants.py",
    "contracts/test_contract_mutants.py",
    "contracts/test_gas.py",
    "scenarios/test_demo.py",
    "api/test_fuzz.py",
)
"""Under tests/, the longest first."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    root = config.rootpath / "tests"
    places = {root / name: place for place, name in enumerate(HEAVY)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
