"""A node that is killed at any commit of its database, and started again: nothing lost, nothing done twice.

A swap, which the broker fills, and a signed transfer go through the whole pipeline. At the chosen commit the process
ends, before the database has it or after, and everything in memory is gone; another process goes on with the database
and the chains.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.scenarios.pipeline import BSC, POLYGON, Believer, LiquidSystem, Pipeline
from tests.scenarios.test_faults import USD, received
from zklink.devnet.roles import layer2_key
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.transport.client import ChainClient
from zklink.operations.transfer import Transfer
from zklink.protocol.errors import OperationError
from zklink.protocol.ids import Amount, ChainId, Nonce
from zklink.sequencer.journal import Journal, JournalEntry
from zklink.sequencer.operation_queue import Pending
from zklink.service.wiring import build_groups
from zklink.storage.database import Database, open_database
from zklink.storage.fills import SqlFillBooks
from zklink.storage.journal import SqlJournal
from zklink.storage.signer_words import SqlSignerJournal
from zklink.storage.submissions import SqlSubmissionLog

FOREVER = 2**40 - 1
SENT = Amount(3 * USD)
STEPS = 20
"""Every twentieth commit in each test; the tests take turns."""
LEAST_COMMITS = 20
QUICK = 7
PHASES = [pytest.param(phase, marks=() if phase == QUICK else pytest.mark.slow) for phase in range(1, STEPS + 1)]


class Killed(KeyboardInterrupt):
    """The process has ended: nobody catches this."""


class MortalDatabase(Database):
    """A database whose process ends at a commit. `at` counts from 1; 0 is never."""

    def __init__(self, database: Database, at: int, is_kept: bool) -> None:
        super().__init__(database.engine, database.place, database._epoch, None)
        self._at, self._is_kept, self.commits = at, is_kept, 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        self.commits += 1
        is_last = self.commits == self._at
        with super().transaction() as connection:
            yield connection
            if is_last and not self._is_kept:
                raise Killed
        if is_last:
            raise Killed


@dataclass
class Process:
    """One life of the node on a database; `pipeline` has new clients, signers and books."""

    system: LiquidSystem
    database: Database

    def start(self, open_journal: Callable[[Database], Journal] = SqlJournal) -> Pipeline:
        system, database = self.system, self.database
        clients = {
            chain.profile.chain_id: ChainClient(
                chain.profile, chain.w3, kept=SqlSubmissionLog(database, chain.profile.chain_id)
            )
            for chain in system.world
        }
        roles = system.world.roles
        groups = build_groups(
            system.deployment,
            clients,
            roles.validators,
            roles.watchers,
            lambda address: SqlSignerJournal(database, address),
        )
        books = SqlFillBooks(database)
        return Pipeline(system, Believer(), open_journal(database), clients=clients, groups=groups, books=books)


def transfer(pipeline: Pipeline, nonce: Nonce) -> None:
    """The provider sends layer-2 money to the trader, with the nonce that it has had from the start."""
    roles = pipeline.system.world.roles
    account, recipient = pipeline.account(roles.provider), universal_address(roles.trader.address)
    operation = Transfer(account, nonce, FOREVER, USDC, SENT, Amount(10**7), recipient)
    pipeline.submit(operation, layer2_key(roles.provider))


def live_and_die(
    system: LiquidSystem, url: str, at: int, is_kept: bool, open_journal: Callable[[Database], Journal] = SqlJournal
) -> bool:
    """One story; says whether the process was killed in it."""
    deployment_hash = system.deployment.deployment_hash
    database = open_database(url, deployment_hash)
    system.journal(SqlJournal(database))
    heights = {chain.profile.chain_id: chain.client.head().number for chain in system.world}
    actors = Pipeline(system, Believer())
    before = received(actors)
    actors.approve_broker((BSC, USDC))
    actors.swap(POLYGON, USDC, 10 * USD, (BSC, USDC), fill_fee=USD)
    killed, is_answered, nonce = False, False, None
    try:
        pipeline = Process(system, MortalDatabase(database, at, is_kept)).start(open_journal)
        pipeline.run_until(lambda: not pipeline.node.sequencer.is_replaying)
        nonce = pipeline.nonce(pipeline.account(system.world.roles.provider))
        transfer(pipeline, nonce)
        is_answered = True
        pipeline.finish(1)
    except Killed:
        killed = True
        pipeline = Process(system, open_database(url, deployment_hash)).start()
        pipeline.run_until(lambda: not pipeline.node.sequencer.is_replaying)
        if nonce is None:
            nonce = pipeline.nonce(pipeline.account(system.world.roles.provider))
        with suppress(OperationError):
            if not is_answered:
                transfer(pipeline, nonce)  # whoever has had no answer sends it again
        pipeline.run_until(lambda: _has_arrived(pipeline) and pipeline.node.is_settled())
    assert received(pipeline) - before == 9
    assert _has_arrived(pipeline)
    check_nothing_twice(system, heights)
    pipeline.check_books()
    return killed


def _has_arrived(pipeline: Pipeline) -> bool:
    """Whether the trader has the transfer, once."""
    state, trader = pipeline.node.sequencer.state, universal_address(pipeline.system.world.roles.trader.address)
    return [state.balance(account, USDC) for account in state.accounts_of(trader)] == [SENT]


def check_nothing_twice(system: LiquidSystem, heights: dict[ChainId, int]) -> None:
    """Nobody's transaction has failed, and no call was sent twice."""
    for chain in system.world:
        calls: Counter[tuple[str, str, bytes]] = Counter()
        for number in range(heights[chain.profile.chain_id] + 1, chain.client.head().number + 1):
            for sent in chain.w3.eth.get_block(number, full_transactions=True)["transactions"]:
                assert not isinstance(sent, bytes)
                receipt = chain.w3.eth.get_transaction_receipt(sent["hash"])
                assert receipt["status"] == 1, (chain.profile.name, sent)
                calls[str(sent["from"]), str(sent.get("to")), bytes(sent["input"])] += 1
        assert set(calls.values()) <= {1}, (chain.profile.name, [call for call, times in calls.items() if times > 1])


@pytest.mark.parametrize("is_kept", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize(
    "phase", [7, *(pytest.param(phase, marks=pytest.mark.slow) for phase in range(1, STEPS + 1) if phase != 7)]
)
def test_kill__at_every_commit__nothing_lost_and_nothing_twice(
    system: LiquidSystem, tmp_path: Path, phase: int, is_kept: bool
) -> None:
    for at in count(phase, STEPS):
        with system.world.isolated():
            url = f"sqlite:///{tmp_path / f'{at}.db'}"
            if not live_and_die(system, url, at, is_kept):
                break
    assert at > LEAST_COMMITS


class ForgetfulJournal(SqlJournal):
    """A seeded bug: operations that wait are in memory alone. The process ends before the next block."""

    def keep(self, pending: Pending) -> None:
        pass

    def append(self, entry: JournalEntry) -> None:
        raise Killed


def test_kill__journal_that_forgets_what_waits__is_noticed(system: LiquidSystem, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="still not done"):
        live_and_die(system, f"sqlite:///{tmp_path / 'node.db'}", 0, True, ForgetfulJournal)
