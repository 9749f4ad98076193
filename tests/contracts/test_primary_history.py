"""`accept`: what the primary takes, when, on whose word, and every reason for which it does not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.support.compile_vyper import load
from tests.support.drafts.escape import freeze, provider_words
from tests.support.drafts.requests import queue_swaps
from tests.support.drafts.rig import DATA, Rig, payment
from tests.support.evm import reverts
from tests.support.lines import join
from tests.support.three_chains import PRIMARY, SEQUENCER, STRANGER, USD, A, B, C
from zklink.primitives.field import R
from zklink.protocol.bridge_blocks import AcceptCall
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import DRIFT_SECONDS, MAX_AGE_SECONDS, SILENCE_SECONDS, BlockNumber, ChainId, Kind, Lane

assert PRIMARY == B
NOWHERE = ChainId(0)
PAID = {k: payment(k, USD, 700 + k).words() for k in (A, B, C)}
WITHDRAWN = {k: payment(k, USD, 5, kind=Kind.WITHDRAW_PAYOUT, source=NOWHERE).words() for k in (A, B, C)}
Words = tuple[int, ...]


# --- what is taken ---


def test_accept__slices_of_all_chains__tip_is_what_python_computes(rig: Rig) -> None:
    here = rig.primary
    (first, second), (own,) = queue_swaps(rig, A, 2), queue_swaps(rig, B, 1)
    slices = {A: join((first, PAID[A], second)), B: join((own, PAID[B])), C: PAID[C]}
    (link,) = rig.accept(rig.draft(slices))
    block = link.full.block
    assert here.tip() == Tip(BlockNumber(1), block.timestamp, 0, False, block.new_root, link.sync_hash)
    assert here.history.accepted() == (1, link.sync_hash)
    assert here.evm.event("BlocksAccepted") == {"first": 1, "last": 1, "sync_hash": link.sync_hash}
    assert here.bridge.request_counts(Lane.SWAP) == (1, 1)
    assert here.history.queue_of(A, Lane.SWAP) == rig[A].bridge.queue_hash(Lane.SWAP, 2)
    assert here.history.queue_of(A, Lane.ACCOUNT) == rig.deployment_hash
    assert here.history.queue_of(B, Lane.SWAP) == here.bridge.queue_hash(Lane.SWAP, 1)


def test_accept__blocks_of_both_lanes_in_one_call__queues_go_on_from_block_to_block(rig: Rig) -> None:
    here = rig.primary
    swaps, own = queue_swaps(rig, A, 3), queue_swaps(rig, B, 2)
    deposits = {k: [provider_words(rig[k], i) for i in (1, 2)] for k in (A, B, C)}
    rig.extend(rig.draft({A: swaps[0], B: own[0]}))
    rig.extend(rig.draft({A: deposits[A][0], B: deposits[B][0], DATA: (7, 8, 9)}, Lane.ACCOUNT))
    rig.extend(rig.draft({A: join(swaps[1:]), B: own[1]}))
    rig.extend(rig.draft({}))
    rig.extend(rig.draft({k: join((deposits[k][1], WITHDRAWN[k])) for k in (A, B)} | {DATA: (1,)}, Lane.ACCOUNT))
    here.accept(rig.accept_call())
    assert (here.tip().number, here.tip().sync_hash) == (5, rig.blocks.sync_hash())
    assert here.bridge.request_counts(Lane.SWAP) == (2, 2)
    assert here.bridge.request_counts(Lane.ACCOUNT)[1] == 2
    assert here.history.queue_of(A, Lane.SWAP) == rig[A].bridge.queue_hash(Lane.SWAP, 3)
    assert here.history.queue_of(A, Lane.ACCOUNT) == rig[A].bridge.queue_hash(Lane.ACCOUNT, 2)
    assert here.history.queue_of(C, Lane.ACCOUNT) == rig.deployment_hash
    rig.accept(rig.draft({C: deposits[C][0]}, Lane.ACCOUNT))
    assert here.history.queue_of(C, Lane.ACCOUNT) == rig[C].bridge.queue_hash(Lane.ACCOUNT, 1)


def test_accept__sixteen_blocks__are_taken(rig: Rig) -> None:
    for i in range(16):
        rig.extend(rig.draft({A: PAID[A]} if i % 2 else {C: WITHDRAWN[C]}, Lane.SWAP if i % 2 else Lane.ACCOUNT))
    rig.primary.accept(rig.accept_call())
    assert rig.primary.tip().sync_hash == rig.blocks.sync_hash(16)


def test_accept__full_block_of_64_swaps_on_one_chain__is_taken(rig: Rig) -> None:
    requests = queue_swaps(rig, A, 64)
    refunds = [payment(A, USD, 9, i, kind=Kind.SWAP_REFUNDED, source=A).words() for i in range(1, 65)]
    (link,) = rig.accept(rig.draft({A: join(r for pair in zip(requests, refunds, strict=True) for r in pair)}))
    assert rig.primary.tip().sync_hash == link.sync_hash


def test_accept__by_anybody_with_a_plain_account__is_taken(rig: Rig) -> None:
    rig.extend(rig.draft())
    rig.primary.accept(rig.accept_call(), sender=STRANGER)
    assert rig.primary.tip().number == 1


def test_accept__out_of_a_constructor__is_refused(rig: Rig) -> None:
    """Where the caller has no code yet, and is not who sends the transaction."""
    here = rig.primary
    rig.extend(rig.draft())
    data = here.history.encode("accept", *rig.accept_call().abi())
    size, address = f"61{len(data):04x}", here.history.address[2:]
    call = f"{size}61002e5f39" + f"5f5f{size}5f5f73{address}5af150" + "3d5f5f3e3d5ffd"
    with reverts("history: not a plain account"):
        here.evm.create(STRANGER, bytes.fromhex(call) + data)


def test_accept__by_a_contract__is_refused(rig: Rig) -> None:
    """The words would stand in no transaction's input."""
    here = rig.primary
    rig.extend(rig.draft())
    wallet = here.evm.deploy(STRANGER, load("ActingWallet"))
    data = here.history.encode("accept", *rig.accept_call().abi())
    with reverts("history: not a plain account"):
        wallet.act(here.history.address, data, sender=STRANGER)


# --- the clock, silence, freeze ---


def test_accept__timestamp__has_bounds(rig: Rig) -> None:
    here, now = rig.primary, rig.primary.evm.time
    for time, reason in (
        (now + DRIFT_SECONDS + 1, "accept: in the future"),
        (now - MAX_AGE_SECONDS - 1, "accept: too old"),
    ):
        with rig.rollback(), reverts(reason):
            rig.accept(rig.draft(timestamp=time))
    rig.accept(rig.draft(timestamp=now - MAX_AGE_SECONDS))
    rig.accept(rig.draft(timestamp=now + DRIFT_SECONDS))
    with rig.rollback(), reverts("block: before the last block"):
        rig.accept(rig.draft(timestamp=now + DRIFT_SECONDS - 1))
    rig.accept(rig.draft(timestamp=now + DRIFT_SECONDS))
    assert here.tip().number == 3


def test_accept__block_under_the_last_too_old__is_refused(rig: Rig) -> None:
    now = rig.primary.evm.time
    rig.extend(rig.draft(timestamp=now - MAX_AGE_SECONDS - 1))
    rig.extend(rig.draft(timestamp=now))
    with reverts("accept: too old"):
        rig.primary.accept(rig.accept_call())


def test_accept__before_an_own_request_was_queued__is_refused(rig: Rig) -> None:
    rig.primary.evm.time += 100
    (words,) = queue_swaps(rig, B, 1)
    now = rig.primary.evm.time
    with rig.rollback(), reverts("accept: before a request"):
        rig.accept(rig.draft({B: words}, timestamp=now - 1))
    rig.accept(rig.draft({B: words}, timestamp=now))


def test_accept__before_a_members_request__is_taken(rig: Rig) -> None:
    """Nothing is believed of another chain's clock."""
    rig[A].evm.time += 10_000
    (words,) = queue_swaps(rig, A, 1)
    rig.accept(rig.draft({A: words}))


@pytest.mark.parametrize("blocks", [0, 1])
def test_accept__silent__is_refused_for_ever(rig: Rig, blocks: int) -> None:
    """Since the last block, or since the deployment."""
    here = rig.primary
    for _ in range(blocks):
        rig.accept(rig.draft())
    here.evm.time += SILENCE_SECONDS
    assert not here.history.is_silent()
    with rig.rollback():
        rig.accept(rig.draft())
    here.evm.time += 1
    assert here.history.is_silent()
    with reverts("accept: silent"):
        rig.accept(rig.draft())


def test_accept__frozen__is_refused(rig: Rig) -> None:
    rig.accept(rig.draft())
    freeze(rig.primary)
    with reverts("accept: frozen"):
        rig.accept(rig.draft())


# --- the header ---

HEADERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "root is r": ("block: root above r", lambda b: replace(b, new_root=R)),
    "root far above r": ("block: root above r", lambda b: replace(b, new_root=2**256 - 1)),
    "C is r": ("block: commitment above r", lambda b: replace(b, commitment=R)),
    "unknown chain": ("block: words of an unknown chain", lambda b: replace(b, counts=b.counts + (3 << 16 * 3))),
    "chain 8": ("block: words of an unknown chain", lambda b: replace(b, counts=b.counts + (3 << 16 * 8))),
    "data": ("block: words of an unknown chain", lambda b: replace(b, counts=b.counts + 3)),
}


@pytest.mark.parametrize(("reason", "bend"), HEADERS.values(), ids=HEADERS)
def test_accept__bad_header__is_refused(rig: Rig, reason: str, bend: Callable[[Any], Any]) -> None:
    rig.extend(rig.draft({A: PAID[A], C: PAID[C]}))
    good = rig.accept_call()
    (full,) = good.blocks
    block = bend(full.block)
    more = (1, 2, 3) if block.counts != full.block.counts else ()
    bad = replace(full, block=block, slices=(*full.slices[:8], (*full.slices[8], *more)))
    with reverts(reason):
        rig.primary.accept(replace(good, blocks=(bad,)))


@pytest.mark.parametrize("lane", [0, 3, 255])
def test_accept__unknown_lane__is_refused(rig: Rig, lane: int) -> None:
    rig.extend(rig.draft())
    arguments = list(rig.accept_call().abi())
    arguments[1] = [(lane, *arguments[1][0][1:])]  # type: ignore[index]
    with reverts("block: unknown lane"):
        rig.primary.history.accept(*arguments, sender=SEQUENCER)


@pytest.mark.parametrize("count", [1 << 144, 1 << 200, 1 << 255])
def test_accept__counts_beyond_chain_8__are_refused(rig: Rig, count: int) -> None:
    rig.extend(rig.draft())
    good = rig.accept_call()
    (full,) = good.blocks
    arguments = list(replace(good, blocks=(replace(full, block=replace(full.block, counts=count)),)).abi())
    for words in (b"", bytes(32)):
        arguments[7] = words
        with pytest.raises(Exception, match=r"block: words of an unknown chain|history: words do not fit"):
            rig.primary.history.accept(*arguments, sender=SEQUENCER)
    assert rig.primary.tip().number == 0


BENT: dict[str, Callable[[AcceptCall], AcceptCall]] = {
    "root": lambda c: bend_block(c, new_root=c.blocks[0].block.new_root + 1),
    "C": lambda c: bend_block(c, commitment=c.blocks[0].block.commitment + 1),
    "time": lambda c: bend_block(c, timestamp=c.blocks[0].block.timestamp + 1),
    "lane": lambda c: bend_block(c, lane=Lane.SWAP),
    "a word": lambda c: bend_slice(c, A, (*WITHDRAWN[A][:2], WITHDRAWN[A][2] + 1)),
    "a word of slice 0": lambda c: bend_slice(c, DATA, (7, 9)),
    "slice 0 reordered": lambda c: bend_slice(c, DATA, (8, 7)),
}


def bend_block(call: AcceptCall, **changes: Any) -> AcceptCall:
    """Another header."""
    full = call.blocks[0]
    return replace(call, blocks=(replace(full, block=replace(full.block, **changes)), *call.blocks[1:]))


def bend_slice(call: AcceptCall, chain: ChainId, words: Words) -> AcceptCall:
    """Other words, as many."""
    full = call.blocks[0]
    slices = (*full.slices[:chain], words, *full.slices[chain + 1 :])
    return replace(call, blocks=(replace(full, slices=slices), *call.blocks[1:]))


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
def test_accept__whatever_differs_from_the_sealed_block__is_another_block(
    rig: Rig, bend: Callable[[AcceptCall], AcceptCall]
) -> None:
    rig.extend(rig.draft({A: WITHDRAWN[A], DATA: (7, 8)}, Lane.ACCOUNT))
    good = rig.accept_call()
    with pytest.raises(Exception, match=r"groups: not of this group|block: words of an unknown chain"):
        rig.primary.accept(bend(good))
    rig.primary.accept(good)
