"""A watcher vouches for queues and freezes of members once they are final there."""

import pytest

from tests.signers.chains import K, L, P, World, is_signed, roll, swap
from zklink.protocol.errors import NotFinal, RpcUnavailable
from zklink.protocol.facts import Frozen, QueueFact, Queues
from zklink.protocol.ids import Lane
from zklink.signers.watcher import Watcher


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def watcher(world: World) -> Watcher:
    return world.watcher()


def test_queues__final_on_each_chain__one_signature_for_all(world: World, watcher: Watcher) -> None:
    one, two = swap(K, 1), swap(L, 1)
    world.chains[K].queue(one)
    world.chains[L].queue(two)
    facts = (QueueFact(K, Lane.SWAP, 1, roll([one])), QueueFact(L, Lane.SWAP, 1, roll([two])))
    assert is_signed(Queues(facts), watcher.queues(facts), watcher.address)


def test_queues__one_of_them_is_not_final__waits(world: World, watcher: Watcher) -> None:
    one, two = swap(K, 1), swap(L, 1)
    world.chains[K].queue(one)
    world.chains[L].queue(two)
    world.chains[L].pending = 1
    facts = (QueueFact(K, Lane.SWAP, 1, roll([one])), QueueFact(L, Lane.SWAP, 1, roll([two])))
    with pytest.raises(NotFinal):
        watcher.queues(facts)
    world.chains[L].mine()
    assert watcher.queues(facts)


@pytest.mark.parametrize(
    "fact",
    [
        QueueFact(K, Lane.SWAP, 1, roll([swap(K, 2)])),
        QueueFact(K, Lane.SWAP, 2, roll([swap(K, 1)])),
        QueueFact(K, Lane.SWAP, 2, bytes(32)),
        QueueFact(K, Lane.ACCOUNT, 1, roll([swap(K, 1)])),
        QueueFact(L, Lane.SWAP, 1, roll([swap(K, 1)])),
    ],
)
def test_queues__other_hash_count_lane_or_chain__refused(world: World, watcher: Watcher, fact: QueueFact) -> None:
    world.chains[K].queue(swap(K, 1))
    with pytest.raises(NotFinal):
        watcher.queues([fact])


def test_queues__node_is_away__no_word(world: World, watcher: Watcher) -> None:
    world.chains[K].queue(swap(K, 1))
    world.chains[K].is_away = True
    with pytest.raises(RpcUnavailable):
        watcher.queues([QueueFact(K, Lane.SWAP, 1, roll([swap(K, 1)]))])


def test_frozen__only_when_the_freeze_is_final(world: World, watcher: Watcher) -> None:
    world.chains[K].pending = 1
    world.chains[K].mine(is_frozen=True)
    with pytest.raises(NotFinal):
        watcher.frozen(Frozen(K, 3))
    world.chains[K].mine()
    assert is_signed(Frozen(K, 3), watcher.frozen(Frozen(K, 3)), watcher.address)
    for other in (L, P):
        with pytest.raises(NotFinal):
            watcher.frozen(Frozen(other, 3))
