"""The clients of ends, groups and exodus against real contracts: how chains freeze, how END stands, who leaves."""

import pytest

from tests.support.chains import send_deposit
from tests.support.writer import Writer
from zklink.devnet.profiles import AVALANCHE, POLYGON
from zklink.devnet.system import BLOCKS_PER_DAY, LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_events import (
    EndDenied,
    EndFell,
    EndRaised,
    EndSet,
    EndStands,
    ExodusBegun,
    FreezeAnnounced,
    FreezeCalled,
    FreezeVoided,
    MembersAnnounced,
    MembersReplaced,
    MismatchShown,
    PathShown,
    RequestCancelled,
)
from zklink.l1.contracts.bridge_events import Frozen as FrozenEvent
from zklink.l1.contracts.bridge_structs import EndWord, GroupMembers, Solvency
from zklink.l1.contracts.event_codec import decode_events
from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import Accepted, End, EndDenial, Fact, Frozen, Group, QueueFact, Queues, Seal
from zklink.protocol.ids import (
    DAY,
    DENIAL_WINDOW_SECONDS,
    END_WINDOW_SECONDS,
    EXIT_DELAY_SECONDS,
    EXPIRY_SECONDS,
    FREEZE_DELAY_SECONDS,
    GROUP_DELAY_SECONDS,
    SILENCE_SECONDS,
    BlockNumber,
    ChainId,
    Lane,
)

PRIMARY, MEMBER = AVALANCHE.chain_id, POLYGON.chain_id
AMOUNT = 10**6


@pytest.fixture
def writer(credulous: LocalSystem) -> Writer:
    """Somebody who writes blocks."""
    return Writer(credulous)


def wait(system: LocalSystem, chain: ChainId, seconds: int) -> None:
    """A window of a chain passes: its seconds and its blocks."""
    system.world[chain].advance_time(seconds + 1)
    system.world[chain].mine(-(-seconds // DAY) * BLOCKS_PER_DAY)


def deposit_words(system: LocalSystem, chain: ChainId) -> tuple[int, ...]:
    """The words of a deposit that waits on a chain."""
    bridge = system.bridges[chain]
    send_deposit(system, chain, USDC, AMOUNT)
    (event,) = bridge.requests(0, bridge.client.head().number)
    return event.request.words()


def true_end(writer: Writer, member: ChainId = MEMBER, round_: int = 0) -> End:
    """END with the line's last block."""
    return End(member, writer.line.height, writer.line.sync_hash(), round_)


def raise_end(writer: Writer, fact: End, *groups: Group) -> None:
    """Raise an END by these groups' words; the governor sends it."""
    evidence = [writer.groups.end(fact, group) if group in groups else b"" for group in Group]
    bridge = writer.system.bridges[fact.member]
    later = writer.line.commitments(bridge.history.tip().number, fact.number)
    seal = writer.groups.seal(fact.number, fact.sync_hash)
    bridge.member_end.raise_end(writer.system.world.roles.governor, fact, later, seal, *evidence)


@pytest.mark.parametrize("chain", [PRIMARY, MEMBER])
def test_freeze__request_that_waits__called_then_confirmed(credulous: LocalSystem, chain: ChainId) -> None:
    bridge, stranger = credulous.bridges[chain], credulous.world.roles.stranger
    words = deposit_words(credulous, chain)
    wait(credulous, chain, EXPIRY_SECONDS)
    (called,) = bridge.end.events_of(bridge.end.call_freeze(stranger, Lane.ACCOUNT, words))
    assert isinstance(called, FreezeCalled)
    assert (called.lane, called.request_id) == (Lane.ACCOUNT, 1)
    note = bridge.end.freeze_call(Lane.ACCOUNT)
    assert (note.request_id, note.called_in) == (1, bridge.client.head().number)
    with pytest.raises(CallReverted):
        bridge.end.confirm_freeze(stranger, Lane.ACCOUNT)
    wait(credulous, chain, FREEZE_DELAY_SECONDS)
    (frozen,) = decode_events(chain, bridge.end.confirm_freeze(stranger, Lane.ACCOUNT).logs)
    assert isinstance(frozen, FrozenEvent)
    assert bridge.is_frozen() and bridge.end.is_frozen()
    assert bridge.frozen_at()[1] == bridge.client.head().number


def test_announce_freeze__governor_voids_then_the_next_round__freezes_the_primary(writer: Writer) -> None:
    bridge, roles = writer.primary, writer.system.world.roles
    end = bridge.primary_end
    (event,) = end.events_of(end.announce_freeze(roles.stranger, Frozen(MEMBER, 0), writer.groups.frozen(MEMBER)))
    assert isinstance(event, FreezeAnnounced)
    assert (event.member, event.round, end.announcement(MEMBER).announced_in) == (MEMBER, 0, event.log.block_number)
    (voided,) = end.events_of(end.void_freeze(roles.governor, MEMBER))
    assert isinstance(voided, FreezeVoided)
    assert end.announcement(MEMBER).round == 1
    end.announce_freeze(roles.stranger, Frozen(MEMBER, 1), writer.groups.frozen(MEMBER, 1))
    wait(writer.system, PRIMARY, FREEZE_DELAY_SECONDS)
    end.freeze_for(roles.stranger, MEMBER)
    assert bridge.is_frozen()


def test_exodus__end_of_both_groups__opens_here_and_refunds(writer: Writer) -> None:
    """From silence to the last refund, on the primary and on a member."""
    system, roles = writer.system, writer.system.world.roles
    writer.accept(writer.draft({}))
    words = {chain: deposit_words(system, chain) for chain in (PRIMARY, MEMBER)}
    primary, member = writer.primary, system.bridges[MEMBER]
    wait(system, PRIMARY, SILENCE_SECONDS)
    assert primary.primary_end.is_frozen() and primary.primary_history.is_silent() and not primary.is_frozen()
    primary.primary_end.freeze_for_silence(roles.stranger)
    raise_end(writer, true_end(writer), Group.VALIDATORS, Group.WATCHERS)
    state = member.member_end.end_state()
    assert (state.word, state.stands, state.number) == (EndWord.VALIDATORS_AND_WATCHERS, True, 1)
    assert member.member_end.ended() == (1, writer.line.sync_hash()) == member.member_history.end()
    member.member_history.import_blocks(roles.relayer, writer.line.import_call(MEMBER, 1, 1, by_end=True))
    assert not primary.end.may_open()
    wait(system, PRIMARY, EXIT_DELAY_SECONDS)
    for chain, bridge in ((PRIMARY, primary), (MEMBER, member)):
        assert bridge.end.may_open()
        (begun,) = bridge.exodus.events_of(bridge.exodus.begin_exodus(roles.stranger))
        assert isinstance(begun, ExodusBegun)
        assert (begun.number, begun.root) == (1, writer.line.root())
        assert bridge.exodus.is_begun() and bridge.exodus.exit_root() == writer.line.root()
        (cancelled,) = bridge.exodus.events_of(
            bridge.exodus.cancel_requests(roles.stranger, Lane.ACCOUNT, [words[chain]])
        )
        assert isinstance(cancelled, RequestCancelled)
        assert (cancelled.lane, cancelled.receiver) == (Lane.ACCOUNT, roles.depositor.address)
        assert bridge.exodus.settled_requests(Lane.ACCOUNT) == 1
        assert bridge.solvency(USDC) == Solvency(0, 0, 0)


def test_raise_end__watchers_alone__stands_after_its_window(writer: Writer) -> None:
    end, roles = writer.system.bridges[MEMBER].member_end, writer.system.world.roles
    writer.accept(writer.draft({}))
    raise_end(writer, true_end(writer), Group.WATCHERS)
    assert end.end_state().word is EndWord.WATCHERS and end.ended() == (0, bytes(32))
    wait(writer.system, MEMBER, END_WINDOW_SECONDS)
    receipt = end.stand_end(roles.stranger, writer.line.commitments(0, 1))
    kinds = {type(event) for event in decode_events(MEMBER, receipt.logs)}
    assert kinds == {EndStands, EndSet, FrozenEvent}
    assert end.ended() == (1, writer.line.sync_hash())


def test_deny_end__validators_then_the_governor_voids__falls(writer: Writer) -> None:
    end, roles = writer.system.bridges[MEMBER].member_end, writer.system.world.roles
    writer.accept(writer.draft({}))
    fact = true_end(writer)
    raise_end(writer, fact, Group.WATCHERS)
    denial = writer.groups.denial(fact, Group.VALIDATORS)
    (denied,) = end.events_of(end.deny_end(roles.stranger, denial))
    assert isinstance(denied, EndDenied) and denied.by == 1
    assert end.end_state().denied_by_validators
    wait(writer.system, MEMBER, END_WINDOW_SECONDS)
    with pytest.raises(CallReverted):
        end.stand_end(roles.stranger, writer.line.commitments(0, 1))
    (fell,) = end.events_of(end.void_end(roles.governor))
    assert isinstance(fell, EndFell) and fell.round == 0
    assert (end.end_state().round, end.end_state().word) == (1, EndWord.NONE)


def test_deny_end__governor__adds_fourteen_days(writer: Writer) -> None:
    end, roles = writer.system.bridges[MEMBER].member_end, writer.system.world.roles
    writer.accept(writer.draft({}))
    raise_end(writer, true_end(writer), Group.WATCHERS)
    end.deny_end(roles.governor)
    assert end.end_state().denied_by_governor
    wait(writer.system, MEMBER, END_WINDOW_SECONDS + DENIAL_WINDOW_SECONDS)
    end.stand_end(roles.stranger, writer.line.commitments(0, 1))
    assert end.end_state().stands


def test_deny_end__watchers_against_validators_and_governor__fells(writer: Writer) -> None:
    end, roles = writer.system.bridges[MEMBER].member_end, writer.system.world.roles
    writer.accept(writer.draft({}))
    fact = true_end(writer)
    raise_end(writer, fact, Group.VALIDATORS)
    assert end.end_state().word is EndWord.VALIDATORS_AND_GOVERNOR
    end.deny_end(roles.stranger, writer.groups.denial(fact, Group.WATCHERS))
    assert end.end_state().round == 1


def test_fell_end__acc_of_a_later_block__falls(writer: Writer) -> None:
    end, roles = writer.system.bridges[MEMBER].member_end, writer.system.world.roles
    writer.accept(writer.draft({}))
    raise_end(writer, true_end(writer), Group.WATCHERS)
    writer.accept(writer.draft({}))
    later = Accepted(BlockNumber(2), writer.line.sync_hash())
    (fell,) = end.events_of(end.fell_end(roles.stranger, later, *writer.line.acc()))
    assert isinstance(fell, EndFell)
    raise_end(writer, true_end(writer, round_=1), Group.WATCHERS)
    assert end.end_state().round == 1


def test_fell_end__acc_of_another_history_below_it__falls(writer: Writer) -> None:
    end, roles = writer.system.bridges[MEMBER].member_end, writer.system.world.roles
    other = writer.line.branch(0)
    other.append(writer.draft({}, Lane.ACCOUNT))
    for _ in range(3):
        writer.line.append(writer.draft({}))
    raise_end(writer, true_end(writer), Group.WATCHERS)
    fact, path = Accepted(BlockNumber(1), other.sync_hash()), writer.line.commitments(1, 3)
    with pytest.raises(CallReverted, match="not END's own history"):
        end.fell_end(roles.stranger, fact, *other.acc(), ends_hash=writer.line.sync_hash(2), path=path)
    end.fell_end(roles.stranger, fact, *other.acc(), ends_hash=writer.line.sync_hash(1), path=path)
    assert end.end_state().round == 1


def test_open_path__in_two_calls__leads_from_the_base_to_the_top(writer: Writer) -> None:
    end, roles = writer.system.bridges[MEMBER].member_end, writer.system.world.roles
    for _ in range(3):
        writer.line.append(writer.draft({}))
    base, middle, top = ((BlockNumber(n), writer.line.sync_hash(n)) for n in (0, 2, 3))
    end.open_path(roles.stranger, base, base, writer.line.commitments(0, 2))
    assert end.is_opened(base, middle)
    end.open_path(roles.stranger, base, middle, writer.line.commitments(2, 3))
    assert end.is_opened(base, top) and not end.is_opened(middle, top)


def test_show_mismatch__request_that_nobody_made__freezes_the_member(writer: Writer) -> None:
    system, roles = writer.system, writer.system.world.roles
    words = list(deposit_words(system, MEMBER))
    words[0] ^= 1
    block = writer.draft({MEMBER: words}, Lane.ACCOUNT)
    writer.line.append(FullBlock(block.block, block.slices))
    bridge = system.bridges[MEMBER]
    receipt = bridge.member_end.show_mismatch(roles.stranger, writer.line.mismatch_call(MEMBER, 1))
    assert {type(event) for event in decode_events(MEMBER, receipt.logs)} == {MismatchShown, FrozenEvent}
    assert bridge.is_frozen()


def test_raise_end__event__names_block_round_and_word(writer: Writer) -> None:
    bridge, roles = writer.system.bridges[MEMBER], writer.system.world.roles
    writer.accept(writer.draft({}))
    fact = true_end(writer)
    seal, later = writer.groups.seal(fact.number, fact.sync_hash), writer.line.commitments(0, 1)
    receipt = bridge.member_end.raise_end(
        roles.stranger, fact, later, seal, watchers=writer.groups.end(fact, Group.WATCHERS)
    )
    shown, raised = bridge.member_end.events_of(receipt)
    assert isinstance(shown, PathShown) and isinstance(raised, EndRaised)
    assert (shown.number, shown.sync_hash, shown.path) == (0, writer.line.sync_hash(0), later)
    assert (raised.number, raised.sync_hash, raised.round, raised.word) == (1, fact.sync_hash, 0, EndWord.WATCHERS)


FACTS: tuple[Fact, ...] = (
    Seal(BlockNumber(3), b"\3" * 32),
    Accepted(BlockNumber(3), b"\3" * 32),
    Queues((QueueFact(MEMBER, Lane.SWAP, 4, b"\4" * 32), QueueFact(MEMBER, Lane.ACCOUNT, 5, b"\5" * 32))),
    Frozen(MEMBER, 2),
    End(MEMBER, BlockNumber(3), b"\3" * 32, 1),
    EndDenial(MEMBER, BlockNumber(3), b"\3" * 32, 1),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_compute_digest__every_fact__is_what_python_signs(system: LocalSystem, fact: Fact) -> None:
    deployment_hash = system.deployment.deployment_hash
    for bridge in system.bridges.values():
        assert bridge.groups.compute_digest(deployment_hash, fact) == fact.digest(deployment_hash)


def test_check__good_evidence_and_none__passes_and_gives_the_contracts_reason(writer: Writer) -> None:
    groups, known, salt = writer.primary.groups, writer.groups, writer.groups.deployment_hash
    seal, accepted, queues, frozen, end, denial = FACTS
    assert isinstance(seal, Seal) and isinstance(accepted, Accepted) and isinstance(queues, Queues)
    assert isinstance(frozen, Frozen) and isinstance(end, End) and isinstance(denial, EndDenial)
    groups.check_seal(salt, seal, known.sign(seal, Group.VALIDATORS))
    groups.check_accepted(salt, accepted, *known.acc(accepted.number, accepted.sync_hash))
    groups.check_queues(salt, queues, known.queues(queues.queues))
    groups.check_frozen(salt, frozen, known.frozen(MEMBER, 2))
    for group in Group:
        groups.check_end(salt, end, group, known.end(end, group))
        groups.check_denial(salt, denial, group, known.denial(end, group))
    with pytest.raises(CallReverted, match="groups: "):
        groups.check_seal(salt, seal, b"")
    with pytest.raises(CallReverted, match="groups: "):
        groups.check_queues(salt, queues, known.sign(queues, Group.VALIDATORS))


def test_announce_members__delay_over__a_group_has_the_new_ones(credulous: LocalSystem) -> None:
    groups, roles = credulous.bridges[MEMBER].groups, credulous.world.roles
    members = tuple(sorted((roles.stranger.address, roles.broker.address), key=lambda address: int(address, 16)))
    assert groups.coming() is None
    (announced,) = groups.events_of(groups.announce_members(roles.governor, Group.WATCHERS, members, 2))
    assert isinstance(announced, MembersAnnounced)
    assert (announced.group, announced.members, announced.threshold) == (Group.WATCHERS, members, 2)
    coming = groups.coming()
    assert coming is not None
    assert (coming.group, coming.signers) == (Group.WATCHERS, GroupMembers(members, 2))
    wait(credulous, MEMBER, GROUP_DELAY_SECONDS)
    (replaced,) = groups.events_of(groups.replace_members(roles.stranger))
    assert isinstance(replaced, MembersReplaced)
    assert groups.members(Group.WATCHERS) == GroupMembers(members, 2)
