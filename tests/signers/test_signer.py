"""What both groups sign: ACC when the primary's block is final, END when the history has ended, and denials."""

import pytest

from tests.signers.chains import GENESIS, NOW, STARTED, Draft, K, World, draft, is_signed
from zklink.protocol.errors import AgainstOwnWord, EndIsTrue, EndNotTrue, NotFinal, PathTooShort
from zklink.protocol.facts import Accepted, End, EndDenial
from zklink.protocol.ids import SILENCE_SECONDS, BlockNumber
from zklink.signers.history import Path
from zklink.signers.journal import MemorySignerJournal
from zklink.signers.ports import EndState
from zklink.signers.signer import HALT_SECONDS, Signer


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def signer(world: World) -> Signer:
    return world.watcher()


def accept(world: World, count: int) -> list[Draft]:
    """The primary accepts some blocks."""
    blocks: list[Draft] = []
    for _ in range(count):
        blocks.append(draft(blocks[-1] if blocks else None))
        world.primary.accept(blocks[-1])
    return blocks


# -- ACC --------------------------------------------------------------------------------------------------------------


def test_accepted__not_final_yet__waits(world: World, signer: Signer) -> None:
    world.primary.pending = 1
    [block] = accept(world, 1)
    with pytest.raises(NotFinal):
        signer.accepted(block.place, block.path)
    world.primary.mine()
    assert is_signed(block.place, signer.accepted(block.place, block.path), signer.address)
    assert signer.covered == block.place


def test_accepted__a_block_below_the_last_one__needs_the_whole_path(world: World, signer: Signer) -> None:
    first, second, third = accept(world, 3)
    with pytest.raises(NotFinal):
        signer.accepted(first.place, first.path)
    assert signer.accepted(second.place, third.path)
    assert signer.accepted(second.place, Path(BlockNumber(0)))  # its word is given already
    assert signer.accepted(third.place, Path(BlockNumber(2), third.commitments[2:]))
    assert signer.accepted(first.place, third.path)  # for a member that is far behind
    with pytest.raises(AgainstOwnWord):
        signer.accepted(first.place, first.path)
    assert signer.covered == third.place


def test_accepted__other_hash_or_a_path_that_does_not_lead_there__refused(world: World, signer: Signer) -> None:
    _, second = accept(world, 2)
    other = draft(draft(mark=1))
    for fact, path in (
        (Accepted(BlockNumber(2), bytes(32)), second.path),
        (Accepted(BlockNumber(3), second.place.sync_hash), second.path),
        (second.place, other.path),
        (other.place, other.path),
        (second.place, Path(BlockNumber(1), second.commitments[1:])),
    ):
        with pytest.raises((NotFinal, AgainstOwnWord)):
            signer.accepted(fact, path)
    assert signer.covered == GENESIS


def test_accepted__primary_shows_another_history_than_it_did__nothing_more_is_signed(world: World) -> None:
    journal = MemorySignerJournal()
    first, second = accept(world, 2)
    world.watcher(journal=journal).accepted(first.place, second.path)
    signer = world.watcher(journal=journal)  # also after a restart
    world.primary.accept(draft(mark=1))
    other = draft(draft(mark=1))
    world.primary.accept(other)
    for block in (draft(mark=1), other):
        with pytest.raises(AgainstOwnWord):
            signer.accepted(block.place, other.path)


# -- END --------------------------------------------------------------------------------------------------------------


def end(block: Draft, round: int = 0) -> End:
    return End(K, block.place.number, block.place.sync_hash, round)


def test_end__primary_lives__nobody_signs(world: World, signer: Signer) -> None:
    [block] = accept(world, 1)
    with pytest.raises(EndNotTrue):
        signer.end(end(block), block.path)


def test_end__freeze_is_not_final_yet__waits(world: World, signer: Signer) -> None:
    [block] = accept(world, 1)
    world.primary.pending = 1
    world.primary.mine(is_frozen=True)
    with pytest.raises(EndNotTrue):
        signer.end(end(block), block.path)
    world.primary.mine()
    word = signer.end(end(block), block.path)
    assert is_signed(end(block), word.end, signer.address)


def test_end__last_block_seen_is_not_final__is_named_and_acc_is_signed_with_it(world: World, signer: Signer) -> None:
    world.primary.mine(is_frozen=True)
    first, last = accept(world, 2)
    world.primary.pending = 1
    with pytest.raises(EndNotTrue):
        signer.end(end(first), last.path)
    word = signer.end(end(last), last.path)
    assert is_signed(last.place, word.accepted, signer.address)
    assert signer.covered == last.place


def test_end__no_freeze__the_worlds_clock_counts_when_the_primary_is_halted_alone(world: World, signer: Signer) -> None:
    [block] = accept(world, 1)
    world.now = NOW + SILENCE_SECONDS + 1
    assert world.watcher(3).end(end(block), block.path)
    world.primary.mine(SILENCE_SECONDS - HALT_SECONDS)  # its clock decides while it lives
    with pytest.raises(EndNotTrue):
        signer.end(end(block), block.path)


def test_end__halted_for_less_than_the_silence__waits(world: World, signer: Signer) -> None:
    [block] = accept(world, 1)
    world.now = NOW + SILENCE_SECONDS
    with pytest.raises(EndNotTrue):
        signer.end(end(block), block.path)


def test_end__halted_before_the_first_block__silence_counts_from_the_start(world: World, signer: Signer) -> None:
    fact = End(K, BlockNumber(0), GENESIS.sync_hash, 0)
    world.now = STARTED + SILENCE_SECONDS
    with pytest.raises(EndNotTrue):
        signer.end(fact, Path(BlockNumber(0)))
    world.now += 1
    assert signer.end(fact, Path(BlockNumber(0)))


def test_end__given_once__for_the_same_block_alone_and_in_any_round(world: World) -> None:
    journal = MemorySignerJournal()
    [block] = accept(world, 1)
    world.primary.mine(is_frozen=True)
    world.watcher(journal=journal).end(end(block), block.path)
    signer = world.watcher(journal=journal)
    world.chains[K].mine(end=EndState(1, None))
    with pytest.raises(EndNotTrue):
        signer.end(end(block), block.path)
    assert signer.end(end(block, round=1), block.path)
    later = draft(block)
    world.primary.accept(later)  # a primary that comes back with a block that nobody has seen
    world.primary.pending = 1
    for path in (later.path, block.path):
        with pytest.raises(EndNotTrue):
            signer.end(end(later, round=1), path)
    world.primary.mine()
    signer.accepted(later.place, later.path)  # it is final: ACC for it fells an END that is pending
    with pytest.raises(EndNotTrue):
        signer.end(end(block, round=1), later.path)
    assert signer.end(end(later, round=1), later.path)


def test_end__primary_comes_back_without_a_block_with_acc__names_that_block(world: World, signer: Signer) -> None:
    first, last = accept(world, 2)
    signer.accepted(last.place, last.path)
    world.primary.accept(first)
    world.primary.mine(is_frozen=True)
    with pytest.raises(EndNotTrue):
        signer.end(end(first), last.path)
    assert signer.end(end(last), last.path)


# -- denials ----------------------------------------------------------------------------------------------------------


def deny(block: Draft, round: int = 0) -> EndDenial:
    return EndDenial(K, block.place.number, block.place.sync_hash, round)


def test_denial__false_end_is_pending__denied_while_the_primary_lives_and_after_it_has_ended(
    world: World, signer: Signer
) -> None:
    first, last = accept(world, 2)
    world.chains[K].mine(end=EndState(0, first.place))
    assert is_signed(deny(first), signer.denial(deny(first), last.path), signer.address)
    world.primary.mine(is_frozen=True)
    assert signer.denial(deny(first), last.path)


def test_denial__asked_for_with_a_path_that_shows_nothing__not_denied(world: World, signer: Signer) -> None:
    """Else anybody could have a true END denied, which costs members 14 days, and lets the governor void it."""
    first, last = accept(world, 2)
    signer.accepted(first.place, last.path)
    world.primary.pending = 1
    world.primary.mine(is_frozen=True)
    world.primary.mine()
    world.chains[K].mine(end=EndState(0, last.place))
    for path in (Path(BlockNumber(0)), Path(BlockNumber(1)), draft(first, mark=1).path):
        with pytest.raises(PathTooShort):
            signer.denial(deny(last), path)
    with pytest.raises(EndIsTrue):
        signer.denial(deny(last), last.path)


def test_denial__true_end_or_one_that_is_not_pending__not_denied(world: World, signer: Signer) -> None:
    first, last = accept(world, 2)
    world.primary.mine(is_frozen=True)
    world.chains[K].mine(end=EndState(0, last.place))
    for fact in (deny(last), deny(first), deny(last, round=1)):
        with pytest.raises(EndIsTrue):
            signer.denial(fact, last.path)
