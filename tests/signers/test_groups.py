"""A group's evidence: exactly a majority, in ascending order, whoever is away."""

from functools import partial

import pytest

from tests.signers.chains import K, World, draft, is_signed
from zklink.l1.contracts.bridge_structs import GroupMembers
from zklink.protocol.errors import EvidenceMissing, RpcUnavailable
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
    assert "no other member is named here" in str(found.value)


def test_seal__a_listed_signer_was_removed__is_not_asked_though_its_process_still_signs() -> None:
    """Contracts refuse evidence with one stranger's word: a removed signer could hold up its whole group."""
    world, block = World(), draft()
    signers = sorted((world.validator(seed) for seed in (1, 2, 3)), key=lambda signer: int(signer.address, 16))
    said: list[GroupMembers | None] = [GroupMembers(tuple(signer.address for signer in signers), 2)]

    def read() -> tuple[GroupMembers]:
        if said[-1] is None:
            raise RpcUnavailable("k", "members", 1, "away")
        return (said[-1],)

    group, fact = ValidatorGroup(signers, read_members=read), Seal(block.place.number, block.place.sync_hash)
    assert is_signed(fact, group.seal(block.proposal)[:SIGNATURE], signers[0].address)
    for now in (GroupMembers((signers[1].address.lower(), signers[2].address), 2), None):
        said.append(now)
        evidence = group.seal(block.proposal)
        assert len(evidence) == 2 * SIGNATURE
        for place, signer in enumerate(signers[1:]):
            assert is_signed(fact, evidence[SIGNATURE * place : SIGNATURE * (place + 1)], signer.address)
    said.append(GroupMembers((signers[2].address,), 1))
    assert is_signed(fact, group.seal(block.proposal), signers[2].address)
    said.append(GroupMembers((signers[2].address, world.validator(4).address), 2))
    with pytest.raises(EvidenceMissing, match="1 of 2 signatures; no other member is named here"):
        group.seal(block.proposal)


def test_seal__chains_have_other_members_for_a_while__those_of_all_chains_are_asked_first() -> None:
    """Until an announced group is in its place everywhere, only the word of those who stay is good on every chain."""
    world, block = World(), draft()
    signers = sorted((world.validator(seed) for seed in range(1, 6)), key=lambda signer: int(signer.address, 16))
    old, new = (tuple(each.address for each in part) for part in (signers[:4], signers[2:]))
    fact = Seal(block.place.number, block.place.sync_hash)
    for threshold, expected in ((2, signers[2:4]), (3, [signers[0], *signers[2:4]])):
        said = GroupMembers(old, 2), GroupMembers(new, threshold)
        evidence = ValidatorGroup(signers, read_members=partial(tuple, said)).seal(block.proposal)
        assert len(evidence) == len(expected) * SIGNATURE
        for place, signer in enumerate(expected):
            assert is_signed(fact, evidence[SIGNATURE * place : SIGNATURE * (place + 1)], signer.address)


def test_seal__one_signer_is_listed_twice__its_word_is_there_once() -> None:
    world, block = World(), draft()
    signers = [world.validator(seed) for seed in (1, 2)]
    assert len(ValidatorGroup([*signers, signers[0]], 2).seal(block.proposal)) == 2 * SIGNATURE
    with pytest.raises(EvidenceMissing):
        ValidatorGroup([signers[0], signers[0]], 2).seal(block.proposal)


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
