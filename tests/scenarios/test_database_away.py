"""A node whose database fails again and again, before or after what it was told is kept: nothing is done by halves."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.scenarios.pipeline import BSC, POLYGON, Believer, LiquidSystem, Pipeline
from tests.scenarios.test_faults import SCALE, USD, check_each_step_once
from tests.scenarios.test_kills import Process, check_nothing_twice
from zklink.devnet.tokens import USDC
from zklink.node.events import BrokerRepaid, Retried
from zklink.protocol.errors import DatabaseFailed
from zklink.storage.database import Database, open_database
from zklink.storage.journal import SqlJournal

FAILURES = 40


class FlickeringDatabase(Database):
    """Fails two of three times until it has failed FAILURES times; `is_kept`: after the commit, as a server does whose
    answer is lost.
    """

    def __init__(self, database: Database, is_kept: bool) -> None:
        super().__init__(database.engine, database.place, database._epoch, None)
        self.is_kept, self.is_flickering, self.asked, self.failed = is_kept, False, 0, 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self.asked += 1
        fails = self.is_flickering and self.asked % 3 != 0 and self.failed < FAILURES
        self.failed += fails
        if fails and not self.is_kept:
            raise DatabaseFailed(self.place, "database or disk is full")
        with super().transaction() as connection:
            yield connection
        if fails:
            raise DatabaseFailed(self.place, "the server closed the connection")


def balance(pipeline: Pipeline) -> int:
    """USDC of the recipient on BSC, in layer-2 units."""
    return pipeline.balance(pipeline.system.world.roles.recipient, BSC, USDC) // SCALE


@pytest.mark.parametrize("is_kept", [True, False], ids=["answer lost", "not kept"])
def test_database__fails_two_of_three_times__everything_arrives_once_and_the_reason_is_said(
    system: LiquidSystem, tmp_path: Path, is_kept: bool
) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'node.db'}", system.deployment.deployment_hash)
    system.journal(SqlJournal(database))
    heights = {chain.profile.chain_id: chain.client.head().number for chain in system.world}
    actors = Pipeline(system, Believer())
    before = balance(actors)
    actors.approve_broker((BSC, USDC))
    flickering = FlickeringDatabase(database, is_kept)
    pipeline = Process(system, flickering).start()
    pipeline.run_until(lambda: not pipeline.node.sequencer.is_replaying)
    flickering.is_flickering = True
    for dollars in (10, 11, 12):
        actors.swap(POLYGON, USDC, dollars * USD, (BSC, USDC), fill_fee=USD)
        for _ in range(12):
            pipeline.round()
    pipeline.finish(3)
    assert flickering.failed > FAILURES // 4
    earned = sum(event.earned for event in pipeline.events(BrokerRepaid))
    assert balance(pipeline) - before == (10 + 11 + 12) * USD - earned
    assert any("node.db failed" in event.reason for event in pipeline.events(Retried))
    check_each_step_once(pipeline)
    check_nothing_twice(system, heights)
    pipeline.check_books()
