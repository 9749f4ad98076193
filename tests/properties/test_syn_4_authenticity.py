"""SYN-4: only a majority of the right group over exactly this content is believed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from eth_keys.datatypes import PrivateKey

from tests.properties.test_syn_1_confirmations import two_blocks
from tests.support.books.play import Play, refused
from tests.support.groups import STRANGER_KEY, KnownGroups, sort_keys
from tests.support.three_chains import A, C
from tests.support.upholds import upholds
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, Group, QueueFact, Queues, Seal
from zklink.protocol.ids import BlockNumber, Lane

HASH = b"\3" * 32
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class Case:
    """A fact, its group, and facts that differ from it in one thing."""

    fact: Fact
    group: Group
    others: tuple[Fact, ...]


def _ends(kind: type[End] | type[EndDenial]) -> tuple[Fact, ...]:
    fact = kind(A, BlockNumber(3), HASH, 1)
    changes = ({"member": C}, {"number": BlockNumber(4)}, {"sync_hash": bytes(32)}, {"round": 0})
    return (fact, *(replace(fact, **change) for change in changes))


QUEUE = QueueFact(A, Lane.SWAP, 4, HASH)
OTHER_QUEUES = tuple(
    Queues((replace(QUEUE, **change),))
    for change in ({"chain": C}, {"lane": Lane.ACCOUNT}, {"count": 5}, {"hash": bytes(32)})
)
SEAL, ACC, FRZ = Seal(BlockNumber(3), HASH), Accepted(BlockNumber(3), HASH), Frozen(A, 1)
END, *OTHER_ENDS = _ends(End)
DENIAL, *OTHER_DENIALS = _ends(EndDenial)
CASES = (
    Case(SEAL, Group.VALIDATORS, (replace(SEAL, number=BlockNumber(4)), replace(SEAL, sync_hash=bytes(32)), ACC)),
    Case(ACC, Group.VALIDATORS, (replace(ACC, number=BlockNumber(4)), replace(ACC, sync_hash=bytes(32)), SEAL)),
    Case(ACC, Group.WATCHERS, (replace(ACC, number=BlockNumber(4)), replace(ACC, sync_hash=bytes(32)), SEAL)),
    Case(Queues((QUEUE,)), Group.WATCHERS, (*OTHER_QUEUES, Queues(()), Queues((QUEUE, QUEUE)))),
    Case(FRZ, Group.WATCHERS, (replace(FRZ, chain=C), replace(FRZ, round=0))),
    *(Case(END, group, (*OTHER_ENDS, DENIAL)) for group in Group),
    *(Case(DENIAL, group, (*OTHER_DENIALS, END)) for group in Group),
)


def name_case(case: Case) -> str:
    """The fact and who says it."""
    return f"{type(case.fact).__name__} of {case.group.name.lower()}"


def check(play: Play, case: Case, evidence: bytes) -> None:
    """Hold evidence for the case's fact against a chain's groups. Raises Reverted."""
    groups, known, fact = play[A].groups, play.chains.groups, case.fact
    salt = known.deployment_hash
    match fact:
        case Seal():
            groups.check_seal(salt, fact.number, fact.sync_hash, evidence)
        case Accepted():
            good = known.acc(fact.number, fact.sync_hash)
            part = "validators" if case.group is Group.VALIDATORS else "watchers"
            groups.check_accepted(salt, fact.number, fact.sync_hash, *good._replace(**{part: evidence}))
        case Queues():
            groups.check_queues(salt, [queue.abi() for queue in fact.queues], evidence)
        case Frozen():
            groups.check_frozen(salt, fact.chain, fact.round, evidence)
        case End():
            groups.check_end(salt, fact.member, fact.number, fact.sync_hash, fact.round, case.group, evidence)
        case EndDenial():
            groups.check_denial(salt, fact.member, fact.number, fact.sync_hash, fact.round, case.group, evidence)


@upholds("SYN-4")
@pytest.mark.parametrize("case", CASES, ids=name_case)
class TestAuthenticity:
    """A fact is believed only with a majority of its group over exactly this content, for this deployment."""

    @staticmethod
    def assert_refused(play: Play, case: Case, evidence: bytes) -> None:
        """Refused by the groups, whatever the reason."""
        assert refused(check, play, case, evidence).startswith("groups: ")

    def test_check__too_few_signatures__refused(self, play: Play, case: Case) -> None:
        known = play.chains.groups
        good = known.sign(case.fact, case.group)
        for count in range(known.group(case.group).threshold):
            self.assert_refused(play, case, good[: 65 * count])
        check(play, case, good)

    def test_check__signer_twice_wrong_order_or_of_no_or_the_other_group__refused(self, play: Play, case: Case) -> None:
        known = play.chains.groups
        k = known.group(case.group).keys
        other = known.group(Group.WATCHERS if case.group is Group.VALIDATORS else Group.VALIDATORS).keys

        def sign(keys: tuple[PrivateKey, ...]) -> bytes:
            return known.sign(case.fact, case.group, keys)

        for keys in (
            (k[0], k[0], k[0]),
            (k[0], k[1], k[1]),
            (k[2], k[1], k[0]),
            sort_keys([STRANGER_KEY, *k[:2]]),
            other[:3],
            sort_keys([other[0], *k[:2]]),
        ):
            self.assert_refused(play, case, sign(keys))
        for keys in (k[:3], k[2:], k):
            check(play, case, sign(keys))

    def test_check__signed_for_something_else__refused(self, play: Play, case: Case) -> None:
        known = play.chains.groups
        for other in case.others:
            self.assert_refused(play, case, known.sign(other, case.group))
        elsewhere = KnownGroups(b"\7" * 32, known.validators, known.watchers)
        self.assert_refused(play, case, elsewhere.sign(case.fact, case.group))

    def test_check__malformed_signatures__refused(self, play: Play, case: Case) -> None:
        e = play.chains.groups.sign(case.fact, case.group)
        flipped = (ORDER - int.from_bytes(e[32:64], "big")).to_bytes(32, "big")
        for evidence in (
            b"",
            e[:-1],
            e + b"\0",
            bytes(195),
            e[:64] + b"\0" + e[65:],
            e[:32] + flipped + bytes([55 - e[64]]) + e[65:],
        ):
            self.assert_refused(play, case, evidence)


@upholds("SYN-4")
class TestUse:
    """Where a chain believes a fact, it asks for this evidence."""

    def test_every_call__evidence_of_the_other_group__refused(self, play: Play) -> None:
        line, known = two_blocks(play), play.chains.groups
        calls: list[tuple[Callable[..., object], tuple[object, ...]]] = []
        call = line.accept_call(1, 1, play.chains.ask_queue)
        swapped = known.sign(Seal(BlockNumber(1), line.sync_hash(1)), Group.WATCHERS)
        queues = known.sign(Queues(call.queues), Group.VALIDATORS)
        primary = play.chains.primary
        calls.append((primary.history.accept, replace(call, seal=swapped).abi()))
        calls.append((primary.history.accept, replace(call, watchers=queues).abi()))
        acc = line.acc(1)
        again = replace(line.accept_again_call(1, 1), validators=acc.watchers, watchers=acc.validators)
        calls.append((primary.history.accept_again, again.abi()))
        imported = replace(line.import_call(A, 1, 1), validators=acc.watchers, watchers=acc.validators)
        calls.append((play[A].history.import_blocks, imported.abi()))
        calls.append((primary.end.announce_freeze, (A, 0, known.sign(Frozen(A, 0), Group.VALIDATORS))))
        end = End(A, BlockNumber(1), line.sync_hash(1), 0)
        evidence = [known.end(end, group) for group in reversed(Group)]
        arguments = (1, end.sync_hash, list(line.commitments(0, 1)), line.seal(1), *evidence)
        calls.append((play[A].end.raise_end, arguments))
        for function, given in calls:
            assert refused(function, *given).startswith("groups: ")
