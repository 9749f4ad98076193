"""Recovery: what L1 has of a block gives the state that the block gave, and nothing else passes for it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given

from tests.spec.test_account_block import Case as AccountCase
from tests.spec.test_account_block import roll_case
from tests.strategies import Case as SwapCase
from tests.strategies import Dice, block_cases, rolled
from tests.support.account_world import ALICE, owner_of
from tests.support.refute import check_refuted
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.protocol.errors import ReplayIncomplete, ReplayMismatch, ReplayRefused
from zklink.protocol.ids import BlockNumber, Lane
from zklink.protocol.presets import MINIMAL
from zklink.state.state import State
from zklink.transition.block_frame import SealedFrame
from zklink.transition.replay import replay_account
from zklink.transition.replay.replay_block import PublishedBlock, replay_block
from zklink.transition.replay.replay_sums import Sums
from zklink.transition.swap_block import apply_block

few = tries(60)
account_cases = rolled(roll_case, size=1_800)
Slices = Sequence[Sequence[int]]


def publish(frame: SealedFrame, slices: Slices | None = None) -> PublishedBlock:
    """What all chains together have of a block, or of one with other slices."""
    header = frame.header
    words = tuple(map(tuple, frame.slices if slices is None else slices))
    return PublishedBlock(frame.lane, header.number, header.old_root, header.new_root, words)


def check_replay(before: State, after: State, frame: SealedFrame) -> None:
    """The replayed state is the applied one, in every account, row and pool."""
    state = before.copy()
    try:
        replay_block(state, publish(frame))
    except (ReplayIncomplete, ReplayMismatch, ReplayRefused) as error:
        raise AssertionError(str(error)) from error
    assert dict(state.accounts()) == dict(after.accounts())
    assert dict(state.tokens()) == dict(after.tokens())
    assert dict(state.pools()) == dict(after.pools())
    assert state.accounts_of(owner_of(ALICE)) == after.accounts_of(owner_of(ALICE))


def check_account_replay(case: AccountCase) -> None:
    """The same for a block of the account lane."""
    after, block = case.apply(with_paths=False)
    check_replay(case.before, after, block)


def check_swap_replay(case: SwapCase) -> None:
    """The same for a block of the swap lane."""
    state = case.state()
    block = apply_block(state, case.requests, BlockNumber(3), case.timestamp, 1, MINIMAL)
    check_replay(case.state(), state, block)


@upholds("EXI-1")
class TestReplay:
    """The state can be rebuilt from L1 alone."""

    @given(account_cases)
    @few
    def test_replay_block__any_account_block__is_the_state_after_it(self, case: AccountCase) -> None:
        check_account_replay(case)

    @given(block_cases())
    @few
    def test_replay_block__any_swap_block__is_the_state_after_it(self, case: SwapCase) -> None:
        check_swap_replay(case)


@given(account_cases, rolled(lambda dice: dice))
@tries(60)
def test_replay_block__any_bit_changed__is_refused_and_changes_nothing(case: AccountCase, dice: Dice) -> None:
    """Unless the bit says nothing about the state (e.g. who is paid on L1): then the state is the right one."""
    _, block = case.apply(with_paths=False)
    places = [(k, i) for k, words in enumerate(block.slices) for i in range(len(words))]
    if not places:
        return
    k, i = dice.pick(places)
    bit = dice.below(248)
    slices = [list(words) for words in block.slices]
    slices[k][i] ^= 1 << bit
    state = case.before.copy()
    root = state.root
    try:
        replay_block(state, publish(block, slices))
    except (ReplayIncomplete, ReplayMismatch, ReplayRefused) as error:
        assert error.number == block.header.number
        assert state.root == root
        return
    assert state.root == block.header.new_root


def _applied() -> tuple[AccountCase, SealedFrame]:
    """A block that has a request, a payout and data."""
    for number in range(1, 200):
        case = roll_case(Dice(number.to_bytes(2, "big") * 700))
        block = case.apply(with_paths=False)[1]
        if any(slot.payout and slot.chain_record for slot in block.ledger):
            return case, block
    raise AssertionError("no such block")


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda slices: [[], *slices[1:]], ReplayIncomplete),
        (lambda slices: [slices[0], *([[]] * 8)], ReplayIncomplete),
        (lambda slices: [*slices[:1], *slices[2:], slices[1]], ReplayRefused),
        (lambda slices: slices[:8], ReplayRefused),
        (lambda slices: [[1 << 240, *slices[0]], *slices[1:]], ReplayRefused),
    ],
)
def test_replay_block__slices_spoilt__says_what_disagrees(
    spoil: Callable[[list[list[int]]], Slices], error: type[Exception]
) -> None:
    case, block = _applied()
    root = case.before.root
    with pytest.raises(error) as caught:
        replay_block(case.before, publish(block, spoil([list(words) for words in block.slices])))
    assert f"block {block.header.number}" in str(caught.value)
    assert case.before.root == root


@pytest.mark.parametrize("which", ["old_root", "new_root"])
def test_replay_block__another_root__names_both(which: str) -> None:
    case, block = _applied()
    good = publish(block)
    wrong = replace(good, old_root=5) if which == "old_root" else replace(good, new_root=5)
    with pytest.raises(ReplayMismatch) as caught:
        replay_block(case.before, wrong)
    assert caught.value.what == f"the {which.replace('_', ' ')}"
    assert 5 in (caught.value.expected, caught.value.found)


def test_replay_block__other_lane__is_refused() -> None:
    case, block = _applied()
    good = publish(block)
    with pytest.raises(ReplayRefused):
        replay_block(case.before, replace(good, lane=Lane.SWAP))


# breaks: EXI-1
def test_check_account_replay__fees_forgotten__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sums, "accrue", lambda *_: None)
    check_refuted(check_account_replay, account_cases, examples=50)


def test_check_account_replay__nonces_forgotten__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_account._Replay, "_use_nonce", lambda *_: None)
    check_refuted(check_account_replay, account_cases, examples=50)


def test_check_swap_replay__pools_forgotten__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sums, "set_pool", lambda *_: None)
    check_refuted(check_swap_replay, block_cases(), examples=50)
