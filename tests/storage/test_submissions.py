"""What was sent outlives a restart: the same call goes on under its nonce, and no other call gets that nonce."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from web3 import Web3

from tests.l1.fake_node import POLICY, PROFILE, FakeNode
from tests.l1.test_one_effect import CALL, OTHER, SENDER, THIRD, mined
from tests.storage.conftest import Open, Outage
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.submission_log import SubmissionLog
from zklink.lab.rpc_faults import LOST, NULL, error, late_error
from zklink.protocol.errors import (
    DatabaseFailed,
    RecordBroken,
    TransactionRejected,
    TransactionStuck,
)
from zklink.protocol.ids import ChainId
from zklink.storage.database import Database
from zklink.storage.submissions import SqlSubmissionLog
from zklink.storage.tables import submissions


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


DISTANT = replace(PROFILE, is_local=False, confirmations=5)
"""A chain whose blocks are final after some time."""


def open_client(node: FakeNode, log: SubmissionLog, profile: ChainProfile = PROFILE) -> ChainClient:
    """A client of this node whose waiting lets the node's time pass."""
    return ChainClient(profile, Web3(node), POLICY, sleep=node.tick, clock=lambda: node.now, kept=log)


def open_log(database: Database) -> SqlSubmissionLog:
    return SqlSubmissionLog(database, PROFILE.chain_id)


def count(log: SubmissionLog) -> int:
    return len(log.load(SENDER.address))


@pytest.mark.parametrize("is_in_pool", [True, False])
def test_restart__before_it_is_mined__the_same_call_goes_on_under_its_nonce(
    node: FakeNode, reopen: Open, is_in_pool: bool
) -> None:
    node.mines = False
    open_client(node, open_log(reopen())).submit(SENDER, CALL)
    if not is_in_pool:
        node.restart()
    node.mines = True
    log = open_log(reopen())
    assert count(log) == 1
    assert open_client(node, log).send(SENDER, CALL).is_success
    assert mined(node) == [CALL.data]
    assert count(log) == 0


def test_restart__mined_but_not_final__found_and_not_sent_again(node: FakeNode, reopen: Open) -> None:
    node.mines = False
    open_client(node, open_log(reopen()), DISTANT).submit(SENDER, CALL)
    node.mine()
    node.mines = True
    assert open_client(node, open_log(reopen()), DISTANT).send(SENDER, CALL).is_success
    assert mined(node) == [CALL.data]


def test_restart__mined_for_good__forgotten_and_its_nonce_is_used(node: FakeNode, reopen: Open) -> None:
    """Whoever sends the call again has asked the chain, which has its effect, and wants another one."""
    node.mines = False
    open_client(node, open_log(reopen())).submit(SENDER, CALL)
    node.mine()
    node.mines = True
    log = open_log(reopen())
    assert open_client(node, log).send(SENDER, CALL).is_success
    assert [item.nonce for item in node.mined] == [0, 1]
    assert count(log) == 0


def test_restart__another_call_first__the_old_one_keeps_its_nonce_and_is_mined_before(
    node: FakeNode, reopen: Open
) -> None:
    node.mines = False
    open_client(node, open_log(reopen())).submit(SENDER, CALL)
    node.restart()
    node.mines = True
    client = open_client(node, open_log(reopen()))
    assert client.send(SENDER, OTHER).is_success
    assert client.send(SENDER, THIRD).is_success
    assert mined(node)[-2:] == [OTHER.data, THIRD.data]
    assert [item.nonce for item in node.mined] == [0, 1, 2]
    assert mined(node).count(CALL.data) <= 1


def test_restart__refused_where_it_is_not_seen_and_mined_elsewhere__found(node: FakeNode, reopen: Open) -> None:
    node.mines = False
    node.fail("eth_sendRawTransaction", late_error("insufficient funds"))
    node.fail("eth_getTransactionByHash", NULL)  # another node behind the same address has it
    with pytest.raises(TransactionRejected):
        open_client(node, open_log(reopen())).send(SENDER, CALL, 10**18)
    node.mine()
    node.mines = True
    found = open_client(node, open_log(reopen())).send(SENDER, CALL, 10**18)
    assert found.tx_hash == node.mined[0].tx_hash
    assert mined(node) == [CALL.data]


def test_restart__after_fees_were_raised__every_version_is_known(node: FakeNode, reopen: Open) -> None:
    node.mines = False
    with pytest.raises(TransactionStuck):
        open_client(node, open_log(reopen()), DISTANT).send(SENDER, CALL)
    versions = {item.tx_hash for item in node.received}
    assert len(versions) > 1
    first = node.received[0]
    node.pool = [first]  # the oldest version is the one that is mined in the end
    node.empty_blocks = 0
    node.mine()
    node.mines = True
    assert open_client(node, open_log(reopen()), DISTANT).send(SENDER, CALL).tx_hash == first.tx_hash
    assert mined(node) == [CALL.data]


@pytest.mark.parametrize("at", range(1, 9))
def test_restart__killed_at_any_call_of_a_node__pays_once(node: FakeNode, reopen: Open, at: int) -> None:
    """The process ends when the node has got the `at`-th request, before its answer arrives."""
    node.mines, node.bend = False, _die_at(at)
    with pytest.raises(Killed):
        open_client(node, open_log(reopen()), DISTANT).send(SENDER, CALL, 10**18)
    node.mines, node.bend = True, lambda method, answer: answer
    client = open_client(node, open_log(reopen()), DISTANT)
    assert client.send(SENDER, CALL, 10**18).is_success
    assert client.send(SENDER, OTHER).is_success
    assert mined(node) == [CALL.data, OTHER.data]


class Killed(BaseException):
    """The process was killed."""


def _die_at(at: int) -> Any:
    asked = 0

    def die(method: str, answer: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked >= at:
            raise Killed
        return answer

    return die


def test_send__cannot_be_kept__no_node_gets_it_and_its_nonce_is_free(
    node: FakeNode, database: Database, outage: Outage
) -> None:
    log = open_log(database)
    client = open_client(node, log)
    with outage(), pytest.raises(DatabaseFailed):
        client.send(SENDER, CALL)
    assert node.received == []
    assert client.send(SENDER, OTHER).is_success
    assert client.send(SENDER, CALL).is_success
    assert [item.nonce for item in node.mined] == [0, 1]
    assert count(log) == 0


def test_log__two_chains_and_two_accounts__each_its_own(database: Database, node: FakeNode) -> None:
    node.mines = False
    log = open_log(database)
    open_client(node, log).submit(SENDER, CALL)
    other = SqlSubmissionLog(database, ChainId(9))
    assert (count(log), count(other), len(log.load(f"0x{'a' * 40}"))) == (1, 0, 0)
    other.clear()
    assert count(log) == 1
    log.clear()
    assert count(log) == 0


@pytest.mark.parametrize("text", ["nonsense", "{}", "[]"])
def test_load__row_that_is_no_submission__refused(database: Database, node: FakeNode, text: str) -> None:
    node.mines = False
    log = open_log(database)
    open_client(node, log).submit(SENDER, CALL)
    with database.transaction() as connection:
        connection.execute(update(submissions).values(submission=text))
    with pytest.raises(RecordBroken, match="table submissions, row "):
        log.load(SENDER.address)


def test_restart__the_answer_was_lost_and_nothing_mined_yet__one_transaction(node: FakeNode, reopen: Open) -> None:
    node.mines = False
    node.fail("eth_sendRawTransaction", LOST, *[error("internal error")] * 8)
    open_client(node, open_log(reopen())).submit(SENDER, CALL)
    node.mines = True
    assert open_client(node, open_log(reopen())).send(SENDER, CALL).is_success
    assert mined(node) == [CALL.data]
