"""What a bridge lets its partners do: each one thing, within its own books, whatever they say."""

import pytest

from tests.support.drafts.rig import COIN, Rig, payment
from tests.support.drafts.second_bridge import Site
from tests.support.evm import reverts
from tests.support.three_chains import GOVERNOR, STRANGER, ZERO, A
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.protocol.ids import ACCOUNT_RING, MAX_OPEN_ACCOUNT_REQUESTS, MAX_OPEN_SWAPS, SWAP_RING, Lane

NO_PART = bytes(32)
"""No full exit is served in part."""


@pytest.fixture
def site(rig: Rig) -> Site:
    """Chain A, for one more bridge."""
    return Site(rig[A], rig.deployment.vk_hashes)


def test_release__broken_exodus_contract__cannot_touch_a_chain_that_runs(site: Site) -> None:
    """And on a frozen one it gets no more than came in."""
    bridge, broken = site.deploy_broken()
    bridge.deposit((COIN, 10**12, universal_address(STRANGER), 0, STRANGER), sender=GOVERNOR, value=10**12)
    release = bridge.encode("release", COIN, STRANGER, 10**6)
    with reverts("bridge: not frozen"):
        broken.act(bridge.address, release)
    broken.act(bridge.address, bridge.encode("freeze"))
    with reverts("custody: more than came in"):
        broken.act(bridge.address, bridge.encode("release", COIN, STRANGER, 10**6 + 1))
    broken.act(bridge.address, release)
    assert bridge.solvency(COIN) == (0, 0, 0)


def test_release__anybody_else__is_refused(rig: Rig) -> None:
    for sender in (STRANGER, GOVERNOR):
        with reverts("bridge: not the exodus contract"):
            rig[A].bridge.release(COIN, STRANGER, 1, sender=sender)


def test_pay__broken_history__gets_no_more_than_came_in(site: Site) -> None:
    bridge, broken = site.deploy_broken()
    bridge.deposit((COIN, 10**12, universal_address(STRANGER), 0, STRANGER), sender=GOVERNOR, value=10**12)
    words = payment(A, COIN, 10**6 + 1).words()
    with reverts("custody: more than came in"):
        broken.act(bridge.address, bridge.encode("pay", list(words)))
    words = payment(A, COIN, 10**6).words()
    broken.act(bridge.address, bridge.encode("pay", list(words) * 3))
    assert bridge.solvency(COIN) == (0, 0, 0)


@pytest.mark.parametrize("recipient", [bytes([1]) + bytes(31), bytes(11) + bytes([1]) + bytes([2] * 20), bytes(32)])
def test_pay__recipient_is_no_address_of_this_chain__is_owed_to_nobody(site: Site, recipient: bytes) -> None:
    """No history admits it: never cut to 20 bytes, and blocks nothing."""
    bridge, broken = site.deploy_broken()
    bridge.deposit((COIN, 10**12, universal_address(STRANGER), 0, STRANGER), sender=GOVERNOR, value=10**12)
    words = payment(A, COIN, 5_000, recipient=recipient).words()
    broken.act(bridge.address, bridge.encode("pay", list(words)))
    assert site.evm.event("PayoutDeferred")["receiver"] == ZERO
    assert bridge.pending_balance(ZERO, COIN) == 5_000 * 10**6


def test_pay__words_cut_short__are_refused(site: Site) -> None:
    bridge, broken = site.deploy_broken()
    bridge.deposit((COIN, 10**12, universal_address(STRANGER), 0, STRANGER), sender=GOVERNOR, value=10**12)
    for cut in (1, 2, 4, 5):
        with reverts(""):
            broken.act(bridge.address, bridge.encode("pay", list(payment(A, COIN, 5_000).words() * 2)[:cut]))


def test_consume__broken_history__cannot_go_back_or_beyond_the_queue(site: Site) -> None:
    bridge, broken = site.deploy_broken()
    for i in (1, 2, 3):
        bridge.deposit((COIN, i * 10**9, universal_address(STRANGER), 0, STRANGER), sender=GOVERNOR, value=i * 10**9)

    def consume(count: int, queue_hash: bytes, lane: int = Lane.ACCOUNT, part: bytes = NO_PART) -> None:
        broken.act(bridge.address, bridge.encode("consume", lane, count, queue_hash, part, 0))

    hashes = [bridge.queue_hash(Lane.ACCOUNT, i) for i in range(4)]
    consume(2, hashes[2])
    assert bridge.request_counts(Lane.ACCOUNT) == (3, 2)
    assert bridge.next_requests(Lane.ACCOUNT) == (2, hashes[2])
    consume(2, hashes[2])
    with reverts("queue: consumed already"):
        consume(1, hashes[1])
    for count, queue_hash in ((3, hashes[2]), (3, bytes(32)), (4, bytes(32)), (4, hashes[3])):
        with reverts("queue: other requests"):
            consume(count, queue_hash)
    for lane in (0, 3, 255):
        with reverts("queue: other requests"):
            consume(0, bytes(32), lane)
    assert bridge.request_counts(Lane.ACCOUNT) == (3, 2)


def test_consume__full_exit_served_in_part__must_be_the_next_and_stays(site: Site) -> None:
    """It is no answer: the request waits on, and may be frozen over."""
    bridge, broken = site.deploy_broken()
    for account in (1, 2, 3):
        bridge.full_exit(account, COIN, bytes(32), 1, sender=STRANGER)
    hashes = [bridge.queue_hash(Lane.ACCOUNT, i) for i in range(4)]

    def consume(count: int, part: bytes) -> None:
        broken.act(bridge.address, bridge.encode("consume", Lane.ACCOUNT, count, hashes[count], part, 0))

    consume(1, hashes[2])
    consume(1, hashes[2])
    assert bridge.next_requests(Lane.ACCOUNT) == (1, hashes[1])
    for part in (hashes[1], hashes[3], b"\1" * 32):
        with reverts("queue: another full exit"):
            consume(1, part)
    with reverts("queue: another full exit"):
        consume(3, hashes[3])
    assert bridge.request_counts(Lane.ACCOUNT) == (3, 1)


# --- the ring ---


def test_queue__more_requests_than_places__keeps_what_is_open(site: Site) -> None:
    """Old places are overwritten, never an open one; what is gone reads as zero."""
    bridge, broken = site.deploy_broken()

    def queue(count: int) -> None:
        for _ in range(count):
            bridge.full_exit(1, COIN, bytes(32), 1, sender=STRANGER)

    def consume(count: int) -> None:
        call = bridge.encode("consume", Lane.ACCOUNT, count, bridge.queue_hash(Lane.ACCOUNT, count), NO_PART, 0)
        broken.act(bridge.address, call)

    hashes = [bridge.queue_hash(Lane.ACCOUNT, 0)]
    for batch in range(3):
        queue(MAX_OPEN_ACCOUNT_REQUESTS)
        with reverts("queue: full"):
            queue(1)
        total = (batch + 1) * MAX_OPEN_ACCOUNT_REQUESTS
        hashes += [bridge.queue_hash(Lane.ACCOUNT, i) for i in range(len(hashes), total + 1)]
        assert len(set(hashes)) == total + 1
        oldest = max(total - ACCOUNT_RING + 1, 0)
        assert [bridge.queue_hash(Lane.ACCOUNT, i) for i in range(oldest, total + 1)] == hashes[oldest:]
        assert {bridge.queue_hash(Lane.ACCOUNT, i) for i in range(oldest)} <= {bytes(32)}
        assert {bridge.queue_hash(Lane.ACCOUNT, total + i) for i in (1, 2, ACCOUNT_RING, 2**63)} == {bytes(32)}
        consume(total)
        assert bridge.next_requests(Lane.ACCOUNT) == (total, hashes[total])
    with reverts("queue: other requests"):
        call = bridge.encode("consume", Lane.ACCOUNT, total + ACCOUNT_RING, hashes[total], NO_PART, 0)
        broken.act(bridge.address, call)


def test_queue__ring__has_room_for_twice_what_can_be_open() -> None:
    assert ACCOUNT_RING >= 2 * MAX_OPEN_ACCOUNT_REQUESTS
    assert SWAP_RING >= 2 * MAX_OPEN_SWAPS
