"""Contracts that stand on a chain get a mutant's code: what they are then, they would be if they were deployed anew."""

from pathlib import Path

import pytest

from tests.support import mutation_build
from tests.support.evm import EvmChain
from tests.support.mutant_vyper import compute_apart
from tests.support.three_chains import BLOCKS_PER_DAY, GOVERNOR, START_TIME
from zklink.l1.contract_artifacts import CONTRACTS, load_contract

FILE, NAME = "contracts/Timelock.vy", "Timelock"
BODY = ("assert msg.sender == self.owner", "assert tx.origin == self.owner")
LIMIT = "MAX_CALLS: constant(uint256) = 8"
HEAD = (LIMIT, f"{LIMIT}\n\n@external\n@pure\ndef one() -> uint256:\n    return 1\n")


def judge(old: str, new: str) -> list[bool]:
    """In a process that is thrown away: whether a contract's code was swapped, whether it is then that of a new one,
    whether it was another before, and whether its storage and immutables stay. `old` is replaced once.
    """
    changed = CONTRACTS / f"{NAME}.vy"
    plain = mutation_build._read

    def read(source: Path) -> str:
        text = plain(source)
        assert source != changed or old in text
        return text.replace(old, new, 1) if source == changed else text

    mutation_build.build([FILE])
    chain = EvmChain(1, START_TIME)
    chain.fund(GOVERNOR)
    stood = chain.deploy(GOVERNOR, load_contract(NAME), GOVERNOR, BLOCKS_PER_DAY, [])
    before = chain.code(stood.address)
    mutation_build._read = mutation_build._recompiler._read = read
    mutation_build.build([FILE])
    fresh = chain.deploy(GOVERNOR, load_contract(NAME), GOVERNOR, BLOCKS_PER_DAY, [])
    was_swapped = mutation_build.swap()
    is_same = chain.code(stood.address).rstrip(b"\0") == chain.code(fresh.address).rstrip(b"\0")
    keeps = stood.owner() == fresh.owner() and stood.founding_ends() == fresh.founding_ends()
    return [was_swapped, is_same, before != chain.code(fresh.address), keeps]


@pytest.mark.parametrize(("change", "is_swapped"), [(BODY, True), (HEAD, False)])
def test_swap__contract_on_a_chain__becomes_what_a_new_one_is_or_nothing_is_swapped(
    change: tuple[str, str], is_swapped: bool
) -> None:
    assert compute_apart(lambda: judge(*change)) == [is_swapped, is_swapped, True, True]
