"""A kill at any moment costs nothing twice on Solana, and no answer that is lost: what was begun goes on."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.deploying.solana import SOLANA, Star
from tests.deploying.test_kills import Killed, kill_at
from tests.solana.lossy_node import TROUBLES
from tests.support.tries import tries
from zklink.l1.deployment.journal import Journal
from zklink.lab.solana.ledger import Entry
from zklink.service.deploying.building import Prepared
from zklink.solana.deploying.verify import verify_program
from zklink.solana.deploying.verify_timelock import OWNER
from zklink.solana.deploying.works import ProgramWorks

pytestmark = pytest.mark.slow


def build_side(star: Star, prepared: Prepared) -> None:
    """The side alone, as a process does it that begins."""
    works = ProgramWorks(prepared.sides[SOLANA].side, star.desk(), Journal(prepared.journal.path))
    works.load()
    works.found()


def check_side(star: Star, prepared: Prepared) -> None:
    """Everything is as planned, but for the owner, who has not accepted."""
    star.chain.finalize()
    checks = verify_program(prepared.sides[SOLANA].side, star.desk().node, prepared.blueprint.deployment_hash())
    assert {check.what for check in checks if not check.is_right} == {OWNER}


def list_sent(star: Star, since: int) -> list[Entry]:
    """What has landed."""
    return star.chain.ledger.entries[since:]


def test_build__killed_at_every_line_of_the_journal__sends_nothing_twice(star: Star, tmp_path: Path) -> None:
    """Each run begins with what the last one left, and ends one, two or three lines further on."""
    prepared, since = star.prepare(tmp_path), len(star.chain.ledger.entries)
    planned = prepared.sides[SOLANA].cost.transactions
    for run in count():
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, 1 + run // 2 % 3, is_after=bool(run % 2))
            try:
                build_side(star, prepared)
            except Killed:
                continue
        break
    assert run > 20
    landed = list_sent(star, since)
    assert [entry for entry in landed if entry.error is not None] == []
    assert len(landed) == planned
    check_side(star, prepared)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory, package_star: Star) -> Prepared:
    """A side that is planned and not begun."""
    with package_star.isolated():
        return package_star.prepare(tmp_path_factory.mktemp("planned"))


@given(troubles=st.lists(st.sampled_from(TROUBLES), min_size=20, max_size=200))
@tries(3)
def test_build__answers_lost_and_nodes_busy__stands_as_planned_without_a_failed_transaction(
    package_star: Star, planned: Prepared, troubles: list[str]
) -> None:
    with package_star.isolated() as star:
        since = len(star.chain.ledger.entries)
        planned.journal.path.unlink(missing_ok=True)
        star.way.troubles[:] = troubles
        build_side(star, planned)
        assert [entry for entry in list_sent(star, since) if entry.error is not None] == []
        check_side(star, planned)


def test_build__killed_in_the_middle_of_the_upload__writes_only_what_is_missing(star: Star, tmp_path: Path) -> None:
    prepared, since = star.prepare(tmp_path), len(star.chain.ledger.entries)
    planned = prepared.sides[SOLANA].cost.transactions
    send = star.way.chain.ledger.send

    def kill_later(*arguments: object, **options: object) -> object:
        if len(list_sent(star, since)) == 50:
            raise Killed
        return send(*arguments, **options)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(star.way.chain.ledger), "send", lambda ledger, *a, **o: kill_later(*a, **o))
        with pytest.raises(Killed):
            build_side(star, prepared)
    star.chain.mine(3)  # whoever starts again does so after a confirmation
    left = star.prepare(tmp_path).sides[SOLANA].cost
    assert left.lent > 0
    build_side(star, prepared)
    assert len(list_sent(star, since)) == planned
    check_side(star, prepared)
