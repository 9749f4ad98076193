"""The sequencer: a chain of sealed blocks that can be rolled back and built again, bit for bit."""

from collections.abc import Callable

import pytest

from tests.sequencer.conftest import CHAINS, PARAMETERS, build_state
from tests.sequencer.requests import make_request
from zklink.protocol.bridge_hashes import next_queue_hash, next_sync_hash
from zklink.protocol.errors import JournalOutdated, NothingToSeal, UnknownBlock
from zklink.protocol.ids import Amount, BlockNumber, Kind, Lane, RequestId, TokenId
from zklink.sequencer.journal import Journal, MemoryJournal
from zklink.sequencer.sequencer import Sequencer

A, B, C = CHAINS


def add(sequencer: Sequencer, *keys: tuple[int, int], **fields: object) -> None:
    for source, request_id in keys:
        assert sequencer.add(make_request(source, request_id, **fields))


def test_seal__two_chains__one_block_with_both(sequencer: Sequencer) -> None:
    add(sequencer, (1, 1), (2, 1))
    sealed = sequencer.seal(now=5_000)
    assert (sealed.number, sealed.block.header.timestamp) == (1, 5_000)
    assert [request.source for request in sealed.requests] == [A, B]
    assert [sealed.is_concerned(chain) for chain in CHAINS] == [True, True, False]
    assert {chain: sealed.record.consumed[Lane.SWAP, chain] for chain in CHAINS} == {A: 1, B: 1, C: 0}
    assert sealed.record.sync_hash == next_sync_hash(PARAMETERS.deployment_hash, sealed.block.block_commitment)
    assert sealed.payout_words(B) == sealed.payouts(B)[0].words()
    assert not sequencer.has_waiting


def test_seal__state__moves_from_root_to_root_and_conserves(sequencer: Sequencer) -> None:
    add(sequencer, (1, 1), (1, 2), (2, 1), (3, 1), (2, 2))
    first, second = sequencer.seal(5_000), sequencer.seal(5_001)
    assert first.block.header.old_root == build_state().root
    assert second.block.header.old_root == first.block.header.new_root
    assert second.block.header.new_root == sequencer.state.root
    assert len(first.requests) == 4 and len(second.requests) == 1
    sequencer.state.check_conservation()


def test_seal__nothing_waits__says_so(sequencer: Sequencer) -> None:
    with pytest.raises(NothingToSeal):
        sequencer.seal(5_000)


def test_seal__min_out_that_cannot_be_met__refund_on_the_source(sequencer: Sequencer) -> None:
    add(sequencer, (1, 1), min_out=Amount(10**6))
    [payout] = sequencer.seal(5_000).payouts(A)
    assert (payout.kind, payout.token, payout.amount) == (Kind.SWAP_REFUNDED, TokenId(1), 1_000)
    assert sequencer.state.root == build_state().root


def test_roll_back__some_blocks__their_requests_wait_again(sequencer: Sequencer, journal: MemoryJournal) -> None:
    add(sequencer, (1, 1))
    first = sequencer.seal(5_000)
    add(sequencer, (1, 2))
    dropped = sequencer.seal(5_001)
    assert sequencer.roll_back(BlockNumber(1)) == (dropped,)
    assert (sequencer.height, sequencer.has_waiting, len(journal.entries())) == (1, True, 1)
    assert sequencer.state.root == first.block.header.new_root
    again = sequencer.seal(5_001)
    assert again.record == dropped.record
    assert sequencer.blocks(BlockNumber(0)) == [first, again]


def test_drop_from__request_in_a_sealed_block__unseals_from_that_block(sequencer: Sequencer) -> None:
    for request_id in (1, 2, 3):
        add(sequencer, (1, request_id))
        sequencer.seal(5_000 + request_id)
    add(sequencer, (2, 1))
    dropped = sequencer.drop_from(Lane.SWAP, A, RequestId(2))
    assert [block.number for block in dropped] == [2, 3]
    sealed = sequencer.seal(6_000)
    assert [(request.source, request.request_id) for request in sealed.requests] == [(B, 1)]
    add(sequencer, (1, 2), amount=Amount(555))
    assert sequencer.seal(6_001).requests == (make_request(1, 2, amount=Amount(555)),)


def test_drop_from__request_still_waiting__keeps_every_block(sequencer: Sequencer) -> None:
    add(sequencer, (1, 1))
    sequencer.seal(5_000)
    add(sequencer, (1, 2))
    assert sequencer.drop_from(Lane.SWAP, A, RequestId(2)) == ()
    assert (sequencer.height, sequencer.has_waiting) == (1, False)


def test_restart__same_journal__seals_the_same_blocks_before_new_ones(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: Callable[[Journal], Sequencer]
) -> None:
    add(sequencer, (2, 1), (1, 1))
    sequencer.seal(5_000)
    add(sequencer, (1, 2))
    sequencer.seal(5_009)
    restarted = new_sequencer(journal)
    add(restarted, (1, 1))
    with pytest.raises(NothingToSeal):
        restarted.seal(9_000)
    add(restarted, (1, 2), (1, 3), (2, 1))
    replayed = [restarted.seal(9_000), restarted.seal(9_000)]
    assert [b.record for b in replayed] == [b.record for b in sequencer.blocks(BlockNumber(0))]
    assert not restarted.is_replaying
    assert restarted.seal(9_000).block.header.timestamp == 9_000
    assert [entry.number for entry in journal.entries()] == [1, 2, 3]


def test_restart__request_gone_meanwhile__only_later_blocks_are_forgotten(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: Callable[[Journal], Sequencer]
) -> None:
    for key in ((2, 1), (1, 1)):
        add(sequencer, key)
        sequencer.seal(5_000)
    restarted = new_sequencer(journal)
    assert restarted.drop_from(Lane.SWAP, A, RequestId(1)) == ()
    assert [entry.number for entry in journal.entries()] == [1]
    add(restarted, (2, 1))
    assert restarted.seal(9_000).record == sequencer.block(BlockNumber(1)).record
    assert not restarted.is_replaying


@pytest.mark.parametrize(
    "fields", [{"queued_at": 5_500}, {"amount": Amount(2_000)}, {"recipient": bytes(31) + b"\x09"}]
)
def test_restart__request_is_another_meanwhile__that_block_and_later_ones_are_forgotten(
    sequencer: Sequencer,
    journal: MemoryJournal,
    new_sequencer: Callable[[Journal], Sequencer],
    fields: dict[str, object],
) -> None:
    for key in ((2, 1), (1, 1), (1, 2)):
        add(sequencer, key)
        sequencer.seal(5_000)
    restarted = new_sequencer(journal)
    add(restarted, (2, 1))
    add(restarted, (1, 1), **fields)
    add(restarted, (1, 2))
    assert restarted.seal(9_000).record == sequencer.block(BlockNumber(1)).record
    with pytest.raises(JournalOutdated) as error:
        restarted.seal(9_000)
    assert (error.value.number, restarted.is_replaying, len(journal.entries())) == (2, False, 1)
    sealed = restarted.seal(9_000)
    assert sealed.block.header.timestamp == 9_000
    assert [request.request_id for request in sealed.requests] == [1, 2]


def test_block__unknown_number__is_refused(sequencer: Sequencer) -> None:
    for number in (0, 1):
        with pytest.raises(UnknownBlock):
            sequencer.block(BlockNumber(number))
    genesis = sequencer.record(BlockNumber(0))
    assert (genesis.number, genesis.root, genesis.sync_hash) == (0, build_state().root, PARAMETERS.deployment_hash)


def test_served__some_blocks__members_queues_as_they_are_with_the_last(sequencer: Sequencer) -> None:
    for keys in (((1, 1), (2, 1)), ((3, 1),), ((1, 2), (1, 3))):
        add(sequencer, *keys)
        sequencer.seal(5_000)
    rolled = PARAMETERS.deployment_hash
    for request_id in (1, 2, 3):
        rolled = next_queue_hash(rolled, make_request(1, request_id).words())
    whole = {(queue.chain, queue.count): queue.hash for queue in sequencer.served(BlockNumber(0), BlockNumber(3))}
    assert list(whole) == [(A, 3), (C, 1)]  # of the primary it has its own word
    assert whole[A, 3] == rolled
    assert [queue.chain for queue in sequencer.served(BlockNumber(1), BlockNumber(2))] == [C]
    assert sequencer.served(BlockNumber(3), BlockNumber(3)) == ()


def test_seal__requests_of_chains_with_other_clocks__only_the_primarys_count_for_the_time(
    sequencer: Sequencer,
) -> None:
    add(sequencer, (1, 1), queued_at=9_000)
    assert sequencer.seal(5_000).timestamp == 5_000
    add(sequencer, (2, 1), queued_at=5_009)
    assert sequencer.seal(5_001).timestamp == 5_009
    add(sequencer, (1, 2))
    assert sequencer.seal(5_002).timestamp == 5_009


def test_seal_empty__nothing_waits__a_block_that_changes_nothing_and_is_journaled(
    sequencer: Sequencer, journal: MemoryJournal, new_sequencer: Callable[[Journal], Sequencer]
) -> None:
    add(sequencer, (1, 1))
    sequencer.seal(5_000)
    empty = sequencer.seal_empty(6_000)
    assert (empty.number, empty.timestamp, empty.items, sum(empty.block.header.counts)) == (2, 6_000, (), 0)
    assert empty.record.root == sequencer.record(BlockNumber(1)).root
    restarted = new_sequencer(journal)
    with pytest.raises(NothingToSeal):
        restarted.seal_empty(9_000)
    add(restarted, (1, 1))
    assert [restarted.seal(9_000).record, restarted.seal(9_000).record] == [sequencer.record(n) for n in BOTH]


BOTH = (BlockNumber(1), BlockNumber(2))
