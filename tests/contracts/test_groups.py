"""Groups: a majority of distinct members of one group, over one fact of one deployment; how members are replaced."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.support.compile_vyper import Replacements, load
from tests.support.evm import EvmChain, EvmContract, reverts
from tests.support.groups import STRANGER_KEY, KnownGroup, KnownGroups, sign
from tests.support.three_chains import BLOCKS_PER_DAY, GOVERNOR, START_TIME, STRANGER, ZERO, A, B
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, Group, QueueFact, Queues, Seal
from zklink.protocol.ids import GROUP_DELAY_SECONDS, BlockNumber, Lane

DEPLOYMENT, OTHER_DEPLOYMENT = bytes([0xD5] * 32), bytes([0xD6] * 32)
HASH, OTHER_HASH = bytes([0x5A] * 32), bytes([0x5B] * 32)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
NUMBER = BlockNumber(7)

groups = KnownGroups(DEPLOYMENT)
validators, watchers = groups.validators, groups.watchers

SEAL = Seal(NUMBER, HASH)
QUEUE = QueueFact(A, Lane.SWAP, 3, HASH)
QUEUES = Queues((QUEUE, QueueFact(B, Lane.ACCOUNT, 9, OTHER_HASH)))
END = End(B, NUMBER, HASH, 2)
FACTS: tuple[Fact, ...] = (
    SEAL,
    Accepted(NUMBER, HASH),
    Queues(()),
    QUEUES,
    Queues((QUEUE,) * 14),
    Frozen(B, 2),
    END,
    EndDenial(B, NUMBER, HASH, 2),
)


@pytest.fixture(scope="module")
def shared() -> EvmChain:
    """A chain with nothing on it but groups."""
    chain = EvmChain(1, START_TIME)
    chain.fund(GOVERNOR)
    return chain


@pytest.fixture
def chain(shared: EvmChain) -> Iterator[EvmChain]:
    """The same, undone after each test."""
    with shared.rollback():
        yield shared


def deploy(chain: EvmChain, replacements: Replacements = (), **changes: object) -> EvmContract:
    """Three of five validators, three of five watchers."""
    arguments: dict[str, object] = {
        "validators": validators.members,
        "validator_threshold": 3,
        "watchers": watchers.members,
        "watcher_threshold": 3,
        "governor": GOVERNOR,
        "blocks_per_day": BLOCKS_PER_DAY,
    }
    assert changes.keys() <= arguments.keys()
    return chain.deploy(GOVERNOR, load("Groups", replacements), *(arguments | changes).values())


@pytest.fixture
def fresh(chain: EvmChain) -> EvmContract:
    """Groups that a test may change."""
    return deploy(chain)


@pytest.fixture(scope="module")
def contract(shared: EvmChain) -> EvmContract:
    """They never change but in tests that deploy their own."""
    return deploy(shared)


def check(
    contract: EvmContract,
    fact: Fact,
    group: Group = Group.VALIDATORS,
    evidence: bytes | None = None,
    deployment: bytes = DEPLOYMENT,
) -> None:
    """Ask the contract about a fact of one group; by default with true evidence."""
    shown = groups.sign(fact, group) if evidence is None else evidence
    match fact:
        case Seal(number, sync_hash):
            answer = contract.check_seal(deployment, number, sync_hash, shown)
        case Accepted(number, sync_hash):
            both = [shown if one is group else groups.sign(fact, one) for one in Group]
            answer = contract.check_accepted(deployment, number, sync_hash, *both)
        case Queues(queues):
            answer = contract.check_queues(deployment, [queue.abi() for queue in queues], shown)
        case Frozen(member, round_):
            answer = contract.check_frozen(deployment, member, round_, shown)
        case End(member, number, sync_hash, round_):
            answer = contract.check_end(deployment, member, number, sync_hash, round_, int(group), shown)
        case EndDenial(member, number, sync_hash, round_):
            answer = contract.check_denial(deployment, member, number, sync_hash, round_, int(group), shown)
    assert answer is True


def compute_digest(contract: EvmContract, fact: Fact) -> bytes:
    match fact:
        case Seal(number, sync_hash):
            digest = contract.compute_seal_digest(DEPLOYMENT, number, sync_hash)
        case Accepted(number, sync_hash):
            digest = contract.compute_accepted_digest(DEPLOYMENT, number, sync_hash)
        case Queues(queues):
            digest = contract.compute_queues_digest(DEPLOYMENT, [queue.abi() for queue in queues])
        case Frozen(member, round_):
            digest = contract.compute_frozen_digest(DEPLOYMENT, member, round_)
        case End(member, number, sync_hash, round_):
            digest = contract.compute_end_digest(DEPLOYMENT, member, number, sync_hash, round_)
        case EndDenial(member, number, sync_hash, round_):
            digest = contract.compute_denial_digest(DEPLOYMENT, member, number, sync_hash, round_)
    return bytes(digest)


def speakers(fact: Fact) -> tuple[Group, ...]:
    """Whose word the contract takes for a fact."""
    if isinstance(fact, Seal):
        return (Group.VALIDATORS,)
    return (Group.WATCHERS,) if isinstance(fact, Queues | Frozen) else tuple(Group)


SAID = [(fact, group) for fact in FACTS for group in speakers(fact)]


@pytest.mark.parametrize("fact", FACTS)
def test_digest__each_fact__vyper_and_python_agree(contract: EvmContract, fact: Fact) -> None:
    assert compute_digest(contract, fact) == fact.digest(DEPLOYMENT)


@pytest.mark.parametrize(("fact", "group"), SAID)
def test_check__true_evidence__passes(contract: EvmContract, fact: Fact, group: Group) -> None:
    check(contract, fact, group)


@pytest.mark.parametrize(("fact", "group"), SAID)
def test_check__another_group__is_refused(contract: EvmContract, fact: Fact, group: Group) -> None:
    other = Group.WATCHERS if group is Group.VALIDATORS else Group.VALIDATORS
    with reverts("groups: not of this group"):
        check(contract, fact, group, groups.sign(fact, other))


@pytest.mark.parametrize(("fact", "group"), SAID)
def test_check__another_deployment__is_refused(contract: EvmContract, fact: Fact, group: Group) -> None:
    with reverts("groups: not of this group"):
        check(contract, fact, group, deployment=OTHER_DEPLOYMENT)


@pytest.mark.parametrize(("fact", "group"), SAID)
def test_check__another_kind__is_refused(contract: EvmContract, fact: Fact, group: Group) -> None:
    for other in FACTS:
        if other != fact:
            with reverts("groups: not of this group"):
                check(contract, fact, group, groups.sign(other, group))


CHANGES: list[tuple[Fact, Fact]] = [
    (SEAL, replace(SEAL, number=BlockNumber(8))),
    (SEAL, replace(SEAL, sync_hash=OTHER_HASH)),
    (Accepted(NUMBER, HASH), Accepted(BlockNumber(8), HASH)),
    (Accepted(NUMBER, HASH), Accepted(NUMBER, OTHER_HASH)),
    (Queues((QUEUE,)), Queues((replace(QUEUE, chain=B),))),
    (Queues((QUEUE,)), Queues((replace(QUEUE, lane=Lane.ACCOUNT),))),
    (Queues((QUEUE,)), Queues((replace(QUEUE, count=4),))),
    (Queues((QUEUE,)), Queues((replace(QUEUE, hash=OTHER_HASH),))),
    (QUEUES, Queues(QUEUES.queues[:1])),
    (QUEUES, Queues(QUEUES.queues[::-1])),
    (QUEUES, Queues((*QUEUES.queues, QUEUE))),
    (Frozen(B, 2), Frozen(A, 2)),
    (Frozen(B, 2), Frozen(B, 3)),
    (END, replace(END, member=A)),
    (END, replace(END, number=BlockNumber(8))),
    (END, replace(END, sync_hash=OTHER_HASH)),
    (END, replace(END, round=3)),
    (EndDenial(B, NUMBER, HASH, 2), EndDenial(A, NUMBER, HASH, 2)),
    (EndDenial(B, NUMBER, HASH, 2), EndDenial(B, BlockNumber(8), HASH, 2)),
    (EndDenial(B, NUMBER, HASH, 2), EndDenial(B, NUMBER, OTHER_HASH, 2)),
    (EndDenial(B, NUMBER, HASH, 2), EndDenial(B, NUMBER, HASH, 3)),
]


@pytest.mark.parametrize(("signed", "shown"), CHANGES)
def test_check__another_field__is_refused(contract: EvmContract, signed: Fact, shown: Fact) -> None:
    for group in speakers(signed):
        with reverts("groups: not of this group"):
            check(contract, shown, group, groups.sign(signed, group))


@pytest.mark.parametrize("group", [0, 3, 255])
def test_check__group_that_is_none__is_refused(contract: EvmContract, group: int) -> None:
    """Who is in no group must not speak for group 0."""
    stranger = sign(END.digest(DEPLOYMENT), STRANGER_KEY)
    denial = sign(EndDenial(B, NUMBER, HASH, 2).digest(DEPLOYMENT), STRANGER_KEY)
    for evidence in (b"", stranger):
        with reverts("groups: unknown group"):
            contract.check_end(DEPLOYMENT, B, NUMBER, HASH, 2, group, evidence)
    with reverts("groups: unknown group"):
        contract.check_denial(DEPLOYMENT, B, NUMBER, HASH, 2, group, denial)


@pytest.mark.parametrize("members", [(0, 1, 2), (0, 2, 4), (2, 3, 4), (0, 1, 2, 3), (0, 1, 2, 3, 4)])
def test_check__enough_members_in_order__passes(contract: EvmContract, members: tuple[int, ...]) -> None:
    check(contract, SEAL, evidence=validators.evidence(SEAL.digest(DEPLOYMENT), [validators.keys[i] for i in members]))


@pytest.mark.parametrize("members", [(), (0,), (1, 3)])
def test_check__too_few_members__is_refused(contract: EvmContract, members: tuple[int, ...]) -> None:
    evidence = validators.evidence(SEAL.digest(DEPLOYMENT), [validators.keys[i] for i in members])
    with reverts("groups: too few signatures"):
        check(contract, SEAL, evidence=evidence)


@pytest.mark.parametrize("members", [(0, 0, 0), (0, 1, 1), (1, 0, 2), (0, 2, 1), (4, 3, 2, 1, 0)])
def test_check__member_twice_or_out_of_order__is_refused(contract: EvmContract, members: tuple[int, ...]) -> None:
    evidence = validators.evidence(SEAL.digest(DEPLOYMENT), [validators.keys[i] for i in members])
    with reverts("groups: signer order"):
        check(contract, SEAL, evidence=evidence)


def test_check__stranger_among_members__is_refused(contract: EvmContract) -> None:
    for keys in (
        [STRANGER_KEY] * 3,
        [*validators.keys[:3], STRANGER_KEY],
        [STRANGER_KEY, *validators.keys],
        [*validators.keys[:2], watchers.keys[-1]],
    ):
        with reverts("groups: not of this group"):
            check(contract, SEAL, evidence=validators.evidence(SEAL.digest(DEPLOYMENT), keys))


def test_check__evidence_of_another_length__is_refused(contract: EvmContract) -> None:
    evidence = groups.sign(SEAL, Group.VALIDATORS)
    for wrong in (evidence[:-1], evidence + b"\0", evidence[:64]):
        with reverts("groups: evidence length"):
            check(contract, SEAL, evidence=wrong)


def test_check__zero_signature__is_nobody(contract: EvmContract) -> None:
    """ecrecover gives the zero address for it."""
    for v in (0, 27, 28, 29):
        with reverts("groups: not of this group"):
            check(contract, SEAL, evidence=bytes(64) + bytes([v]) + groups.sign(SEAL, Group.VALIDATORS))


def test_check__mirrored_signature__is_refused(contract: EvmContract) -> None:
    digest = SEAL.digest(DEPLOYMENT)
    signature, rest = sign(digest, validators.keys[0]), validators.evidence(digest, validators.keys[1:3])
    s = int.from_bytes(signature[32:64], "big")
    mirrored = signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([55 - signature[64]])
    check(contract, SEAL, evidence=signature + rest)
    with reverts("groups: large s"):
        check(contract, SEAL, evidence=mirrored + rest)


def test_check__greatest_s__is_looked_at_and_one_more_is_not(contract: EvmContract) -> None:
    signature, rest = groups.sign(SEAL, Group.VALIDATORS)[:65], groups.sign(SEAL, Group.VALIDATORS)[65:]
    for s, reason in ((ORDER // 2, "groups: not of this group"), (ORDER // 2 + 1, "groups: large s")):
        with reverts(reason):
            check(contract, SEAL, evidence=signature[:32] + s.to_bytes(32, "big") + signature[64:] + rest)


def test_check__other_recovery_id__is_refused(contract: EvmContract) -> None:
    digest = SEAL.digest(DEPLOYMENT)
    signature, rest = sign(digest, validators.keys[0]), validators.evidence(digest, validators.keys[1:3])
    for v in (55 - signature[64], signature[64] - 27, 255):
        with reverts("groups: not of this group"):
            check(contract, SEAL, evidence=signature[:64] + bytes([v]) + rest)


def test_check_accepted__one_group_alone__is_refused(contract: EvmContract) -> None:
    fact = Accepted(NUMBER, HASH)
    said = [groups.sign(fact, group) for group in Group]
    for silent in (0, 1):
        with reverts("groups: too few signatures"):
            contract.check_accepted(DEPLOYMENT, NUMBER, HASH, *(b"" if i == silent else said[i] for i in (0, 1)))


# Deployment

LEAST = "0x" + "00" * 19 + "01"
MANY = KnownGroup.make("many", 16, 9)


def test_deploy__least_account__can_be_a_member(chain: EvmChain) -> None:
    members, _ = deploy(chain, validators=[LEAST, *validators.members[1:]]).members(int(Group.VALIDATORS))
    assert members[0] == LEAST and len(members) == 5


def test_views__say_who_is_in_it(contract: EvmContract) -> None:
    for group, known in ((Group.VALIDATORS, validators), (Group.WATCHERS, watchers)):
        members, threshold = contract.members(int(group))
        assert ([m.lower() for m in members], threshold) == ([m.lower() for m in known.members], 3)
    assert contract.members(0) == ((), 0)
    assert contract.governor().lower() == GOVERNOR.lower()
    assert contract.blocks_per_day() == BLOCKS_PER_DAY
    assert contract.coming()[0] == 0


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("groups: not a majority", {"validators": [], "validator_threshold": 0}),
        ("groups: not a majority", {"validator_threshold": 0}),
        ("groups: not a majority", {"validator_threshold": 2}),
        ("groups: not a majority", {"watcher_threshold": 2}),
        ("groups: not a majority", {"watchers": watchers.members[:4], "watcher_threshold": 2}),
        ("groups: threshold above members", {"validator_threshold": 6}),
        ("groups: threshold above members", {"watcher_threshold": 6}),
        ("groups: member order", {"validators": [ZERO, *validators.members[1:]]}),
        ("groups: member order", {"validators": [*validators.members[:4], validators.members[3]]}),
        ("groups: member order", {"watchers": watchers.members[::-1]}),
        ("groups: member of both", {"watchers": validators.members}),
        ("groups: governor in a group", {"governor": validators.members[2]}),
        ("groups: governor in a group", {"governor": watchers.members[4]}),
        ("groups: zero governor", {"governor": ZERO}),
        ("windows: no blocks in a day", {"blocks_per_day": 0}),
    ],
)
def test_deploy__bad_groups__is_refused(chain: EvmChain, reason: str, changes: dict[str, Any]) -> None:
    with reverts(reason):
        deploy(chain, **changes)


@pytest.mark.parametrize(("size", "threshold"), [(1, 1), (2, 2), (4, 3), (4, 4), (16, 9)])
def test_deploy__majority__is_admitted(chain: EvmChain, size: int, threshold: int) -> None:
    deployed = deploy(chain, validators=MANY.members[:size], validator_threshold=threshold)
    evidence = MANY.evidence(SEAL.digest(DEPLOYMENT), MANY.keys[:threshold])
    check(deployed, SEAL, evidence=evidence)


# New members

NEW = KnownGroup.make("new")


def announce(contract: EvmContract, group: Group = Group.WATCHERS, known: KnownGroup = NEW, **call: str) -> None:
    contract.announce_members(int(group), known.members, 3, sender=call.get("sender", GOVERNOR))


def test_coming__announced__says_who_and_since_when(fresh: EvmContract) -> None:
    assert fresh.coming() == (0, (), 0, 0, 0)
    announce(fresh)
    now = fresh.chain.time, fresh.chain.height
    fresh.chain.time += 5
    group, members, *others = fresh.coming()
    assert (group, [member.lower() for member in members]) == (Group.WATCHERS, [each.lower() for each in NEW.members])
    assert others == [3, *now]


def test_replace_members__after_the_delay__new_members_alone_have_a_word(fresh: EvmContract) -> None:
    fact = Frozen(B, 0)
    announce(fresh)
    assert fresh.chain.event("MembersAnnounced")["group"] == Group.WATCHERS
    assert fresh.coming()[0] == Group.WATCHERS
    check(fresh, fact, Group.WATCHERS)
    fresh.chain.time += GROUP_DELAY_SECONDS
    fresh.replace_members(sender=STRANGER)
    assert fresh.chain.event("MembersReplaced") == {"group": Group.WATCHERS}
    check(fresh, fact, Group.WATCHERS, NEW.evidence(fact.digest(DEPLOYMENT)))
    with reverts("groups: not of this group"):
        check(fresh, fact, Group.WATCHERS)
    check(fresh, SEAL)
    with reverts("groups: nothing announced"):
        fresh.replace_members(sender=STRANGER)


@pytest.mark.parametrize("group", Group)
def test_replace_members__either_group__keeps_the_other(fresh: EvmContract, group: Group) -> None:
    announce(fresh, group)
    fresh.chain.time += GROUP_DELAY_SECONDS
    fresh.replace_members(sender=STRANGER)
    assert [fresh.members(int(one))[0] for one in Group] == [
        tuple(m.lower() for m in (NEW if one is group else groups.group(one)).members) for one in Group
    ]


def test_replace_members__a_member_that_stays__keeps_its_word(fresh: EvmContract) -> None:
    mixed = KnownGroup.of((), 3)
    keys = sorted([*NEW.keys[:3], *watchers.keys[:2]], key=lambda key: int(key.public_key.to_address(), 16))
    announce(fresh, known=replace(mixed, keys=tuple(keys)))
    fresh.chain.time += GROUP_DELAY_SECONDS
    fresh.replace_members(sender=STRANGER)
    fact = Frozen(B, 0)
    check(fresh, fact, Group.WATCHERS, NEW.evidence(fact.digest(DEPLOYMENT), keys))


def test_replace_members__seconds_or_blocks_missing__is_refused(fresh: EvmContract) -> None:
    announce(fresh)
    with fresh.chain.rollback():
        fresh.chain.time += GROUP_DELAY_SECONDS - 1
        with reverts("groups: too early to replace"):
            fresh.replace_members(sender=STRANGER)
    fresh.chain.halt(GROUP_DELAY_SECONDS)
    with reverts("groups: too early to replace"):
        fresh.replace_members(sender=STRANGER)


def test_announce_members__again__waits_anew_and_replaces_the_first(fresh: EvmContract) -> None:
    announce(fresh)
    fresh.chain.time += GROUP_DELAY_SECONDS - 1
    announce(fresh, Group.VALIDATORS)
    fresh.chain.time += 1
    with reverts("groups: too early to replace"):
        fresh.replace_members(sender=STRANGER)
    assert fresh.coming()[0] == Group.VALIDATORS


def test_announce_members__not_the_governor__is_refused(fresh: EvmContract) -> None:
    for sender in (STRANGER, validators.members[0], watchers.members[0]):
        with reverts("groups: not the governor"):
            announce(fresh, sender=sender)


# A member that goes


def test_remove_member__at_once__has_no_word_and_the_threshold_stays(fresh: EvmContract) -> None:
    gone, digest = validators.members[1], SEAL.digest(DEPLOYMENT)
    fresh.remove_member(int(Group.VALIDATORS), gone, sender=GOVERNOR)
    event = fresh.chain.event("MemberRemoved")
    assert (event["group"], event["member"].lower()) == (Group.VALIDATORS, gone.lower())
    left = tuple(member.lower() for member in validators.members if member != gone)
    assert fresh.members(int(Group.VALIDATORS)) == (left, 3)
    for keys in (validators.keys[:3], validators.keys):
        with reverts("groups: not of this group"):
            check(fresh, SEAL, evidence=validators.evidence(digest, keys))
    check(fresh, SEAL, evidence=validators.evidence(digest, [validators.keys[i] for i in (0, 2, 3)]))
    with reverts("groups: too few signatures"):
        check(fresh, SEAL, evidence=validators.evidence(digest, [validators.keys[i] for i in (0, 2)]))
    check(fresh, Frozen(B, 2), Group.WATCHERS)


def test_remove_member__below_the_threshold__is_refused(fresh: EvmContract) -> None:
    for member in watchers.members[:2]:
        fresh.remove_member(int(Group.WATCHERS), member, sender=GOVERNOR)
        fresh.chain.time += GROUP_DELAY_SECONDS
    with reverts("groups: too few would remain"):
        fresh.remove_member(int(Group.WATCHERS), watchers.members[2], sender=GOVERNOR)
    check(fresh, Frozen(B, 2), Group.WATCHERS, watchers.evidence(Frozen(B, 2).digest(DEPLOYMENT), watchers.keys[2:]))


def test_remove_member__another_of_the_group__waits_as_long_as_new_members(fresh: EvmContract) -> None:
    """Else who owns the governor takes a group down to its threshold at once, where one silent member stops it."""
    fresh.remove_member(int(Group.WATCHERS), watchers.members[0], sender=GOVERNOR)
    fresh.remove_member(int(Group.VALIDATORS), validators.members[0], sender=GOVERNOR)
    for group in (watchers, validators):
        kind = int(Group.WATCHERS if group is watchers else Group.VALIDATORS)
        with fresh.chain.rollback():
            fresh.chain.time += GROUP_DELAY_SECONDS - 1
            with reverts("groups: too early to remove"):
                fresh.remove_member(kind, group.members[1], sender=GOVERNOR)
            fresh.chain.time += 1
            fresh.remove_member(kind, group.members[1], sender=GOVERNOR)
        with fresh.chain.rollback():
            fresh.chain.halt(GROUP_DELAY_SECONDS)
            with reverts("groups: too early to remove"):
                fresh.remove_member(kind, group.members[1], sender=GOVERNOR)


def test_remove_member__nobody_of_this_group__is_refused(fresh: EvmContract) -> None:
    fresh.remove_member(int(Group.VALIDATORS), validators.members[0], sender=GOVERNOR)
    for group, member in (
        (Group.VALIDATORS, STRANGER),
        (Group.VALIDATORS, ZERO),
        (Group.VALIDATORS, watchers.members[0]),
        (Group.VALIDATORS, validators.members[0]),
        (Group.WATCHERS, validators.members[1]),
        (0, STRANGER),
        (3, validators.members[1]),
    ):
        with reverts("groups: not a member"):
            fresh.remove_member(int(group), member, sender=GOVERNOR)


def test_remove_member__not_the_governor__is_refused(fresh: EvmContract) -> None:
    for sender in (STRANGER, validators.members[0], watchers.members[0]):
        with reverts("groups: not the governor"):
            fresh.remove_member(int(Group.VALIDATORS), validators.members[0], sender=sender)


def test_remove_member__while_an_announcement_waits__the_coming_list_counts(fresh: EvmContract) -> None:
    """Neither its wait nor its members change: who is removed, and stands on it, comes back with it."""
    keys = tuple(sorted([*NEW.keys[:3], *watchers.keys[:2]], key=lambda key: int(key.public_key.to_address(), 16)))
    mixed = replace(KnownGroup.of((), 3), keys=keys)
    announce(fresh, known=mixed)
    coming, digest = fresh.coming(), Frozen(B, 0).digest(DEPLOYMENT)
    fresh.chain.time += GROUP_DELAY_SECONDS - 1
    fresh.remove_member(int(Group.WATCHERS), watchers.members[0], sender=GOVERNOR)
    assert fresh.coming() == coming
    with reverts("groups: not of this group"):
        check(fresh, Frozen(B, 0), Group.WATCHERS, NEW.evidence(digest, watchers.keys[:3]))
    with reverts("groups: too early to replace"):
        fresh.replace_members(sender=STRANGER)
    fresh.chain.time += 1
    fresh.replace_members(sender=STRANGER)
    assert [m.lower() for m in fresh.members(int(Group.WATCHERS))[0]] == [m.lower() for m in mixed.members]
    check(fresh, Frozen(B, 0), Group.WATCHERS, NEW.evidence(digest, keys))


def test_remove_member__and_announced_in_the_other_group__has_a_word_there(fresh: EvmContract) -> None:
    """Who has left one group may come into the other, after the delay."""
    moved = validators.members[0]
    fresh.remove_member(int(Group.VALIDATORS), moved, sender=GOVERNOR)
    members = sorted([*watchers.members, moved], key=lambda member: int(member, 16))
    fresh.announce_members(int(Group.WATCHERS), members, 4, sender=GOVERNOR)
    fresh.chain.time += GROUP_DELAY_SECONDS
    fresh.replace_members(sender=STRANGER)
    keys = sorted([*watchers.keys[:3], validators.keys[0]], key=lambda key: int(key.public_key.to_address(), 16))
    check(fresh, Frozen(B, 0), Group.WATCHERS, watchers.evidence(Frozen(B, 0).digest(DEPLOYMENT), keys))


REFUSED: list[tuple[str, int, Sequence[str], int]] = [
    ("groups: no such group", 0, NEW.members, 3),
    ("groups: no such group", 3, NEW.members, 3),
    ("groups: not a majority", 1, NEW.members, 2),
    ("groups: threshold above members", 1, NEW.members, 6),
    ("groups: member order", 1, NEW.members[::-1], 3),
    ("groups: member of both", 1, watchers.members, 3),
    ("groups: governor in a group", 1, [GOVERNOR], 1),
]


@pytest.mark.parametrize(("reason", "group", "members", "threshold"), REFUSED)
def test_announce_members__bad_list__is_refused(
    contract: EvmContract, reason: str, group: int, members: Sequence[str], threshold: int
) -> None:
    with reverts(reason):
        contract.announce_members(group, members, threshold, sender=GOVERNOR)


def test_announce_members__smallest_address__is_taken(fresh: EvmContract) -> None:
    """Only the zero address, to which invalid signatures recover, is none."""
    members = ["0x" + "00" * 19 + "01", *NEW.members]
    fresh.announce_members(int(Group.WATCHERS), members, 4, sender=GOVERNOR)
    assert [member.lower() for member in fresh.coming()[1]] == [member.lower() for member in members]
