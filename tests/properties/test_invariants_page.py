"""docs/invariants.md and the code say the same: each promise has a place, tests and seeded bugs, and they exist."""

from zklink.l1.contract_artifacts import CONTRACTS
from zklink.lab.gates import read_project
from zklink.lab.promises.check import find_broken
from zklink.lab.promises.page import read_sections
from zklink.lab.promises.tags import Tags

PROJECT = read_project(CONTRACTS.parent)


def test_invariants_page__and_code__say_the_same() -> None:
    assert [str(found) for found in find_broken(PROJECT)] == []


def test_tags__of_the_code__are_found() -> None:
    """Nothing would pass silently because nothing was read."""
    tags = Tags(PROJECT)
    assert len(read_sections((PROJECT.root / "docs/invariants.md").read_text())) > 30
    assert len(tags.tests) > 100 and len(tags.mutants) > 40 and len(tags.actions) > 20
