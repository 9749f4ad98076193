"""The timelock: what waits, for how long, what does not wait, who may do what, and what nobody can do."""

from collections.abc import Callable

import pytest

from tests.support.compile_vyper import load
from tests.support.evm import EvmChain, Reverted, reverts
from tests.support.three_chains import BLOCKS_PER_DAY, GOVERNOR, SEQUENCER, START_TIME, STRANGER, ZERO
from tests.support.timelock import SALT, Call, Lock, deploy_lock
from tests.support.upholds import upholds
from zklink.protocol.ids import DAY, FOUNDING_SECONDS, GRACE_SECONDS, GROUP_DELAY_SECONDS


@pytest.fixture
def lock() -> Lock:
    return deploy_lock()


@pytest.fixture
def founding() -> Lock:
    return deploy_lock(is_founding=True)


Check = Callable[[Lock], None]
MOST_ACT_BYTES = 12_288


# --- what waits ---


def check_executed_by_anyone_after_the_delay(lock: Lock) -> None:
    calls = lock.note(1), lock.note(2)
    proposal_id = lock.propose(*calls)
    event = lock.evm.event("Proposed")
    assert (event["proposal_id"], event["salt"]) == (proposal_id, SALT)
    assert [(to.lower(), value, data) for to, value, data in event["calls"]] == [
        (to.lower(), value, data) for to, value, data in calls
    ]
    assert lock.timelock.proposed(proposal_id) == (lock.evm.time, lock.evm.height)
    lock.evm.time += GROUP_DELAY_SECONDS
    assert lock.execute(*calls) == proposal_id
    assert lock.evm.event("Executed") == {"proposal_id": proposal_id}
    assert lock.numbers == [1, 2] and lock.governed.caller().lower() == lock.timelock.address.lower()
    assert lock.timelock.proposed(proposal_id) == (0, 0)


def check_not_before_seconds_and_blocks(lock: Lock) -> None:
    lock.propose(lock.note(1))
    for wait in (0, GROUP_DELAY_SECONDS - 1):
        with lock.evm.rollback():
            lock.evm.time += wait
            with reverts("timelock: too early to execute"):
                lock.execute(lock.note(1))
    with lock.evm.rollback():
        lock.evm.halt(GROUP_DELAY_SECONDS)
        with reverts("timelock: too early to execute"):
            lock.execute(lock.note(1), sender=GOVERNOR)
        lock.evm.time += GROUP_DELAY_SECONDS // DAY * BLOCKS_PER_DAY
        lock.execute(lock.note(1))
    assert lock.timelock.delay() == GROUP_DELAY_SECONDS


def check_not_after_the_grace(lock: Lock) -> None:
    proposal_id = lock.propose(lock.note(1))
    lock.evm.time += GROUP_DELAY_SECONDS + GRACE_SECONDS - 1
    with lock.evm.rollback():
        lock.execute(lock.note(1))
    lock.evm.time += 1
    with reverts("timelock: too late to execute"):
        lock.execute(lock.note(1))
    with reverts("timelock: proposed already"):
        lock.propose(lock.note(1))
    lock.timelock.cancel(proposal_id, sender=GOVERNOR)
    assert lock.propose(lock.note(1)) == proposal_id
    with reverts("timelock: too early to execute"):
        lock.execute(lock.note(1))


def check_executed_once(lock: Lock) -> None:
    lock.carry_out(lock.note(1))
    with reverts("timelock: not proposed"):
        lock.execute(lock.note(1))
    lock.propose(lock.note(1))
    with reverts("timelock: too early to execute"):
        lock.execute(lock.note(1))
    assert lock.numbers == [1]


def check_only_what_was_proposed(lock: Lock) -> None:
    calls = lock.note(1), lock.note(2)
    lock.propose(*calls)
    lock.evm.time += GROUP_DELAY_SECONDS
    to, _, data = calls[0]
    others = (
        calls[:1],
        calls[::-1],
        (*calls, lock.note(3)),
        (lock.note(3), calls[1]),
        ((STRANGER, 0, data), calls[1]),
        ((to, 1, data), calls[1]),
        (),
    )
    for other in others:
        with reverts("timelock: not proposed"):
            lock.execute(*other, value=sum(call[1] for call in other))
    with reverts("timelock: not proposed"):
        lock.execute(*calls, salt=bytes(32))
    lock.execute(*calls)


def check_all_or_nothing(lock: Lock) -> None:
    """A reason goes up, and the proposal waits on, so that it can succeed later."""
    calls = lock.note(1), lock.call("refuse")
    proposal_id = lock.propose(*calls)
    lock.evm.time += GROUP_DELAY_SECONDS
    with reverts("governed: refused"):
        lock.execute(*calls)
    assert lock.numbers == [] and lock.timelock.proposed(proposal_id)[0] > 0


def check_target_without_code(lock: Lock) -> None:
    nobody = (SEQUENCER, 0, b"")
    lock.propose(nobody)
    lock.evm.time += GROUP_DELAY_SECONDS
    with reverts("timelock: target has no code"):
        lock.execute(nobody)


def check_coin_goes_through(lock: Lock) -> None:
    """Exactly what the calls take is sent along; nothing stays."""
    calls = lock.note(1, value=5), lock.note(2, value=7)
    lock.propose(*calls)
    lock.evm.time += GROUP_DELAY_SECONDS
    for value in (0, 11, 13):
        with reverts("timelock: not the calls' value"):
            lock.execute(*calls, value=value)
    lock.execute(*calls, value=12)
    assert lock.evm.balance(lock.governed.address) == 12 and lock.evm.balance(lock.timelock.address) == 0
    for data in (b"", lock.timelock.encode("cancel", SALT)):
        with pytest.raises(Reverted):
            lock.evm.send(GOVERNOR, lock.timelock.address, data, value=1)


def check_cancelled(lock: Lock) -> None:
    proposal_id = lock.propose(lock.note(1))
    for sender in (STRANGER, SEQUENCER):
        with reverts("timelock: not the owner"):
            lock.timelock.cancel(proposal_id, sender=sender)
    lock.timelock.cancel(proposal_id, sender=GOVERNOR)
    assert lock.evm.event("Cancelled") == {"proposal_id": proposal_id}
    lock.evm.time += GROUP_DELAY_SECONDS
    with reverts("timelock: not proposed"):
        lock.execute(lock.note(1))
    with reverts("timelock: nothing to cancel"):
        lock.timelock.cancel(proposal_id, sender=GOVERNOR)


def check_owner_alone_proposes(lock: Lock) -> None:
    with reverts("timelock: not the owner"):
        lock.propose(lock.note(1), sender=STRANGER)
    with reverts("timelock: nothing proposed"):
        lock.propose()


def check_proposed_again_does_not_begin_anew(lock: Lock) -> None:
    """Nor is anything won by it: the wait is that of the first."""
    lock.propose(lock.note(1))
    lock.evm.time += GROUP_DELAY_SECONDS
    with reverts("timelock: proposed already"):
        lock.propose(lock.note(1))
    lock.propose(lock.note(1), salt=bytes(32))
    lock.execute(lock.note(1))
    with reverts("timelock: too early to execute"):
        lock.execute(lock.note(1), salt=bytes(32))


def check_ids_of_another_timelock_or_chain(lock: Lock) -> None:
    """What one chain's timelock has let wait is nothing elsewhere."""
    calls = [lock.note(1)]
    ids = {bytes(lock.timelock.compute_id(calls, SALT))}
    for _ in range(2):
        other = lock.evm.deploy(STRANGER, load("Timelock"), STRANGER, BLOCKS_PER_DAY, [])
        ids.add(bytes(other.compute_id(calls, SALT)))
    far = EvmChain(137, START_TIME)
    far.fund(GOVERNOR)
    far.deploy(GOVERNOR, load("Governed"))
    same = far.deploy(GOVERNOR, load("Timelock"), GOVERNOR, BLOCKS_PER_DAY, [])
    assert same.address == lock.timelock.address
    ids.add(bytes(same.compute_id(calls, SALT)))
    assert len(ids) == 4


# --- what does not wait ---


def check_act_is_for_the_list(lock: Lock) -> None:
    lock.act("call_back", STRANGER, b"\1", 0)
    event = lock.evm.event("Acted")
    assert (event["target"].lower(), event["selector"]) == (
        lock.governed.address.lower(),
        lock.governed.encode("call_back", ZERO, b"", 0)[:4],
    )
    for function, *arguments in (("note", 1), ("note_long", b"")):
        with reverts("timelock: not swift"):
            lock.act(str(function), *arguments)
    other = lock.evm.deploy(GOVERNOR, load("Governed"))
    with reverts("timelock: not swift"):
        lock.timelock.act(other.address, other.encode("refuse"), sender=GOVERNOR)
    for data in (b"", lock.governed.encode("refuse")[:3]):
        with reverts("timelock: no function"):
            lock.timelock.act(lock.governed.address, data, sender=GOVERNOR)


def check_act_is_the_owners(lock: Lock) -> None:
    for sender in (STRANGER, SEQUENCER):
        with reverts("timelock: not the owner"):
            lock.act("call_back", ZERO, b"", 0, sender=sender)


def check_act_passes_reasons_on(lock: Lock) -> None:
    with reverts("governed: refused"):
        lock.act("refuse")


def check_act_on_itself_is_refused(lock: Lock) -> None:
    for function, arguments in (("set_owner", [STRANGER]), ("propose", [[lock.note(1)], SALT]), ("cancel", [SALT])):
        with reverts("timelock: not swift"):
            lock.timelock.act(lock.timelock.address, lock.timelock.encode(function, *arguments), sender=GOVERNOR)


# --- the founding ---


def check_founding_acts_on_anything(founding: Lock) -> None:
    assert founding.timelock.is_founding()
    founding.act("note", 1)
    founding.act("note_long", bytes(12_000))
    assert founding.numbers == [1, 12_000]
    with reverts("timelock: not the owner"):
        founding.act("note", 2, sender=STRANGER)
    with reverts("timelock: target has no code"):
        founding.timelock.act(SEQUENCER, bytes(4), sender=GOVERNOR)


def check_founding_is_over_after_a_week(founding: Lock) -> None:
    founding.evm.time += FOUNDING_SECONDS - 1
    founding.act("note", 1)
    founding.evm.time += 1
    assert not founding.timelock.is_founding()
    with reverts("timelock: not swift"):
        founding.act("note", 2)
    with reverts("timelock: founding is over"):
        founding.timelock.close_founding(sender=GOVERNOR)


def check_founding_closed_for_good(founding: Lock) -> None:
    with reverts("timelock: not the owner"):
        founding.timelock.close_founding(sender=STRANGER)
    founding.timelock.close_founding(sender=GOVERNOR)
    assert founding.evm.events("FoundingClosed") and not founding.timelock.is_founding()
    with reverts("timelock: not swift"):
        founding.act("note", 1)
    with reverts("timelock: founding is over"):
        founding.timelock.close_founding(sender=GOVERNOR)
    assert founding.timelock.founding_ends() == 0


# --- the owner ---


def hand_over(lock: Lock) -> Call:
    """Names SEQUENCER as the next owner, by a proposal."""
    call = lock.call("set_owner", SEQUENCER, to=lock.timelock)
    lock.carry_out(call)
    return call


def check_owner_changes_by_a_proposal(lock: Lock) -> None:
    hand_over(lock)
    assert lock.evm.event("OwnerNamed")["coming"].lower() == SEQUENCER
    assert (lock.timelock.owner().lower(), lock.timelock.coming_owner().lower()) == (GOVERNOR, SEQUENCER)
    for sender in (STRANGER, GOVERNOR):
        with reverts("timelock: not the coming owner"):
            lock.timelock.accept_ownership(sender=sender)
    waits = lock.propose(lock.note(1))
    lock.timelock.accept_ownership(sender=SEQUENCER)
    assert lock.evm.event("OwnerChanged")["owner"].lower() == SEQUENCER
    assert (lock.timelock.owner().lower(), lock.timelock.coming_owner()) == (SEQUENCER, ZERO)
    with reverts("timelock: not the owner"):
        lock.act("call_back", ZERO, b"", 0)
    lock.act("call_back", ZERO, b"", 0, sender=SEQUENCER)
    lock.timelock.cancel(waits, sender=SEQUENCER)
    with reverts("timelock: not the coming owner"):
        lock.timelock.accept_ownership(sender=SEQUENCER)


def check_owner_named_by_itself_alone(lock: Lock) -> None:
    for sender in (GOVERNOR, STRANGER):
        with reverts("timelock: not by a proposal"):
            lock.timelock.set_owner(STRANGER, sender=sender)


def check_owner_can_be_unnamed(lock: Lock) -> None:
    hand_over(lock)
    lock.carry_out(lock.call("set_owner", ZERO, to=lock.timelock))
    with reverts("timelock: not the coming owner"):
        lock.timelock.accept_ownership(sender=SEQUENCER)


def check_nobody_comes_back_in(lock: Lock) -> None:
    """While calls are made no door is open: not for a target that is the owner, nor for a second execution."""
    again, inner = lock.note(9), lock.note(1)
    for name, arguments in (
        ("execute", ([inner], SALT)),
        ("propose", ([again], SALT)),
        ("cancel", (bytes(lock.timelock.compute_id([inner], SALT)),)),
        ("close_founding", ()),
        ("accept_ownership", ()),
        ("act", (lock.governed.address, lock.governed.encode("refuse"))),
    ):
        with lock.evm.rollback():
            lock.act("call_back", lock.timelock.address, lock.timelock.encode(name, *arguments), 0)
            lock.propose(inner)
            lock.evm.time += GROUP_DELAY_SECONDS
            with pytest.raises(Reverted) as caught:
                lock.execute(inner)
            assert not caught.value.reason.startswith("timelock: "), f"{name}: {caught.value.reason}"
            assert lock.numbers == []


CHECKS = (
    check_executed_by_anyone_after_the_delay,
    check_not_before_seconds_and_blocks,
    check_not_after_the_grace,
    check_executed_once,
    check_only_what_was_proposed,
    check_all_or_nothing,
    check_target_without_code,
    check_coin_goes_through,
    check_cancelled,
    check_owner_alone_proposes,
    check_proposed_again_does_not_begin_anew,
    check_ids_of_another_timelock_or_chain,
    check_act_is_for_the_list,
    check_act_is_the_owners,
    check_act_passes_reasons_on,
    check_act_on_itself_is_refused,
    check_owner_changes_by_a_proposal,
    check_owner_named_by_itself_alone,
    check_owner_can_be_unnamed,
    check_nobody_comes_back_in,
)
FOUNDING_CHECKS = (
    check_founding_acts_on_anything,
    check_founding_is_over_after_a_week,
    check_founding_closed_for_good,
)


@upholds("GOV-2")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_timelock__each_rule__holds(lock: Lock, check: Check) -> None:
    check(lock)


@upholds("GOV-2")
@pytest.mark.parametrize("check", FOUNDING_CHECKS, ids=lambda check: check.__name__)
def test_founding__each_rule__holds(founding: Lock, check: Check) -> None:
    check(founding)


def test_founding__owner_hands_over__at_once(founding: Lock) -> None:
    """Who deploys with a key of its own can give a contract the timelock before anybody uses it."""
    call = founding.timelock.encode("set_owner", SEQUENCER)
    founding.timelock.act(founding.timelock.address, call, sender=GOVERNOR)
    founding.timelock.accept_ownership(sender=SEQUENCER)
    founding.timelock.close_founding(sender=SEQUENCER)


def refuse_deployment(lock: Lock, reason: str, owner: str, pace: int, swift: list[tuple[str, bytes]]) -> None:
    with reverts(reason):
        lock.evm.deploy(GOVERNOR, load("Timelock"), owner, pace, swift)


def test_deploy__bad__is_refused(lock: Lock) -> None:
    refuse_deployment(lock, "timelock: zero owner", ZERO, 1, [])
    refuse_deployment(lock, "windows: no blocks in a day", GOVERNOR, 0, [])
    refuse_deployment(lock, "timelock: swift target", GOVERNOR, 1, [(ZERO, b"\1\2\3\4")])
    itself = lock.evm.predict_address(GOVERNOR)
    refuse_deployment(lock, "timelock: swift target", GOVERNOR, 1, [(itself, b"\1\2\3\4")])


@pytest.mark.parametrize("count", [0, 1, 15, 16])
def test_deploy__up_to_sixteen_swift_functions__are_all_swift(lock: Lock, count: int) -> None:
    target = lock.governed.address
    swift = [(target, bytes([1, 2, 3, number])) for number in range(count)]
    timelock = lock.evm.deploy(GOVERNOR, load("Timelock"), GOVERNOR, BLOCKS_PER_DAY, swift)
    assert lock.evm.event("OwnerChanged")["owner"].lower() == GOVERNOR.lower()
    told = [(event.args["target"], event.args["selector"]) for event in lock.evm.events("SwiftAllowed")]
    assert told == [(target.lower(), selector) for _, selector in swift]
    asked = [timelock.is_swift(target, bytes([1, 2, 3, number])) for number in range(17)]
    assert asked == [number < count for number in range(17)]


def test_deploy__seventeen_swift_functions__are_refused(lock: Lock) -> None:
    swift = [(lock.governed.address, bytes([1, 2, 3, number])) for number in range(17)]
    refuse_deployment(lock, "", GOVERNOR, BLOCKS_PER_DAY, swift)


def test_act__as_long_as_may_be__is_done_and_a_byte_more_is_refused(founding: Lock) -> None:
    data = founding.governed.encode("note_long", bytes(12_192))
    longest = data + bytes(MOST_ACT_BYTES - len(data))
    founding.timelock.act(founding.governed.address, longest, sender=GOVERNOR)
    assert founding.numbers == [12_192]
    with reverts(""):
        founding.timelock.act(founding.governed.address, longest + b"\0", sender=GOVERNOR)
