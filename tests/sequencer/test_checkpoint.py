"""Checkpoints: a sequencer that goes on from one is as if it had sealed everything again; what is wrong is refused."""

import json
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.sequencer.conftest import ALICE, CHAINS, PARAMETERS, X, Y, build_state
from tests.sequencer.operations import deposit, order, transfer
from tests.sequencer.requests import make_request
from zklink.operations.requests import Request, lane_of
from zklink.protocol.errors import CheckpointRefused, UnknownBlock
from zklink.protocol.ids import AccountId, Amount, BlockNumber, Lane, RequestId
from zklink.sequencer.checkpoint import Checkpoint, QueueEnd, encode_checkpoint, open_checkpoint
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sequencer import Sequencer

A, B, C = CHAINS
NOW = 5_000
BLOCKS, SETTLED = 8, BlockNumber(5)
L1_BLOCKS = {A: 11, B: 12, C: 13}


@pytest.fixture
def running(sequencer: Sequencer) -> Sequencer:
    """A sequencer with blocks of both lanes, five of them settled, a request and an order that wait."""
    for number in range(1, BLOCKS // 2 + 1):
        sequencer.add(make_request(1, number))
        sequencer.add(deposit(1, number))
        sequencer.submit(transfer(nonce=number - 1), NOW)
        sequencer.seal(NOW + number)
        sequencer.seal(NOW + number)
    sequencer.settle(SETTLED)
    sequencer.add(make_request(2, 1))
    sequencer.submit(order(ALICE, (X, 10), (Y, 10_000)), NOW + BLOCKS)
    return sequencer


@pytest.fixture
def checkpoint(running: Sequencer) -> Checkpoint:
    taken = running.take_checkpoint()
    assert taken is not None
    return taken.read_from(L1_BLOCKS)


def reopen(checkpoint: Checkpoint) -> Checkpoint:
    return open_checkpoint(encode_checkpoint(checkpoint), PARAMETERS)


def resume(checkpoint: Checkpoint, journal: MemoryJournal) -> Sequencer:
    """A sequencer on a checkpoint, which gets only the requests behind it."""
    sequencer = Sequencer(PARAMETERS, build_state(), journal, checkpoint=reopen(checkpoint))
    requests: list[Request] = [make_request(1, number) for number in range(1, 5)]
    for request in (*requests, make_request(2, 1), *(deposit(1, number) for number in range(1, 5))):
        if request.request_id > checkpoint.queues[lane_of(request), request.source].count:
            assert sequencer.add(request)
    return sequencer


def test_take_checkpoint__nothing_settled__none(sequencer: Sequencer) -> None:
    sequencer.add(make_request(1, 1))
    sequencer.seal(NOW)
    assert sequencer.take_checkpoint() is None


def test_take_checkpoint__blocks_above_it__the_state_below_them_and_nothing_changes(
    running: Sequencer, checkpoint: Checkpoint
) -> None:
    assert (checkpoint.number, checkpoint.state.root) == (SETTLED, running.record(SETTLED).root)
    assert running.state.root == running.record(running.height).root != checkpoint.state.root
    last = running.blocks(SETTLED)
    assert [block.record for block in running.roll_back(SETTLED)] == [block.record for block in last]
    assert running.state.root == checkpoint.state.root


def test_open__what_was_encoded__is_the_same(checkpoint: Checkpoint) -> None:
    found = reopen(checkpoint)
    assert replace(found, state=checkpoint.state) == replace(checkpoint, commitments=tuple(checkpoint.commitments))
    assert list(found.state.accounts()) == list(checkpoint.state.accounts())
    assert list(found.state.pools()) == list(checkpoint.state.pools())
    assert found.l1_blocks == L1_BLOCKS


def test_resume__blocks_above_sealed_again__goes_on_as_the_one_that_was_never_stopped(
    running: Sequencer, checkpoint: Checkpoint, journal: MemoryJournal
) -> None:
    again = resume(checkpoint, journal)
    assert (again.height, again.settled, again.base) == (SETTLED, SETTLED, SETTLED)
    assert (again.journal_height, again.is_replaying) == (running.height, True)
    while again.is_replaying:
        again.seal(9_000)
    assert [block.record for block in again.blocks(SETTLED)] == [block.record for block in running.blocks(SETTLED)]
    assert again.commitments(BlockNumber(0)) == running.commitments(BlockNumber(0))
    assert again.served(SETTLED, again.height) == running.served(SETTLED, running.height)
    sealed = [sequencer.seal(9_000).record for sequencer in (running, again)]
    assert sealed[0] == sealed[1]
    assert len(again.intake.book) == len(running.intake.book) == 1


def test_resume__a_second_checkpoint__like_that_of_the_first_run(
    running: Sequencer, checkpoint: Checkpoint, journal: MemoryJournal
) -> None:
    again = resume(checkpoint, journal)
    while again.is_replaying:
        again.seal(9_000)
    for sequencer in (running, again):
        sequencer.settle(BlockNumber(7))
    taken = [sequencer.take_checkpoint() for sequencer in (running, again)]
    assert taken[0] is not None and taken[1] is not None
    assert encode_checkpoint(taken[0]) == encode_checkpoint(taken[1])


def test_drop_from__request_below_the_checkpoint__names_a_block_below_it(
    checkpoint: Checkpoint, journal: MemoryJournal
) -> None:
    again = resume(checkpoint, journal)
    assert again.last_before(Lane.SWAP, A, RequestId(1)) == SETTLED - 1
    with pytest.raises(UnknownBlock):
        again.record(BlockNumber(SETTLED - 1))
    with pytest.raises(UnknownBlock):
        again.roll_back(BlockNumber(SETTLED - 1))


def other_owner(checkpoint: Checkpoint) -> Checkpoint:
    checkpoint.state.set_owner(AccountId(2), bytes(31) + b"\x77")
    return checkpoint


def other_balance(checkpoint: Checkpoint) -> Checkpoint:
    checkpoint.state.set_balance(AccountId(1), X, Amount(1))
    return checkpoint


WRONG: dict[str, Callable[[Checkpoint], Checkpoint]] = {
    "its state does not have the root": other_owner,
    "does not have the root of its block": other_balance,
    "its last block has another root": lambda c: replace(c, record=replace(c.record, root=1)),
    "its last block has another commitment": lambda c: replace(c, preimage=replace(c.preimage, commitment=1)),
    "lead from this deployment to its sync hash": lambda c: replace(c, commitments=(bytes(32), *c.commitments[1:])),
    "sync hash": lambda c: replace(c, record=replace(c.record, sync_hash=bytes(32))),
    "lacks blocks below": lambda c: replace(c, commitments=c.commitments[1:]),
    "of other chains": lambda c: replace(c, queues={(Lane.SWAP, A): QueueEnd(1, bytes(32))}),
}


@pytest.mark.parametrize("reason", WRONG)
def test_open__something_else_in_it__refused_with_the_reason(checkpoint: Checkpoint, reason: str) -> None:
    with pytest.raises(CheckpointRefused, match=reason):
        reopen(WRONG[reason](checkpoint))


def test_open__of_another_deployment__refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(CheckpointRefused, match="from this deployment"):
        open_checkpoint(encode_checkpoint(checkpoint), replace(PARAMETERS, deployment_hash=bytes(32)))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_open__cut_off__refused(checkpoint: Checkpoint, share: float) -> None:
    data = encode_checkpoint(checkpoint)
    plain = zlib.decompress(data)
    for damaged in (data[: int(len(data) * share)], zlib.compress(plain[: int(len(plain) * share)])):
        with pytest.raises(CheckpointRefused, match="cannot be read"):
            open_checkpoint(damaged, PARAMETERS)


def test_open__newer_form_or_more_behind_it__refused(checkpoint: Checkpoint) -> None:
    head, _, state = zlib.decompress(encode_checkpoint(checkpoint)).partition(b"\n")
    newer = json.dumps(json.loads(head) | {"form": 2}).encode()
    for plain, reason in ((newer + b"\n" + state, "its form is 2"), (head + b"\n" + state + b"x", "1 bytes follow")):
        with pytest.raises(CheckpointRefused, match=reason):
            open_checkpoint(zlib.compress(plain), PARAMETERS)
