"""`import_blocks`: a member takes what the primary has, on both groups' word or END's, and refuses nothing but its own
queue. And the place in which a history stands: constructors, partners, storage.
"""

from dataclasses import replace

import pytest

from tests.support.drafts.escape import end_of, freeze, provider_words, raise_end
from tests.support.drafts.requests import queue_swaps
from tests.support.drafts.rig import DATA, Rig, payment
from tests.support.evm import reverts
from tests.support.lines import join
from tests.support.three_chains import GOVERNOR, PRIMARY, SEQUENCER, STRANGER, USD, A, B, C
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.facts import Group
from zklink.protocol.ids import BlockNumber, ChainId, Lane

assert PRIMARY == B
BOTH = (Group.VALIDATORS, Group.WATCHERS)


def paid(chain: ChainId, amount: int = 700) -> tuple[int, ...]:
    """A payout's words."""
    return payment(chain, USD, amount).words()


def test_import__slices_of_all_chains__tip_is_the_primarys(rig: Rig) -> None:
    here = rig[A]
    first, second = queue_swaps(rig, A, 2)
    rig.accept(rig.draft({A: join((first, paid(A), second)), B: paid(B), C: paid(C)}))
    rig.import_on(A)
    block = rig.blocks[1].full.block
    assert here.tip() == Tip(BlockNumber(1), block.timestamp, 0, False, block.new_root, rig.blocks.sync_hash(1))
    assert here.history.accepted() == (1, rig.blocks.sync_hash(1))
    assert here.evm.event("BlocksImported") == {"first": 1, "last": 1, "sync_hash": rig.blocks.sync_hash(1)}
    assert here.bridge.request_counts(Lane.SWAP) == (2, 2)
    assert here.history.end() == (0, bytes(32))


def test_import__blocks_of_both_lanes_in_one_call__queues_go_on(rig: Rig) -> None:
    swaps = queue_swaps(rig, A, 3)
    deposits = [provider_words(rig[A], i) for i in (1, 2)]
    rig.accept(
        rig.draft({A: swaps[0]}),
        rig.draft({A: deposits[0], DATA: (1, 2)}, Lane.ACCOUNT),
        rig.draft({A: join(swaps[1:])}),
        rig.draft({C: paid(C)}),
        rig.draft({A: deposits[1]}, Lane.ACCOUNT),
    )
    rig.import_on(A, C)
    assert rig[A].tip() == rig.primary.tip()
    assert rig[A].bridge.request_counts(Lane.SWAP) == (3, 3)
    assert rig[A].bridge.request_counts(Lane.ACCOUNT)[1] == 2
    assert rig[C].tip().sync_hash == rig.blocks.sync_hash()


def test_import__any_clock_and_caller__is_taken(rig: Rig) -> None:
    """A member knows nothing of time, and is imported by contracts, too."""
    here = rig[A]
    (words,) = queue_swaps(rig, A, 1)
    rig.primary.evm.time -= 500
    rig.accept(rig.draft({A: words}))
    here.evm.time += 10**7
    rig.accept(rig.draft())
    here.import_blocks(rig.import_call(A), sender=STRANGER)
    assert here.tip().number == 2


def test_import__frozen__goes_on(rig: Rig) -> None:
    freeze(rig[A])
    rig.accept(rig.draft({A: paid(A)}))
    rig.import_on(A)
    assert rig[A].tip().number == 1


def test_import__with_the_acc_of_a_later_block__is_taken(rig: Rig) -> None:
    rig.accept(*(rig.draft({A: paid(A)}) for _ in range(4)))
    rig[A].import_blocks(rig.blocks.import_call(A, 1, 2, 4))
    assert rig[A].tip().number == 2


def test_import__not_signed_by_both_groups__is_refused(rig: Rig) -> None:
    rig.accept(*(rig.draft({A: paid(A)}) for _ in range(3)))
    good = rig.blocks.import_call(A, 1, 2, 3)
    for call in (
        replace(good, validators=good.watchers),
        replace(good, watchers=good.validators),
        replace(good, validators=rig.blocks.seal(3)),
        replace(good, later=()),
        replace(good, later=(*good.later, *good.later)),
        replace(good, later=(b"\x05" * 32,)),
    ):
        with reverts("groups: not of this group"):
            rig[A].import_blocks(call)
    for call in (replace(good, validators=b""), replace(good, watchers=good.watchers[:65])):
        with reverts("groups: too few signatures"):
            rig[A].import_blocks(call)
    rig[A].import_blocks(good)


def test_import__requests_that_are_not_the_own_queue__are_refused(rig: Rig) -> None:
    first, second = queue_swaps(rig, A, 2)
    for requests in ((second,), (second, first), (first, first), ((first[0] + 1, *first[1:]),)):
        with rig.rollback():
            rig.extend(rig.draft({A: join(requests)}))
            rig.primary.accept(rig.blocks.accept_call(1, 1))
            with reverts("queue: other requests"):
                rig.import_on(A)


# --- END ---


def stand(rig: Rig, number: int) -> None:
    """END stands at once on A, on the word of both groups."""
    raise_end(rig, end_of(rig, A, number), *BOTH)


def test_import__end_stands__takes_what_it_contains_and_nothing_else(rig: Rig) -> None:
    here = rig[A]
    rig.accept(*(rig.draft({A: paid(A, 700 + i)}) for i in range(4)))
    stand(rig, 3)
    assert here.history.end() == (3, rig.blocks.sync_hash(3))
    assert here.tip().has_end
    for call, reason in (
        (rig.blocks.import_call(A, 1, 4), "import: not up to END"),
        (rig.blocks.import_call(A, 1, 1, 2), "import: not up to END"),
        (rig.blocks.import_call(A, 1, 1, 4), "import: not up to END"),
        (replace(rig.blocks.import_call(A, 1, 1, 3), later=(b"\x05" * 32,) * 2), "import: not what END names"),
        (rig.blocks.import_call(A, 1, 2), "import: no path to END"),
    ):
        with reverts(reason):
            here.import_blocks(call)
    here.import_blocks(rig.blocks.import_call(A, 1, 1, 3, by_end=True))
    here.import_blocks(rig.blocks.import_call(A, 1, 3, by_end=True))
    assert (here.tip().number, here.tip().has_end) == (3, True)
    with reverts("import: not up to END"):
        here.import_blocks(rig.blocks.import_call(A, 4, 4))


def test_import__end_far_away__by_a_path_that_was_opened(rig: Rig) -> None:
    here = rig[A]
    rig.accept(*(rig.draft({A: paid(A, 700 + i)}) for i in range(3)))
    stand(rig, 3)
    call = rig.blocks.import_call(A, 1, 1, by_end=True)
    with reverts("import: no path to END"):
        here.import_blocks(call)
    base, end = (1, rig.blocks.sync_hash(1)), (3, rig.blocks.sync_hash(3))
    path = list(rig.blocks.commitments(1, 3))
    here.end.open_path(*base, *base, path[:1], sender=STRANGER)
    here.end.open_path(*base, 2, rig.blocks.sync_hash(2), path[1:], sender=STRANGER)
    assert here.end.is_opened(*base, *end)
    here.import_blocks(call)
    assert here.tip().number == 1


def test_set_end__anybody_else__is_refused(rig: Rig) -> None:
    for sender in (STRANGER, GOVERNOR, SEQUENCER):
        with reverts("history: not the end contract"):
            rig[A].history.set_end(1, b"\x05" * 32, sender=sender)


# --- what a member shows of the next block ---


def test_is_unmatched__next_block__by_the_own_queue_alone(rig: Rig) -> None:
    here = rig[A]
    first, second = queue_swaps(rig, A, 2)
    rig.accept(rig.draft({A: join((paid(A), first)), B: paid(B), C: paid(C)}))
    rig.import_on(A)
    cases = {
        (second,): False,
        (): False,
        (paid(A),): False,
        (first,): True,
        (second, second): True,
        ((second[0] + 1, *second[1:]),): True,
    }
    for records, is_unmatched in cases.items():
        with rig.rollback():
            (link,) = rig.extend(rig.draft({A: join(records), B: paid(B)}))
            member = link.member(A)
            arguments = (member.block.abi(), list(member.claims), b"".join(w.to_bytes(32, "big") for w in member.words))
            assert here.history.is_unmatched(*arguments) == (is_unmatched, link.commitment)


def test_is_unmatched__account_lane__by_its_own_queue(rig: Rig) -> None:
    here = rig[A]
    words = provider_words(here)
    for request, is_unmatched in ((words, False), ([words[0] + 1, *words[1:]], True)):
        with rig.rollback():
            (link,) = rig.extend(rig.draft({A: request, DATA: (1, 2)}, Lane.ACCOUNT))
            member = link.member(A)
            packed = b"".join(w.to_bytes(32, "big") for w in member.words)
            found = here.history.is_unmatched(member.block.abi(), list(member.claims), packed)
            assert found == (is_unmatched, link.commitment)


def test_is_unmatched__does_not_fit__is_refused(rig: Rig) -> None:
    (link,) = rig.extend(rig.draft({A: paid(A), B: paid(B)}))
    member = link.member(A)
    block, claims = member.block.abi(), list(member.claims)
    packed = b"".join(w.to_bytes(32, "big") for w in member.words)
    history = rig[A].history
    for words in (packed[:-32], packed + bytes(32), packed + bytes(1), b""):
        with reverts("unmatched: words do not fit"):
            history.is_unmatched(block, claims, words)
    for others in (claims[:1], [], [*claims, 0], claims * 2):
        with reverts("unmatched: claims do not fit"):
            history.is_unmatched(block, others, packed)
    for lane in (0, 3):
        with reverts("unmatched: unknown lane"):
            history.is_unmatched((lane, *block[1:]), claims, packed)


@pytest.mark.parametrize("chain", [A, B])
def test_storage__slots_0_to_2__are_the_tip(rig: Rig, chain: ChainId) -> None:
    """What a storage proof shows."""
    here = rig[chain]
    rig.everywhere(rig.draft({k: paid(k) for k in (A, B, C)}), rig.draft({A: paid(A), B: paid(B)}), pay=False)
    tip, address = here.tip(), here.history.address
    packed, root, sync_hash = (here.evm.evm.storage(address, slot) for slot in range(3))
    assert tip.unpaid == 2
    assert packed == tip.number | tip.timestamp << 64 | tip.unpaid << 104 | tip.has_end << 136
    assert (root, sync_hash.to_bytes(32, "big")) == (rig.blocks.root(), rig.blocks.sync_hash())
