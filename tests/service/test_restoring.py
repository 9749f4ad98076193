"""A checkpoint against what chains say: another history or other requests are refused, with the chain's name."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.sequencer.conftest import CHAINS, PARAMETERS, build_state
from tests.sequencer.requests import make_request
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.errors import CheckpointRefused
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.sequencer.checkpoint import Checkpoint
from zklink.sequencer.journal import JournalEntry, MemoryJournal
from zklink.sequencer.sequencer import Sequencer
from zklink.service.restoring import check_against_chains, place_of

A = CHAINS[0]
BLOCKS, AT = 4, BlockNumber(2)


@dataclass
class ToldChain:
    """A Standing that says what it is told."""

    chain: ChainId
    shown: Tip
    counts: dict[Lane, int]
    hashes: dict[tuple[Lane, int], bytes]

    @property
    def name(self) -> str:
        return f"chain {self.chain}"

    def tip(self) -> Tip:
        return self.shown

    def final(self) -> None:
        return None

    def queue_hash(self, lane: Lane, count: int) -> bytes:
        return self.hashes[lane, count]

    def count(self, lane: Lane) -> int:
        return self.counts[lane]


@dataclass
class Told:
    """A checkpoint at block 2 of 4, and chains that have all four blocks."""

    checkpoint: Checkpoint
    entries: tuple[JournalEntry, ...]
    chains: dict[ChainId, ToldChain]

    def check(self) -> None:
        check_against_chains(self.checkpoint, self.entries, self.chains)


@pytest.fixture
def told() -> Told:
    journal = MemoryJournal()
    sequencer = Sequencer(PARAMETERS, build_state(), journal)
    for number in range(1, BLOCKS + 1):
        sequencer.add(make_request(1, number))
        sequencer.seal(5_000)
    sequencer.settle(AT)
    checkpoint = sequencer.take_checkpoint()
    assert checkpoint is not None
    record = sequencer.record(BlockNumber(BLOCKS))
    tip = Tip(record.number, record.timestamp, 0, False, record.root, record.sync_hash)
    counts = {chain: {Lane.SWAP: BLOCKS if chain == A else 0, Lane.ACCOUNT: 0} for chain in CHAINS}
    hashes = {(Lane.SWAP, 2): sequencer.requests.queue_hash(Lane.SWAP, A, 2)}
    chains = {chain: ToldChain(chain, tip, counts[chain], hashes) for chain in CHAINS}
    return Told(checkpoint.read_from(dict.fromkeys(CHAINS, 9)), tuple(journal.entries(AT)), chains)


def tip_at(told: Told, number: int, **changes: Any) -> Tip:
    return replace(told.chains[A].shown, number=BlockNumber(number), **changes)


def test_check__chains_have_all_or_just_its_block__holds(told: Told) -> None:
    told.check()
    told.chains[A].shown = tip_at(told, AT, sync_hash=told.checkpoint.record.sync_hash)
    told.check()
    place = place_of(told.checkpoint, A)
    assert (place.next_block, place.counts) == (9, {Lane.SWAP: 2, Lane.ACCOUNT: 0})


def test_check__request_forgotten_by_the_ring__holds(told: Told) -> None:
    told.chains[A].hashes[Lane.SWAP, 2] = bytes(32)
    told.check()


@pytest.mark.parametrize(
    ("number", "reason"),
    [(1, "chain 1 has blocks up to 1 alone"), (3, "chain 1 has accepted other blocks"), (5, "the journal does not")],
)
def test_check__tip_elsewhere__refused(told: Told, number: int, reason: str) -> None:
    told.chains[A].shown = tip_at(told, number)
    with pytest.raises(CheckpointRefused, match=reason):
        told.check()


def test_check__entries_of_an_older_version_without_commitments__refused(told: Told) -> None:
    told.entries = tuple(replace(entry, commitment=b"") for entry in told.entries)
    with pytest.raises(CheckpointRefused, match="of an older version"):
        told.check()


@pytest.mark.parametrize(("count", "hash"), [(BLOCKS, bytes([1]) * 32), (1, None)])
def test_check__other_requests_or_fewer__refused(told: Told, count: int, hash: bytes | None) -> None:
    told.chains[A].counts[Lane.SWAP] = count
    if hash is not None:
        told.chains[A].hashes[Lane.SWAP, 2] = hash
    with pytest.raises(CheckpointRefused, match="chain 1 has other requests"):
        told.check()
