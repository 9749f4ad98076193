"""A member whose queue cannot match the next block: ACC freezes it, END ends it there. And ENDs that are far away."""

from collections.abc import Sequence

import pytest

from tests.support.drafts.end_words import DAYS_14, VALIDATORS, WATCHERS, make_blocks
from tests.support.drafts.escape import begin_exodus, end_of, provider_words, raise_end, stand_end
from tests.support.drafts.rig import RESERVE, TOKENS, Rig, RigChain, payment
from tests.support.evm import reverts
from tests.support.three_chains import PROVIDER, STRANGER, USD, A, B, C
from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.ids import Lane


def invented(here: RigChain, request_id: int = 1) -> list[int]:
    """A deposit that nobody has made: one unit more than the provider's."""
    first, *others = provider_words(here, request_id)
    return [first + 1, *others]


def draft_with(rig: Rig, words: Sequence[int]) -> FullBlock:
    """A block that serves these requests of A."""
    return rig.draft({A: words}, lane=Lane.ACCOUNT)


def accept_lie(rig: Rig) -> int:
    """The primary accepts an invented request of A, on a false QUE; gives the block's number."""
    rig.extend(draft_with(rig, invented(rig[A])))
    number = rig.blocks.height
    rig.primary.accept(rig.blocks.accept_call(number, number))
    return number


# --- from ACC ---


def test_show_mismatch__from_acc__freezes(rig: Rig) -> None:
    number = accept_lie(rig)
    here = rig[A]
    with reverts("queue: other requests"):
        rig.import_on(A)
    here.show_mismatch(rig.blocks.mismatch_call(A, number))
    assert here.bridge.is_frozen()
    assert not here.end.may_open() and not here.end.end_state()[2]
    assert here.evm.event("MismatchShown") == {"number": 0, "sync_hash": rig.deployment_hash}
    here.evm.time += 100 * DAYS_14
    assert not here.end.may_open()
    with reverts("bridge: already frozen"):
        here.show_mismatch(rig.blocks.mismatch_call(A, number))


def test_show_mismatch__more_requests_than_there_are__freezes(rig: Rig) -> None:
    here = rig[A]
    words = [word for i in range(1, len(TOKENS) + 1) for word in provider_words(here, i)]
    rig.extend(draft_with(rig, [*words, *invented(here)]))
    here.show_mismatch(rig.blocks.mismatch_call(A, 1))
    assert here.bridge.is_frozen()


def test_show_mismatch__by_the_acc_of_a_later_block__freezes(rig: Rig) -> None:
    accept_lie(rig)
    make_blocks(rig, 2)
    rig[A].show_mismatch(rig.blocks.mismatch_call(A, 1, 3))
    assert rig[A].bridge.is_frozen()


def test_show_mismatch__without_acc__is_refused(rig: Rig) -> None:
    """A seal alone proves nothing: the primary may never accept the block."""
    accept_lie(rig)
    call = rig.blocks.mismatch_call(A, 1)
    arguments = list(call.abi())
    seal = rig.blocks.seal(1)
    for validators, watchers in ((seal, seal), (seal, call.watchers), (call.watchers, call.validators)):
        with reverts("groups: not of this group"):
            rig[A].end.show_mismatch(*arguments[:3], validators, watchers, arguments[5])
    with reverts("groups: too few signatures"):
        rig[A].end.show_mismatch(*arguments[:3], b"", b"", arguments[5])


def test_show_mismatch__queue_matches__is_refused(rig: Rig) -> None:
    rig.accept(draft_with(rig, provider_words(rig[A])))
    with reverts("end: the queue matches"):
        rig[A].show_mismatch(rig.blocks.mismatch_call(A, 1))
    rig.accept(rig.draft())
    rig.import_on(A)
    rig.accept(rig.draft({B: payment(B, USD, 5).words()}))
    with reverts("end: the queue matches"):
        rig[A].show_mismatch(rig.blocks.mismatch_call(A, 3))


def test_show_mismatch__not_the_next_block__is_refused(rig: Rig) -> None:
    """Block 2 serves what block 1 leaves: read as block 1, it seems not to match."""
    here = rig[A]
    rig.accept(draft_with(rig, provider_words(here)))
    rig.accept(draft_with(rig, provider_words(here, 2)))
    with reverts("groups: not of this group"):
        here.show_mismatch(rig.blocks.mismatch_call(A, 2))
    raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)
    with reverts("end: no mismatch in END"):
        here.show_mismatch(rig.blocks.mismatch_call(A, 2, by_end=True))


def test_show_mismatch__slice_that_is_not_the_blocks__is_refused(rig: Rig) -> None:
    rig.accept(draft_with(rig, provider_words(rig[A])))
    other = rig.blocks.branch(0)
    other.append(draft_with(rig, invented(rig[A])))
    call = other.mismatch_call(A, 1)
    true = rig.blocks.acc(1)
    with reverts("groups: not of this group"):
        rig[A].end.show_mismatch(*call.abi()[:3], *true, call.abi()[5])


def test_raise_end__chain_frozen_before__stands(rig: Rig) -> None:
    accept_lie(rig)
    here = rig[A]
    frozen_in = here.evm.height
    here.show_mismatch(rig.blocks.mismatch_call(A, 1))
    here.evm.time += 5
    raise_end(rig, end_of(rig, A, 1), VALIDATORS, WATCHERS)
    assert here.end.ended()[0] == 1
    assert here.bridge.frozen_at()[1] == frozen_in


# --- from END ---


def test_show_mismatch__from_end__secedes(rig: Rig) -> None:
    here = rig[A]
    rig.accept(draft_with(rig, provider_words(here)))
    rig.import_on(A)
    rig.extend(draft_with(rig, invented(here, 2)))
    rig.primary.accept(rig.blocks.accept_call(2, 2))
    make_blocks(rig, 1)
    raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)
    assert not here.end.may_open()
    here.show_mismatch(rig.blocks.mismatch_call(A, 2, 3, by_end=True))
    ended = (1, rig.blocks.sync_hash(1))
    assert here.evm.event("Seceded") == {"number": 1, "sync_hash": ended[1]}
    assert here.end.ended() == here.history.end() == ended
    assert here.end.may_open()
    begin_exodus(here)
    assert here.exodus.exit_root() == rig.blocks.root(1)
    before = here.balance(TOKENS[1], PROVIDER)
    here.exodus.cancel_requests(Lane.ACCOUNT, provider_words(here, 2), sender=STRANGER)
    assert here.balance(TOKENS[1], PROVIDER) - before == RESERVE * here.scale(TOKENS[1])


def test_show_mismatch__from_end__is_final(rig: Rig) -> None:
    accept_lie(rig)
    make_blocks(rig, 1)
    here = rig[A]
    raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)
    here.show_mismatch(rig.blocks.mismatch_call(A, 1, 2, by_end=True))
    with reverts("end: no mismatch in END"):
        here.show_mismatch(rig.blocks.mismatch_call(A, 1, 2, by_end=True))
    with reverts("end: stands already"):
        raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)


def test_show_mismatch__while_end_waits__does_not_secede(rig: Rig) -> None:
    """A false END must not cut a member off before anybody could object."""
    accept_lie(rig)
    here = rig[A]
    raise_end(rig, end_of(rig, A), WATCHERS)
    with reverts("groups: too few signatures"):
        here.show_mismatch(rig.blocks.mismatch_call(A, 1, by_end=True))
    here.show_mismatch(rig.blocks.mismatch_call(A, 1))
    assert here.end.ended() == (0, bytes(32))
    stand_end(rig, A)
    here.show_mismatch(rig.blocks.mismatch_call(A, 1, by_end=True))
    assert here.end.may_open()


def test_show_mismatch__time_alone__never_ends_a_member(rig: Rig) -> None:
    here = rig[A]
    rig.accept(draft_with(rig, provider_words(here)))
    raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)
    here.evm.time += 100 * DAYS_14
    assert not here.end.may_open()
    with reverts("end: the queue matches"):
        here.show_mismatch(rig.blocks.mismatch_call(A, 1, by_end=True))


def test_show_mismatch__with_payouts_owed__exits_wait_for_them(rig: Rig) -> None:
    here = rig[A]
    rig.accept(rig.draft({A: payment(A, USD, 5_000).words()}))
    rig.import_on(A, pay=False)
    accept_lie(rig)
    raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)
    here.show_mismatch(rig.blocks.mismatch_call(A, 2, by_end=True))
    assert not here.end.may_open()
    rig.execute(A, 1)
    assert here.end.may_open()


# --- END that is further away than a call can open ---


def test_open_path__in_pieces__opens_what_no_call_can(rig: Rig) -> None:
    make_blocks(rig, 5)
    here, fact, line = rig[A], end_of(rig, A), rig.blocks
    base = (0, rig.deployment_hash)
    here.end.open_path(*base, *base, list(line.commitments(0, 2)), sender=STRANGER)
    assert here.end.is_opened(*base, 2, line.sync_hash(2))
    assert not here.end.is_opened(*base, 5, line.sync_hash(5))
    here.end.open_path(*base, 2, line.sync_hash(2), list(line.commitments(2, 5)), sender=STRANGER)
    assert here.end.is_opened(*base, 5, line.sync_hash(5))
    evidence = [rig.groups.end(fact, group) for group in (VALIDATORS, WATCHERS)]
    here.end.raise_end(5, fact.sync_hash, [], line.seal(5), *evidence)
    assert here.end.ended() == (5, fact.sync_hash)


def test_open_path__from_what_was_not_opened__is_refused(rig: Rig) -> None:
    make_blocks(rig, 3)
    line, base = rig.blocks, (0, rig.deployment_hash)
    for number, sync_hash in ((2, line.sync_hash(2)), (0, line.sync_hash(2)), (1, rig.deployment_hash)):
        with reverts("end: not opened so far"):
            rig[A].end.open_path(*base, number, sync_hash, list(line.commitments(2, 3)))


def test_open_path__of_another_base__opens_nothing_here(rig: Rig) -> None:
    """What a stranger opens for a history of its own says nothing about this chain's."""
    make_blocks(rig, 3, imported=1)
    here, fact, line = rig[A], end_of(rig, A), rig.blocks
    evidence = [rig.groups.end(fact, group) for group in (VALIDATORS, WATCHERS)]
    here.end.open_path(2, line.sync_hash(2), 2, line.sync_hash(2), list(line.commitments(2, 3)))
    here.end.open_path(9, line.sync_hash(1), 9, line.sync_hash(1), list(line.commitments(1, 3)))
    with reverts("end: not above the tip"):
        here.end.raise_end(3, fact.sync_hash, [], line.seal(3), *evidence)


def test_open_path__numbers_beyond_all_blocks__are_refused(rig: Rig) -> None:
    last = (2**64 - 1, bytes(32))
    with reverts(""):
        rig[A].end.open_path(*last, *last, [bytes(32)])


def test_import__end_far_away__by_an_opened_path(rig: Rig) -> None:
    make_blocks(rig, 4)
    here, fact, line = rig[A], end_of(rig, A), rig.blocks
    raise_end(rig, fact, VALIDATORS, WATCHERS)
    call = line.import_call(A, 1, 2, by_end=True)
    with reverts("import: no path to END"):
        here.import_blocks(call)
    base = (2, line.sync_hash(2))
    here.end.open_path(*base, *base, list(line.commitments(2, 4)))
    here.import_blocks(call)
    here.import_blocks(line.import_call(A, 3, 4, by_end=True))
    assert here.end.may_open()


def test_show_mismatch__end_far_away__by_an_opened_path(rig: Rig) -> None:
    accept_lie(rig)
    make_blocks(rig, 3)
    here, line = rig[A], rig.blocks
    raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)
    call = line.mismatch_call(A, 1, by_end=True)
    with reverts("end: no mismatch in END"):
        here.show_mismatch(call)
    here.end.open_path(1, line.sync_hash(1), 1, line.sync_hash(1), list(line.commitments(1, 4)))
    here.show_mismatch(call)
    assert here.end.may_open()


@pytest.mark.parametrize("member", [A, C])
def test_show_mismatch__lie_about_one_member__leaves_others_alone(rig: Rig, member: int) -> None:
    accept_lie(rig)
    if member == C:
        with reverts("end: the queue matches"):
            rig[C].show_mismatch(rig.blocks.mismatch_call(C, 1))
        rig.import_on(C)
        assert rig[C].tip().number == 1
    else:
        rig[A].show_mismatch(rig.blocks.mismatch_call(A, 1))
