"""A group's evidence: exactly a majority, in ascending order, whoever is away."""

import pytest

from tests.signers.chains import K, World, draft, is_signed
from zklink.protocol.errors import EvidenceMissing
from zklink.protocol.facts import End, Seal
from zklink.signers.groups import ValidatorGroup, WatcherGroup

SIGNATURE = 65


@pytest.mark.parametrize(("members", "majority"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_seal__everybody_is_there__exactly_a_majority_ascending(members: int, majority: int) -> None:
    world, block = World(), draft()
    signers = {int(v.address, 16): v for v in (world.validator(seed) for seed in range(1, members + 1))}
    evidence = ValidatorGroup(list(signers.values())).seal(block.proposal)
    assert len(evidence) == SIGNATURE * majority
    fact = Seal(block.place.number, block.place.sync_hash)
    for place, address in enumerate(sorted(signers)[:majority]):
        assert is_signed(fact, evidence[SIGNATURE * place : SIGNATURE * (place + 1)], signers[address].address)


def test_seal__the_contract_asks_for_more_than_a_majority__so_many_sign_or_it_is_said() -> None:
    world, block = World(), draft()
    signers = [world.validator(seed) for seed in (1, 2, 3)]
    assert len(ValidatorGroup(signers, 3).seal(block.proposal)) == SIGNATURE * 3
    with pytest.raises(EvidenceMissing) as found:
        ValidatorGroup(signers[:2], 3).seal(block.proposal)
    assert "no other is named here" in str(found.value)


def test_accepted__one_signer_has_not_seen_it__the_others_sign() -> None:
    world, behind = World(), World()
    block = draft()
    world.primary.accept(block)
    signers = [world.watcher(1), behind.watcher(2), world.watcher(3)]
    group = WatcherGroup(signers)
    assert len(group.accepted(block.place, block.path)) == 2 * SIGNATURE
    assert group.covered.number == 0
    behind.primary.accept(block)
    for signer in signers:
        signer.accepted(block.place, block.path)
    assert group.covered == block.place


def test_accepted__no_majority__says_how_many_and_why() -> None:
    world, behind = World(), World()
    block = draft()
    world.primary.accept(block)
    group = WatcherGroup([world.watcher(1), behind.watcher(2), behind.watcher(3)])
    with pytest.raises(EvidenceMissing, match=r"ACC\(1\): 1 of 2 signatures; chain 1 does not have block 1") as error:
        group.accepted(block.place, block.path)
    assert (error.value.signatures, error.value.threshold) == (1, 2)


def test_end__majority__both_words_of_the_same_signers() -> None:
    world, block = World(), draft()
    world.primary.accept(block)
    world.primary.mine(is_frozen=True)
    signers = sorted((world.watcher(seed) for seed in (1, 2, 3)), key=lambda signer: int(signer.address, 16))
    fact = End(K, block.place.number, block.place.sync_hash, 0)
    word = WatcherGroup(signers).end(fact, block.path)
    for place, signer in enumerate(signers[:2]):
        part = slice(SIGNATURE * place, SIGNATURE * (place + 1))
        assert is_signed(fact, word.end[part], signer.address)
        assert is_signed(block.place, word.accepted[part], signer.address)
