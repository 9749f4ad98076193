"""The primary's calldata, alone, gives every block and the state; whatever else it could be is refused."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.bench.synthetic_history import SyntheticCall, build_calls, build_history, open_history
from zklink.bench.workload import build_state
from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.bridge_hashes import fold
from zklink.protocol.errors import HistoryDisagrees, HistoryIncomplete, ReplayMismatch, ReplayRefused
from zklink.protocol.ids import ChainId, Kind
from zklink.protocol.presets import MINIMAL
from zklink.protocol.slices import split_records
from zklink.recovery import rebuild as rebuilding
from zklink.recovery.accepted_block import open_block
from zklink.recovery.accepted_history import AcceptedHistory, list_commitments
from zklink.recovery.rebuild import rebuild
from zklink.state.state import State

COUNT = 14


@pytest.fixture(scope="module")
def world() -> tuple[State, AcceptedHistory, State]:
    return build_history(MINIMAL, COUNT)


def follow(history: AcceptedHistory) -> AcceptedHistory:
    """Another reader's history, with no block yet."""
    return AcceptedHistory(history.name, history.deployment_hash, history.genesis_root)


def forge(history: AcceptedHistory, number: int, forged: FullBlock) -> AcceptedHistory:
    """A history that is in order but for the contents of one block: those after it stand on its hash and root."""
    other = follow(history)
    for block in history.line:
        full = forged if block.number == number else block.full
        opened = open_block(
            full, block.number, other.root(other.height), other.sync_hash(other.height), other.deployment_hash
        )
        other.take(block.number, [full], opened.sync_hash)
    return other


@upholds("EXI-1")
@pytest.mark.parametrize("stride", [1, 4, COUNT, 512])
def test_rebuild__calldata_of_the_primary_alone__the_state(
    world: tuple[State, AcceptedHistory, State], stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, history, after = world
    monkeypatch.setattr(rebuilding, "STRIDE", stride)
    found = rebuild(before, history.line)
    assert found.root == after.root == history.root(COUNT)
    assert dict(found.accounts()) == dict(after.accounts())
    assert dict(found.tokens()) == dict(after.tokens())
    assert before.root == history.genesis_root, "the state before is not touched"


@upholds("EXI-1")
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), max_size=COUNT))
@tries(40)
def test_take__cut_into_calls_in_any_way_and_overlapping__the_same_history(
    world: tuple[State, AcceptedHistory, State], cuts: Sequence[tuple[int, int]]
) -> None:
    _, history, _ = world
    other, skipped = follow(history), 0
    for size, again in [*cuts, (COUNT, 0)]:
        first = max(1, other.height + 1 - again)
        last = min(COUNT, other.height + size)
        skipped += other.height + 1 - first
        other.take(first, [block.full for block in history.line[first - 1 : last]], history.sync_hash(last))
    assert other.line == history.line
    assert skipped >= 0


@given(st.integers(1, COUNT), st.randoms(use_true_random=False))
@tries(60)
def test_take__any_bit_of_any_word_changed__refused_and_nothing_is_taken(
    world: tuple[State, AcceptedHistory, State], number: int, dice: Random
) -> None:
    _, history, _ = world
    full, other = history.block(number).full, follow(history)
    if number > 1:
        other.take(1, [block.full for block in history.line[: number - 1]], history.sync_hash(number - 1))
    k = dice.choice([k for k, words in enumerate(full.slices) if words])
    words = list(full.slices[k])
    words[dice.randrange(len(words))] ^= 1 << dice.randrange(248)
    changed = replace(full, slices=(*full.slices[:k], tuple(words), *full.slices[k + 1 :]))
    with pytest.raises(HistoryDisagrees, match=f"block {number}"):
        other.take(number, [changed], history.sync_hash(number))
    assert other.height == number - 1


def test_take__a_call_that_begins_above_the_tip__refused(world: tuple[State, AcceptedHistory, State]) -> None:
    _, history, _ = world
    with pytest.raises(HistoryDisagrees):
        follow(history).take(2, [history.block(2).full], history.sync_hash(2))


@pytest.mark.parametrize("stride", [1, 512])
def test_rebuild__a_block_leaves_out_its_effects__the_first_block_that_is_wrong_is_named(
    world: tuple[State, AcceptedHistory, State], stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, history, _ = world
    monkeypatch.setattr(rebuilding, "STRIDE", stride)
    full = history.block(5).full
    forged = forge(history, 5, FullBlock(replace(full.block, counts=0), ((),) * 9))
    with pytest.raises(ReplayMismatch) as refused:
        rebuild(before, forged.line)
    assert (refused.value.number, refused.value.what) == (5, "the new root")


def test_rebuild__a_record_is_none__refused_with_its_block(world: tuple[State, AcceptedHistory, State]) -> None:
    before, history, _ = world
    full = history.block(4).full
    words = tuple((99 << 240, *words[1:]) if words else words for words in full.slices)
    with pytest.raises(ReplayRefused, match="block 4"):
        rebuild(before, forge(history, 4, replace(full, slices=words)).line)


def test_block__beyond_the_tip__says_which_block_is_missing(world: tuple[State, AcceptedHistory, State]) -> None:
    _, history, _ = world
    with pytest.raises(HistoryIncomplete, match=f"avalanche, block {COUNT + 1}"):
        history.block(COUNT + 1)
    with pytest.raises(HistoryIncomplete):
        history.block(0)


@given(st.integers(0, COUNT), st.integers(0, COUNT))
@tries(40)
def test_rebuild__in_two_pieces__the_same_state(
    world: tuple[State, AcceptedHistory, State], one: int, other: int
) -> None:
    before, history, after = world
    low, high = sorted((one, other))
    middle = rebuild(before, history.line[:low])
    assert middle.root == history.root(low)
    assert rebuild(rebuild(middle, history.line[low:high]), history.line[high:]).root == after.root


def test_go_back__a_reorganisation_takes_blocks__they_are_still_known_and_can_be_taken_again(
    world: tuple[State, AcceptedHistory, State],
) -> None:
    _, history, _ = world
    other = follow(history)
    other.take(1, [block.full for block in history.line], history.sync_hash(COUNT))
    other.go_back(9)
    assert not other.has(COUNT, history.sync_hash(COUNT)) and other.has(9, history.sync_hash(9))
    lost = other.trace(history.sync_hash(COUNT))
    assert lost == history.line[9:]
    assert other.trace(b"\x07" * 32) is None and other.trace(history.sync_hash(3)) is None
    assert not other.take_seen(b"\x07" * 32) and other.take_seen(history.sync_hash(COUNT))
    assert other.line == history.line


def test_go_back__another_block_follows__the_lost_one_does_not_lead_on_from_it(
    world: tuple[State, AcceptedHistory, State],
) -> None:
    _, history, _ = world
    full = history.block(COUNT).full
    other = forge(history, COUNT - 1, replace(full, block=replace(full.block, commitment=7)))
    other.seen.update(history.seen)
    assert other.trace(history.sync_hash(COUNT)) is None


def test_lead__of_blocks__folds_one_sync_hash_to_the_other(world: tuple[State, AcceptedHistory, State]) -> None:
    _, history, _ = world
    blocks = history.lead(3, history.sync_hash(3), history.sync_hash(11))
    assert blocks == history.line[3:11]
    assert fold(history.sync_hash(3), list_commitments(blocks)) == history.sync_hash(11)
    assert history.lead(5, history.sync_hash(5), history.sync_hash(5)) == []
    assert history.lead(5, history.sync_hash(4), history.sync_hash(9)) is None
    assert history.lead(9, history.sync_hash(9), history.sync_hash(5)) is None


def test_payouts__of_a_chain__those_of_its_slice_in_order(world: tuple[State, AcceptedHistory, State]) -> None:
    _, history, _ = world
    for block in history.line:
        for chain in map(ChainId, range(1, 9)):
            records = list(split_records(block.full.slices[chain]))
            paid = [record for kind, record in records if kind not in (Kind.SWAP_REQUEST, Kind.DEPOSIT)]
            assert block.payouts(chain) == tuple(word for record in paid for word in record)
    assert any(block.payouts(ChainId(2)) for block in history.line)


def test_build_calls__as_the_chain_would_have_them__taken_one_by_one() -> None:
    state = build_state(MINIMAL)
    history = open_history(state)
    calls: list[SyntheticCall] = list(build_calls(MINIMAL, state, 7, batch=2))
    for call in calls:
        history.take(call.first, call.blocks, call.sync_hash)
    assert [len(call.blocks) for call in calls] == [2, 2, 2, 1]
    assert history.root(7) == state.root
