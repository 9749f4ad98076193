"""Who sent a transaction decides one thing: whether a caller is a plain account. Most tests call from plain accounts,
for which the caller and the sender are one, so they could not notice; this one reads the sources.
"""

import re

import pytest

from zklink.l1.contract_artifacts import CONTRACTS
from zklink.lab.gates import read_project

COMPARED = "msg.sender == tx.origin"
PLACES = {"PrimaryHistory.vy", "modules/acting.vy", "modules/pending_payments.vy"}


def find_others(source: str) -> list[str]:
    """Lines of code in which the sender of the transaction stands for anything else."""
    code = re.sub(r'""".*?"""|#[^\n]*', "", source, flags=re.DOTALL)
    return [line.strip() for line in code.splitlines() if "tx.origin" in line.replace(COMPARED, "")]


def test_origin__every_contract__is_only_compared_with_the_caller() -> None:
    sources = {str(path.relative_to(CONTRACTS)): path.read_text() for path in read_project(CONTRACTS.parent).written}
    assert {name: found for name, source in sources.items() if (found := find_others(source))} == {}
    assert {name for name, source in sources.items() if COMPARED in source} == PLACES


@pytest.mark.parametrize("line", ["self.owner = tx.origin", "assert tx.origin == tx.origin", "log Paid(to=tx.origin)"])
def test_find_others__another_use__is_found(line: str) -> None:
    assert find_others(f"# tx.origin\nassert {COMPARED}\n{line}\n") == [line]
