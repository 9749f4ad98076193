"""Heavy files first: of several processes, none may run alone for minutes with what was taken up last.

`make test` and `make test-all` hand out whole files in the order in which tests are collected. Files that are not named
here keep that order, folder by folder, so that what a folder shares is built once in a process.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
HEAVY = (
    # Ray's core aborts in a process in which a Solana program has run before: so no other file comes before it
    "service/proving/test_ray.py",
    # what `make test-all` adds
    "prover/test_exit_ceremony.py",
    "scenarios/test_kills.py",
    "scenarios/test_demo_stories.py",
    "service/test_node_process.py",
    "scenarios/test_demo.py",
    "lab/test_wheel.py",
    "contracts/test_gas.py",
    # what is in `make test`
    "deploying/test_whole_life.py",
    "contracts/test_history_mutants.py",
    "contracts/test_door_mutants.py",
    "properties/test_mutants.py",
    "circuits/test_routes.py",
    "circuits/test_forgeries.py",
    "properties/lifetime/test_mutants.py",
    "properties/test_syn_9_star_model.py",
    "contracts/test_known_exploits.py",
    "api/test_fuzz.py",
)
"""Under tests/, those that take longest, the longest first, after one that has to be the first of its process."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = rank(item.path for item in items)
    items.sort(key=lambda item: places[item.path])


def rank(paths: Iterable[Path]) -> dict[Path, int]:
    """A file's place in HEAVY; all others come after these, and are equal."""
    heavy = {TESTS / name: place for place, name in enumerate(HEAVY)}
    return {path: heavy.get(path, len(heavy)) for path in paths}
