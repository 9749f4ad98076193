"""The Solana side's timelock, twin of contracts/Timelock.vy: what waits, for how long, what does not wait, who may do
what, and what nobody can do.
"""

import pytest
from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.pubkey import Pubkey
from solders.rent import Rent

from tests.support.solana import machine
from tests.support.solana.founding import ELSEWHERE, SLOTS_PER_DAY
from tests.support.solana.lock import Lock, open_lock
from tests.support.solana.machine import SYSTEM, Refused, key_of
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.protocol.facts import Group
from zklink.protocol.ids import DAY, FOUNDING_SECONDS, GRACE_SECONDS, GROUP_DELAY_SECONDS
from zklink.solana.client.timelock import plan_call
from zklink.solana.interface import group_instructions as groups
from zklink.solana.interface import instructions as governed
from zklink.solana.interface.refusals import Refusal
from zklink.solana.interface.timelock import accounts, instructions
from zklink.solana.interface.timelock.refusals import TimelockRefusal
from zklink.solana.interface.timelock.texts import Named, ProposedCall


@pytest.fixture
def lock() -> Lock:
    return open_lock()


@pytest.fixture
def founding() -> Lock:
    return open_lock(is_founding=True)


# --- what waits ---


@upholds("GOV-2")
def test_execute__after_the_delay__by_anybody_and_once(lock: Lock) -> None:
    calls = lock.note(11), lock.note(22, kind=2)
    number = lock.propose(*calls)
    clock = lock.machine.svm.get_clock()
    data = lock.machine.data(lock.timelock.proposal(number))
    head = accounts.PROPOSAL.unpack(data[: accounts.PROPOSAL.size])
    assert (head["number"], head["stage"], head["calls"]) == (1, accounts.WAITING, 2)
    assert (head["proposed_at"], head["proposed_in"]) == (clock.unix_timestamp, clock.slot)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(number, *calls)
    assert (lock.noted(), lock.noted(2), lock.stage(number)) == (11, 22, accounts.EXECUTED)
    lock.execute(number, *calls, refusal=TimelockRefusal.NOT_PROPOSED)


@upholds("GOV-2")
def test_execute__before_seconds_or_slots__refused(lock: Lock) -> None:
    number = lock.propose(lock.note(1))
    lock.execute(number, lock.note(1), refusal=TimelockRefusal.TOO_EARLY)
    days = GROUP_DELAY_SECONDS // DAY
    lock.wait(GROUP_DELAY_SECONDS - 1, slots=days * SLOTS_PER_DAY)
    lock.execute(number, lock.note(1), refusal=TimelockRefusal.TOO_EARLY)
    other = open_lock()
    number = other.propose(other.note(1))
    other.wait(GROUP_DELAY_SECONDS, slots=days * SLOTS_PER_DAY - 1)
    other.execute(number, other.note(1), refusal=TimelockRefusal.TOO_EARLY)
    other.wait(0, slots=1)
    other.execute(number, other.note(1))


@upholds("GOV-2")
def test_execute__after_the_grace__refused(lock: Lock) -> None:
    first, second = lock.propose(lock.note(1)), lock.propose(lock.note(2))
    lock.wait(GROUP_DELAY_SECONDS + GRACE_SECONDS - 1)
    lock.execute(first, lock.note(1))
    lock.wait(1)
    lock.execute(second, lock.note(2), refusal=TimelockRefusal.TOO_LATE)
    lock.cancel(second)
    lock.execute(second, lock.note(2), refusal=TimelockRefusal.NOT_PROPOSED)


def test_execute__seconds_of_the_grace_but_a_halted_cluster__goes(lock: Lock) -> None:
    """As long as slots are missing nobody could have executed it: the grace waits for them too."""
    number = lock.propose(lock.note(1))
    lock.wait(GROUP_DELAY_SECONDS + GRACE_SECONDS, slots=GROUP_DELAY_SECONDS // DAY * SLOTS_PER_DAY)
    lock.execute(number, lock.note(1))


@upholds("GOV-2")
def test_propose__same_calls_twice__each_waits_for_itself(lock: Lock) -> None:
    first = lock.propose(lock.note(1))
    lock.wait(GROUP_DELAY_SECONDS)
    second = lock.propose(lock.note(1))
    assert (first, second) == (1, 2)
    lock.execute(second, lock.note(1), refusal=TimelockRefusal.TOO_EARLY)
    lock.execute(first, lock.note(1))
    lock.cancel(second)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(second, lock.note(1), refusal=TimelockRefusal.NOT_PROPOSED)


@upholds("GOV-2")
def test_execute__other_calls_than_were_proposed__refused(lock: Lock) -> None:
    calls = lock.note(1), lock.note(2, kind=2)
    number = lock.propose(*calls)
    lock.wait(GROUP_DELAY_SECONDS)
    stranger = ProposedCall(bytes(key_of("stranger").pubkey()), calls[0].accounts, calls[0].data)
    other = ProposedCall(calls[0].program, (calls[0].accounts[0], Named(bytes(lock.site.sol), False, True)), b"")
    fewer = ProposedCall(calls[0].program, calls[0].accounts[:1], calls[0].data)
    for wrong, refusal in (
        ((stranger, calls[1]), TimelockRefusal.ACCOUNT),
        ((other, calls[1]), TimelockRefusal.ACCOUNT),
        ((fewer, calls[1]), TimelockRefusal.ACCOUNT),
        (calls[:1], TimelockRefusal.INPUT),
        ((), TimelockRefusal.INPUT),
        ((*calls, lock.note(3)), TimelockRefusal.INPUT),
    ):
        lock.execute(number, *wrong, refusal=refusal)
    assert lock.stage(number) == accounts.WAITING
    lock.execute(number, *calls)


@upholds("GOV-2")
def test_execute__accounts_read_only_that_are_written__refused(lock: Lock) -> None:
    number = lock.propose(lock.note(1))
    lock.wait(GROUP_DELAY_SECONDS)
    call = lock.timelock.execute(number, [lock.note(1)])
    call.accounts = [*call.accounts[:-1], AccountMeta(lock.site.bridge, False, False)]
    lock.send(call, refusal=TimelockRefusal.ACCOUNT)


@upholds("GOV-2")
def test_execute__one_call_fails__nothing_happens_and_it_waits_on(lock: Lock) -> None:
    calls = lock.note(1), lock.note(1 << 41)
    number = lock.propose(*calls)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(number, *calls, refusal=Refusal.PRICE)
    assert (lock.noted(), lock.stage(number)) == (0, accounts.WAITING)


def test_execute__what_waits_at_another_address__refused(lock: Lock) -> None:
    """A proposal of another timelock is none here, and neither is any account of another kind."""
    number = lock.propose(lock.note(1))
    lock.wait(GROUP_DELAY_SECONDS)
    place = lock.timelock.proposal(number)
    copy = lock.machine.put(key_of("copy").pubkey(), lock.site.id, lock.machine.data(place))
    for other in (copy, lock.timelock.address, lock.site.bridge, SYSTEM):
        call = lock.timelock.execute(number, [lock.note(1)])
        call.accounts = [call.accounts[0], AccountMeta(other, False, True), *call.accounts[2:]]
        lock.send(call, refusal=TimelockRefusal.ACCOUNT)


def test_execute__purse__pays_the_rent_that_a_call_needs(lock: Lock) -> None:
    token = lock.site.token(ELSEWHERE)
    call = plan_call(lock.register_call(ELSEWHERE, lock.timelock.purse))
    number = lock.propose(call)
    lock.wait(GROUP_DELAY_SECONDS)
    with pytest.raises(Refused, match="custom program error: 0x1"):
        lock.execute(number, call)
    lock.machine.fund(lock.timelock.purse, 10**9)
    lock.execute(number, call)
    assert lock.machine.lamports(token) > 0 and lock.machine.lamports(lock.timelock.purse) < 10**9


def test_propose__by_others_or_nothing__refused(lock: Lock) -> None:
    lock.propose(lock.note(1), signer=lock.stranger, refusal=TimelockRefusal.OWNER)
    call = lock.timelock.propose(lock.owner.pubkey(), lock.owner.pubkey(), 1, [lock.note(1)])
    for count in (0, 9, 255):
        data = bytes(call.data)
        lock.send(
            Call(call.program_id, data[:1] + bytes([count]) + data[2:], call.accounts),
            lock.owner,
            refusal=TimelockRefusal.CALLS,
        )


def test_propose__number_that_is_not_the_next__refused(lock: Lock) -> None:
    for number in (0, 2, 1 << 63):
        call = lock.timelock.propose(lock.owner.pubkey(), lock.owner.pubkey(), number, [lock.note(1)])
        lock.send(call, lock.owner, refusal=TimelockRefusal.ACCOUNT)


@upholds("GOV-2")
def test_propose__lamports_were_there_before__made_all_the_same(lock: Lock) -> None:
    lock.machine.fund(lock.timelock.proposal(1), 10**9)
    assert lock.propose(lock.note(1)) == 1


def test_propose__bytes_that_are_no_calls__refused(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    call = lock.timelock.propose(lock.owner.pubkey(), lock.owner.pubkey(), 1, [lock.note(1)])
    good, text = bytes(call.data), 2
    accounts_at = text + 32 + 1
    pinned = good[:accounts_at] + b"\4" + good[accounts_at + 1 : accounts_at + 33]
    for wrong in (
        *(good[:end] for end in (2, 10, 34, 35, 40, 67, 68, 100, 101, 102, 103, len(good) - 1)),
        good + b"\0",
        good[:accounts_at] + b"\x08" + good[accounts_at + 1 :],
        pinned[: accounts_at - 1] + b"\1" + pinned[accounts_at:] + bytes(2),
    ):
        lock.send(Call(call.program_id, wrong, call.accounts), lock.owner, refusal=TimelockRefusal.TEXT)
    monkeypatch.setattr(machine, "PACKET_BYTES", 4_096)
    many = good[: accounts_at - 1] + bytes([30]) + bytes(33 * 30) + bytes(2)
    lock.send(Call(call.program_id, many, call.accounts), lock.owner, refusal=TimelockRefusal.TEXT)


def test_propose__more_accounts_than_a_call_can_bring__refused(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PACKET_BYTES", 4_096)  # a transaction of the next version, or a call by a program

    def call(accounts: int) -> ProposedCall:
        return ProposedCall(bytes(32), (Named(bytes(32)),) * accounts, b"")

    lock.propose(call(29))
    lock.propose(call(9), call(19))
    lock.propose(call(10), call(19), refusal=TimelockRefusal.CALLS)
    lock.propose(call(29), call(0), refusal=TimelockRefusal.CALLS)
    lock.propose(*[call(0)] * 8)


@upholds("GOV-2")
def test_propose__signature_of_somebody_else__refused(lock: Lock) -> None:
    """Whoever executes signs for its own fee: no call may use that."""
    for key in (lock.stranger.pubkey(), lock.owner.pubkey(), lock.machine.payer.pubkey()):
        call = ProposedCall(bytes(SYSTEM), (Named(bytes(key), True, True),), b"")
        lock.propose(call, refusal=TimelockRefusal.STRANGER)
    lock.propose(ProposedCall(bytes(SYSTEM), (Named(bytes(lock.timelock.purse), True, True),), b""))


@upholds("GOV-2")
def test_cancel__by_the_owner__for_good(lock: Lock) -> None:
    number = lock.propose(lock.note(1))
    for key in (lock.stranger, lock.setter):
        lock.cancel(number, signer=key, refusal=TimelockRefusal.OWNER)
    lock.cancel(number)
    assert lock.stage(number) == accounts.CANCELLED
    lock.cancel(number, refusal=TimelockRefusal.NOTHING_TO_CANCEL)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(number, lock.note(1), refusal=TimelockRefusal.NOT_PROPOSED)


def test_close_proposal__neither_waits_nor_can__rent_goes_back_to_who_has_paid(lock: Lock) -> None:
    number = lock.propose(lock.note(1))
    place = lock.timelock.proposal(number)
    rent, before = lock.machine.lamports(place), lock.machine.lamports(lock.owner.pubkey())
    close = lock.timelock.close_proposal(lock.owner.pubkey(), number)
    lock.send(close, lock.owner, refusal=TimelockRefusal.WAITS)
    lock.cancel(number)
    other = lock.timelock.close_proposal(lock.stranger.pubkey(), number)
    lock.send(other, lock.stranger, refusal=TimelockRefusal.PAYER)
    lock.send(close, lock.owner)
    assert lock.machine.lamports(lock.owner.pubkey()) == before + rent and not lock.machine.data(place)
    lock.send(close, lock.owner, refusal=TimelockRefusal.ACCOUNT)
    # Its number does not come again.
    again = lock.timelock.propose(lock.owner.pubkey(), lock.owner.pubkey(), number, [lock.note(1)])
    lock.send(again, lock.owner, refusal=TimelockRefusal.ACCOUNT)
    assert lock.propose(lock.note(1)) == number + 1


def test_calls__without_a_clock__refused(lock: Lock, founding: Lock) -> None:
    number, now = lock.propose(lock.note(1)), lock.machine.now()
    for broken in (0, 1 << 40, -1):
        lock.machine.set_time(broken)
        lock.propose(lock.note(1), refusal=TimelockRefusal.CLOCK)
        lock.execute(number, lock.note(1), refusal=TimelockRefusal.CLOCK)
        founding.machine.set_time(broken)
        founding.act(founding.note_call(1), refusal=TimelockRefusal.NOT_SWIFT)
        bare = Lock(Site())
        bare.machine.set_time(broken)
        bare.init(refusal=TimelockRefusal.CLOCK)
    lock.machine.set_time(now)
    # No rate of rent stops the owner.
    lock.machine.svm.set_rent(Rent(3_480, 3.0, 50))
    lock.propose(lock.note(1))


# --- what does not wait ---


def end_call(lock: Lock, name: str) -> Call:
    """A call about an END that nobody has raised."""
    (form,) = (each for each in governed.INSTRUCTIONS if each.name == name)
    return lock.governed_call(form, {})


@upholds("GOV-2", "GOV-3")
def test_act__after_the_founding__is_for_the_list(lock: Lock) -> None:
    lock.act(end_call(lock, "void_end"), refusal=Refusal.NONE_RAISED)
    lock.act(lock.note_call(1), refusal=TimelockRefusal.NOT_SWIFT)
    lock.act(end_call(lock, "void_end"), signer=lock.stranger, refusal=TimelockRefusal.OWNER)
    lock.act(Call(lock.site.id, b"", []), refusal=TimelockRefusal.NO_CALL)
    number = bytes(end_call(lock, "void_end").data)[0]
    for data in (bytes([number]), bytes([number + 64]), b"\xff"):
        lock.act(Call(SYSTEM, data, []), refusal=TimelockRefusal.NOT_SWIFT)
    lock.act(Call(lock.site.id, bytes([number + 64]), []), refusal=TimelockRefusal.NOT_SWIFT)


@upholds("GOV-2")
def test_act__members__announced_withdrawn_and_removed_at_once(lock: Lock) -> None:
    """They have a word 55 days later, by the bridge's program itself."""
    group, members = Group.WATCHERS, sorted(bytes([7]) * 19 + bytes([i]) for i in range(5))
    form, places = groups.ANNOUNCE_MEMBERS, {"governor": lock.timelock.address, "bridge": lock.site.bridge}
    lock.act(lock.site.encode(form, places, form.encode(b"".join(members), group=group, threshold=3)))
    lock.act(lock.site.encode(groups.WITHDRAW_MEMBERS, places, groups.WITHDRAW_MEMBERS.encode()))
    assert lock.site.state()["group_counts"][group - 1] == 5
    gone = bytes.fromhex(lock.site.groups.group(group).members[0][2:])
    lock.act(lock.site.encode(groups.REMOVE_MEMBER, places, groups.REMOVE_MEMBER.encode(group=group, member=gone)))
    assert lock.site.state()["group_counts"][group - 1] == 4


@upholds("GOV-2")
def test_act__on_itself_after_the_founding__refused(lock: Lock) -> None:
    lock.act(lock.timelock.set_owner(lock.stranger.pubkey()), refusal=TimelockRefusal.NOT_SWIFT)
    lock.act(lock.timelock.cancel(lock.owner.pubkey(), 1), refusal=TimelockRefusal.NOT_SWIFT)


# --- the founding ---


@upholds("GOV-2")
def test_founding__owner__calls_anything_at_once(founding: Lock) -> None:
    founding.act(founding.note_call(5))
    assert founding.noted() == 5
    founding.act(founding.note_call(6), signer=founding.stranger, refusal=TimelockRefusal.OWNER)
    data = (2).to_bytes(4, "little") + (10**6).to_bytes(8, "little")
    metas = [AccountMeta(founding.stranger.pubkey(), True, True), AccountMeta(founding.timelock.purse, False, True)]
    founding.act(Call(SYSTEM, data, metas), founding.stranger)
    assert founding.machine.lamports(founding.timelock.purse) == 10**6


@upholds("GOV-2")
def test_founding__a_week__and_it_is_over(founding: Lock) -> None:
    founding.wait(FOUNDING_SECONDS - 1)
    founding.act(founding.note_call(5))
    founding.wait(1)
    founding.act(founding.note_call(6), refusal=TimelockRefusal.NOT_SWIFT)
    founding.close_founding(refusal=TimelockRefusal.FOUNDED)


@upholds("GOV-2")
def test_founding__closed__for_good(founding: Lock) -> None:
    founding.close_founding(signer=founding.stranger, refusal=TimelockRefusal.OWNER)
    founding.close_founding()
    assert founding.state()["founding_ends"] == 0
    founding.act(founding.note_call(1), refusal=TimelockRefusal.NOT_SWIFT)
    founding.close_founding(refusal=TimelockRefusal.FOUNDED)


@upholds("GOV-2")
def test_founding__itself__only_by_the_calls_that_are_for_that(founding: Lock) -> None:
    lock, owner = founding.timelock, founding.owner.pubkey()
    for call in (
        lock.close_founding(owner),
        lock.propose(owner, owner, 1, [founding.note(1)]),
        lock.cancel(owner, 1),
        lock.execute(1, []),
        lock.close_proposal(owner, 1),
        lock.act(owner, founding.note_call(1)),
        lock.accept_ownership(owner),
    ):
        founding.act(call, refusal=TimelockRefusal.ITSELF)
    founding.act(lock.set_owner(founding.heir.pubkey()))
    founding.accept(founding.heir)
    founding.close_founding(signer=founding.heir)


# --- the owner ---


@upholds("GOV-2")
def test_owner__named_by_a_proposal__accepts(lock: Lock) -> None:
    lock.carry_out(plan_call(lock.timelock.set_owner(lock.heir.pubkey())))
    assert lock.state()["owner"] == bytes(lock.owner.pubkey())
    for key in (lock.stranger, lock.owner):
        lock.accept(key, refusal=TimelockRefusal.HEIR)
    waits = lock.propose(lock.note(1))
    lock.accept(lock.heir)
    assert (lock.state()["owner"], lock.state()["coming_owner"]) == (bytes(lock.heir.pubkey()), bytes(32))
    lock.act(end_call(lock, "void_end"), refusal=TimelockRefusal.OWNER)
    lock.act(end_call(lock, "void_end"), signer=lock.heir, refusal=Refusal.NONE_RAISED)
    lock.cancel(waits, signer=lock.heir)
    lock.accept(lock.heir, refusal=TimelockRefusal.HEIR)


@upholds("GOV-2")
def test_owner__named_by_anybody_else__refused(lock: Lock) -> None:
    call = lock.timelock.set_owner(lock.stranger.pubkey())
    for key in (lock.owner, lock.stranger):
        metas = [AccountMeta(key.pubkey(), True, True)]
        lock.send(Call(call.program_id, bytes(call.data), metas), key, refusal=TimelockRefusal.ACCOUNT)
    unsigned = Call(call.program_id, bytes(call.data), [AccountMeta(lock.timelock.address, False, True)])
    lock.send(unsigned, refusal=TimelockRefusal.SIGNER)


def test_owner__unnamed__accepts_no_more(lock: Lock) -> None:
    lock.carry_out(plan_call(lock.timelock.set_owner(lock.heir.pubkey())))
    lock.carry_out(plan_call(lock.timelock.set_owner(SYSTEM)))
    lock.accept(lock.heir, refusal=TimelockRefusal.HEIR)


@upholds("GOV-2")
def test_propose__call_to_itself_that_is_not_for_that__refused(lock: Lock) -> None:
    """No proposal governs proposals: none executes, cancels or proposes another one, or acts as the owner."""
    for form in instructions.TIMELOCK_INSTRUCTIONS:
        call = ProposedCall(bytes(lock.timelock.id), (), bytes([form.number]))
        if form in (instructions.SET_OWNER, instructions.SET_SETTER, instructions.SET_PRICE_BOUNDS):
            lock.propose(call)
        else:
            lock.propose(call, refusal=TimelockRefusal.ITSELF)
    nothing = ProposedCall(bytes(lock.timelock.id), (), b"")
    lock.propose(nothing, refusal=TimelockRefusal.ITSELF)
    # What follows a call without data is not read as its data.
    after = ProposedCall(bytes([instructions.SET_OWNER.number]) + bytes(31), (), b"")
    lock.propose(nothing, after, refusal=TimelockRefusal.ITSELF)


# --- init ---


@upholds("GOV-1")
def test_init__bad_or_by_others_or_twice__refused() -> None:
    bare = Lock(Site())
    for changes, refusal in (
        ({"owner": SYSTEM}, TimelockRefusal.NO_OWNER),
        ({"program": SYSTEM}, TimelockRefusal.GOVERNED),
        ({"program": bare.timelock.id}, TimelockRefusal.GOVERNED),
        ({"slots_per_day": 0}, TimelockRefusal.SLOTS),
        ({"slots_per_day": (1 << 32) + 1}, TimelockRefusal.SLOTS),
        ({"signer": bare.stranger}, TimelockRefusal.AUTHORITY),
    ):
        bare.init(refusal=refusal, **changes)
    bare.machine.fund(bare.timelock.address, 10**7)
    bare.init(slots_per_day=1 << 32)
    state = bare.state()
    assert (state["owner"], state["program"]) == (bytes(bare.owner.pubkey()), bytes(bare.site.id))
    assert state["founding_ends"] == bare.machine.now() + FOUNDING_SECONDS
    assert Pubkey(state["purse"]) == bare.timelock.purse and state["count"] == 0
    bare.init(refusal=TimelockRefusal.EXISTS)
