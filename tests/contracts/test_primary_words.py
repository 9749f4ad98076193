"""`accept`: whose word it takes for what members have queued and for the block itself, and its own queue."""

from dataclasses import replace

import pytest

from tests.support.drafts.escape import provider_words
from tests.support.drafts.requests import queue_swaps
from tests.support.drafts.rig import Rig, payment
from tests.support.evm import reverts
from tests.support.groups import STRANGER_KEY
from tests.support.lines import join
from tests.support.three_chains import PRIMARY, SEQUENCER, USD, A, B, C
from zklink.protocol.facts import Group, QueueFact, Seal
from zklink.protocol.ids import BlockNumber, ChainId, Lane

assert PRIMARY == B
PAID = payment(A, USD, 701).words()


def bend_queue(rig: Rig, *facts: QueueFact) -> tuple[tuple[QueueFact, ...], bytes]:
    """Facts, and the watchers' word for them, true or not."""
    return facts, rig.groups.queues(facts)


# --- the queues ---


def test_accept__requests_that_are_not_the_own_queue__are_refused(rig: Rig) -> None:
    first, second, third = queue_swaps(rig, B, 3)
    changed = (first[0] + 1, *first[1:])
    for requests in (
        (second,),
        (second, first),
        (first, first),
        (changed,),
        (first, second, third, third),
        (first, third),
    ):
        with rig.rollback(), reverts("queue: other requests"):
            rig.accept(rig.draft({B: join(requests)}))
    rig.accept(rig.draft({B: join((first, second))}))
    with rig.rollback(), reverts("queue: other requests"):
        rig.accept(rig.draft({B: second}))
    rig.accept(rig.draft({B: third}))


def test_accept__requests_that_are_not_the_members_queue__are_refused(rig: Rig) -> None:
    first, second = queue_swaps(rig, A, 2)
    for requests in ((second,), (second, first), (first, first), ((first[0] + 1, *first[1:]),)):
        with rig.rollback(), reverts("accept: not the queued requests"):
            rig.accept(rig.draft({A: join(requests)}))
    rig.accept(rig.draft({A: first}))
    with rig.rollback(), reverts("accept: not the queued requests"):
        rig.accept(rig.draft({A: first}))
    rig.accept(rig.draft({A: second}))


def test_accept__queue_served_without_the_watchers_word__is_refused(rig: Rig) -> None:
    words, deposit = queue_swaps(rig, A, 1)[0], provider_words(rig[C])
    rig.extend(rig.draft({A: words}), rig.draft({C: deposit}, Lane.ACCOUNT))
    good = rig.accept_call()
    swap, account = good.queues
    for facts in ((), (swap,), (account,), (swap, replace(account, lane=Lane.SWAP)), (replace(swap, chain=C), account)):
        queues, watchers = bend_queue(rig, *facts)
        with reverts("accept: no word for a queue"):
            rig.primary.accept(replace(good, queues=queues, watchers=watchers))
    with reverts("groups: not of this group"):
        rig.primary.accept(replace(good, watchers=rig.groups.queues((account, swap))))
    with reverts("groups: too few signatures"):
        rig.primary.accept(replace(good, watchers=good.watchers[:130]))
    queues, watchers = bend_queue(rig, account, swap)
    rig.primary.accept(replace(good, queues=queues, watchers=watchers))


def test_accept__queues_that_are_not_served__may_be_named(rig: Rig) -> None:
    words = queue_swaps(rig, A, 1)[0]
    rig.extend(rig.draft({A: words}))
    good = rig.accept_call()
    others = [QueueFact(k, lane, 5, b"\x05" * 32) for k, lane in ((A, Lane.ACCOUNT), (B, Lane.SWAP), (C, Lane.SWAP))]
    queues, watchers = bend_queue(rig, *others, *good.queues)
    rig.primary.accept(replace(good, queues=queues, watchers=watchers))
    assert rig.primary.history.queue_of(A, Lane.ACCOUNT) == rig.deployment_hash


def test_accept__one_of_two_entries_for_a_queue_is_false__is_refused(rig: Rig) -> None:
    rig.extend(rig.draft({A: queue_swaps(rig, A, 1)[0]}))
    good = rig.accept_call()
    false = replace(good.queues[0], hash=b"\x05" * 32)
    for facts in ((false, *good.queues), (*good.queues, false)):
        queues, watchers = bend_queue(rig, *facts)
        with reverts("accept: not the queued requests"):
            rig.primary.accept(replace(good, queues=queues, watchers=watchers))


def test_accept__no_queue_served__needs_no_word_of_watchers(rig: Rig) -> None:
    rig.extend(rig.draft({A: PAID}))
    rig.primary.accept(replace(rig.accept_call(), watchers=b""))


@pytest.mark.parametrize(("chain", "lane"), [(9, 1), (255, 2), (1, 0), (1, 3)])
def test_accept__queue_that_cannot_be__is_refused(rig: Rig, chain: int, lane: int) -> None:
    rig.extend(rig.draft({A: queue_swaps(rig, A, 1)[0]}))
    good = rig.accept_call()
    arguments = list(good.abi())
    arguments[3] = [(chain, lane, 1, bytes(32)), *arguments[3]]  # type: ignore[misc]
    with reverts("accept: no such queue"):
        rig.primary.history.accept(*arguments, sender=SEQUENCER)


# --- the seal ---


def test_accept__not_sealed__is_refused(rig: Rig) -> None:
    rig.extend(rig.draft(), rig.draft())
    good, groups, line = rig.accept_call(), rig.groups, rig.blocks
    seal = Seal(BlockNumber(2), line.sync_hash())
    for reason, evidence in (
        ("groups: too few signatures", b""),
        ("groups: too few signatures", good.seal[:130]),
        ("groups: not of this group", line.seal(1)),
        ("groups: not of this group", groups.seal(2, line.sync_hash(1))),
        ("groups: not of this group", groups.seal(3, line.sync_hash())),
        ("groups: not of this group", groups.sign(seal, Group.WATCHERS)),
        ("groups: not of this group", groups.sign(seal, Group.VALIDATORS, [STRANGER_KEY] * 3)),
        ("groups: not of this group", line.acc(2).validators),
    ):
        with reverts(reason):
            rig.primary.accept(replace(good, seal=evidence))
    rig.primary.accept(good)


# --- whom a chain can pay ---


@pytest.mark.parametrize("chain", [A, B, C])
def test_accept__recipient_is_the_bridge_of_the_paying_chain__is_refused(rig: Rig, chain: ChainId) -> None:
    bridge = bytes(12) + bytes.fromhex(rig[chain].bridge.address[2:])
    rig.extend(rig.draft({chain: payment(chain, USD, 5, recipient=bridge).words()}))
    with reverts("slice: recipient is a bridge"):
        rig.primary.accept(rig.accept_call())


@pytest.mark.parametrize("chain", [A, B, C])
def test_accept__recipient_is_no_address_of_the_paying_chain__is_refused(rig: Rig, chain: ChainId) -> None:
    for recipient in (bytes(32), b"\x01" * 32, bytes(11) + b"\x01" * 21):
        with rig.rollback():
            rig.extend(rig.draft({chain: payment(chain, USD, 5, recipient=recipient).words()}))
            with reverts("slice: recipient format"):
                rig.primary.accept(rig.accept_call())
