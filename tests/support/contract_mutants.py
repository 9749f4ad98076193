"""Seeded bugs in the contracts of the star, each with a test of the contracts that must notice.

`old` occurs exactly once in the file (under contracts/) and is replaced by `new`. Only what imports that file is
compiled anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest

from tests.support.compile_vyper import Replacements
from tests.support.drafts.rig import Rig, build_rig
from tests.support.evm import Reverted
from zklink.l1.contract_artifacts import CONTRACTS

CAUGHT = (AssertionError, Reverted, pytest.fail.Exception)
"""How a test notices: something does not hold, something good is refused, or something bad is not."""

HISTORIES = tuple(CONTRACTS / f"{name}.vy" for name in ("PrimaryHistory", "MemberHistory"))

RigTest = Callable[[Rig], None]


@dataclass(frozen=True)
class ContractMutant:
    """A bug; `caught_by` must pass on the product and fail with the bug."""

    promise: str
    file: str
    old: str
    new: str
    caught_by: RigTest

    def replacements(self) -> Replacements:
        """The file as it reads with the bug."""
        return replace_text(self.file, self.old, self.new)

    def check_is_caught(self) -> None:
        """Deploying with the bug must still work, or it is no bug but a typo; then the test must fail."""
        rig = _build(self)
        with pytest.raises(CAUGHT):
            self.play(rig)

    def check_is_caught_beside(self, rig: Rig) -> None:
        """The same for a contract that a test deploys beside a system without bugs, compiled as mutants are."""
        with pytest.raises(CAUGHT):
            self.play(replace(rig, replacements=self.replacements()))

    def play(self, rig: Rig) -> None:
        """Run the test."""
        with rig.rollback():
            self.caught_by(rig)


@lru_cache(maxsize=1)
def _build(mutant: ContractMutant) -> Rig:
    return build_rig(mutant.replacements())


def replace_text(file: str, old: str, new: str) -> Replacements:
    """A file under contracts/ in which `old`, which must occur exactly once, is replaced."""
    path = CONTRACTS / file
    text = path.read_text()
    found = text.count(old)
    assert found == 1 and old != new, f"stale: {file} has {found} times {old!r}"
    return ((path, text.replace(old, new)),)
