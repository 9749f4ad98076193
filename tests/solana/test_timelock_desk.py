"""What counts at once through the Solana side's timelock and is compared with what is in force: a token's tighter
limits and pause, by the owner; prices within their bounds, by the setter. Twins of contracts/Registry.vy.
"""

import pytest
from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from tests.support.solana.founding import SOL
from tests.support.solana.lock import NOTED, Lock, open_lock
from tests.support.solana.machine import SYSTEM, key_of
from tests.support.upholds import upholds
from zklink.protocol.ids import DAY, FEE_NOTICE_SECONDS, GROUP_DELAY_SECONDS
from zklink.solana.client.timelock import plan_call
from zklink.solana.interface import accounts as governed
from zklink.solana.interface import instructions
from zklink.solana.interface.refusals import Refusal
from zklink.solana.interface.timelock.refusals import TimelockRefusal

LOW, FIRST, HIGH = 100, 1_000, 20_000


@pytest.fixture
def lock() -> Lock:
    """Founded with SOL as a token, a setter, and bounds for one kind of price, which is FIRST."""
    lock = open_lock(is_founding=True)
    lock.act(lock.register_call(SOL, lock.owner.pubkey()))
    lock.act(lock.timelock.set_setter(lock.setter.pubkey()))
    lock.act(lock.timelock.set_price_bounds(NOTED, LOW, HIGH))
    lock.act(lock.note_call(FIRST))
    lock.wait(FEE_NOTICE_SECONDS)
    lock.close_founding()
    return lock


# --- tokens ---


def limits(lock: Lock) -> tuple[int, int, int]:
    books = lock.site.books(SOL)
    return books["minimum"], books["cap"], books["is_paused"]


@upholds("GOV-2", "GOV-3")
def test_tighten__less_comes_in__at_once(lock: Lock) -> None:
    assert limits(lock) == (5, 10**12, 0)
    lock.tighten(SOL, 5, 10**12)
    lock.tighten(SOL, 6, 10**11)
    assert limits(lock) == (6, 10**11, 0)
    lock.tighten(SOL, 6, 10**11, is_paused=1)
    assert limits(lock) == (6, 10**11, 1)
    lock.tighten(SOL, 7, 10**11, is_paused=1)
    assert limits(lock) == (7, 10**11, 1)


@upholds("GOV-2")
def test_tighten__more_would_come_in__refused(lock: Lock) -> None:
    lock.tighten(SOL, 4, 10**12, refusal=TimelockRefusal.LOOSER)
    lock.tighten(SOL, 5, 10**12 + 1, refusal=TimelockRefusal.LOOSER)
    lock.tighten(SOL, 5, 4, refusal=Refusal.TOKEN_LIMITS)
    lock.tighten(SOL, 5, 10**12, is_paused=2, refusal=Refusal.INPUT)
    lock.tighten(SOL, 5, 10**12, is_paused=1)
    lock.tighten(SOL, 5, 10**12, refusal=TimelockRefusal.LOOSER)
    lock.tighten(SOL, 6, 10**12, signer=lock.stranger, refusal=TimelockRefusal.OWNER)
    places = {"token": lock.site.token(SOL)}
    again = lock.governed_call(instructions.SET_TOKEN, places, is_paused=0, minimum=1, cap=10**13)
    lock.act(again, refusal=TimelockRefusal.NOT_SWIFT)
    lock.carry_out(plan_call(again))
    assert limits(lock) == (1, 10**13, 0)


@upholds("GOV-2")
def test_tighten__account_that_is_no_token_of_the_program__refused(lock: Lock) -> None:
    """A copy with a cap of nothing would make any cap the tighter one."""
    place = lock.site.token(SOL)
    call = lock.timelock.tighten_token(lock.owner.pubkey(), lock.site.id, place, 0, 5, 10**12)
    data = lock.machine.data(place)
    copies = (
        (lock.timelock.id, data),
        (lock.site.id, data[:-1]),
        (lock.site.id, bytes(8) + data[8:]),
    )
    for i, (owner, content) in enumerate(copies):
        other = lock.machine.put(key_of(f"copy {i}").pubkey(), owner, content)
        call.accounts = [*call.accounts[:-1], AccountMeta(other, False, True)]
        lock.send(call, lock.owner, refusal=TimelockRefusal.ACCOUNT)
    right = lock.timelock.tighten_token(lock.owner.pubkey(), lock.site.id, place, 0, 5, 10**12)
    right.accounts = [right.accounts[0], AccountMeta(SYSTEM, False, False), *right.accounts[2:]]
    lock.send(right, lock.owner, refusal=TimelockRefusal.ACCOUNT)


# --- prices ---


@upholds("GOV-6")
def test_price__by_the_setter_alone__within_bounds(lock: Lock) -> None:
    for price in (LOW - 1, HIGH + 1):
        lock.price(price, refusal=TimelockRefusal.OUTSIDE)
    for key in (lock.owner, lock.stranger):
        lock.price(LOW, signer=key, refusal=TimelockRefusal.SETTER)
    for kind in (0, governed.PRICE_KINDS, 255):
        lock.price(0, kind=kind, refusal=TimelockRefusal.KIND)
    lock.price(1, kind=2, refusal=TimelockRefusal.OUTSIDE)
    lock.price(LOW)
    assert lock.noted() == LOW
    lock.act(lock.note_call(LOW), refusal=TimelockRefusal.NOT_SWIFT)


@upholds("GOV-6")
def test_price__highest_within_a_day__at_most_doubles(lock: Lock) -> None:
    lock.price(2 * FIRST + 1, refusal=TimelockRefusal.DOUBLED)
    lock.price(2 * FIRST)
    assert lock.site.state()["prices"][NOTED] == FIRST
    lock.wait(FEE_NOTICE_SECONDS)
    lock.price(2 * FIRST + 1, refusal=TimelockRefusal.DOUBLED)
    # Down and up again within the day wins nothing, and neither does the end of the day in which it was asked for.
    lock.price(LOW)
    lock.price(2 * FIRST + 1, refusal=TimelockRefusal.DOUBLED)
    lock.price(2 * FIRST)
    lock.wait(FEE_NOTICE_SECONDS)
    lock.wait(DAY - FEE_NOTICE_SECONDS - 1)
    lock.price(2 * FIRST + 1, refusal=TimelockRefusal.DOUBLED)
    lock.wait(1)
    lock.price(4 * FIRST + 1, refusal=TimelockRefusal.DOUBLED)
    lock.price(4 * FIRST)


@upholds("GOV-6")
def test_price__raised_a_little_first__counts_from_the_day_s_beginning(lock: Lock) -> None:
    """The day begins anew with a rise above its peak, an hour after that was asked for."""
    lock.price(FIRST + 1)
    asked_at = lock.machine.now()
    assert lock.state()["since"][NOTED] == asked_at + FEE_NOTICE_SECONDS
    lock.wait(DAY + FEE_NOTICE_SECONDS - 1)
    lock.price(2 * FIRST + 1, refusal=TimelockRefusal.DOUBLED)
    lock.wait(1)
    lock.price(2 * FIRST + 2)
    state = lock.state()
    assert (state["bases"][NOTED], state["peaks"][NOTED]) == (FIRST + 1, FIRST + 1)
    # A fall below what has been asked for is none of the day's peak.
    lock.price(LOW)
    assert lock.state()["since"][NOTED] == lock.machine.now() + FEE_NOTICE_SECONDS
    lock.wait(DAY)
    lock.price(2 * FIRST + 3, refusal=TimelockRefusal.DOUBLED)


@upholds("GOV-6")
def test_price__rise_that_has_come__is_the_day_s_peak(lock: Lock) -> None:
    lock.price(FIRST + 500)
    lock.wait(FEE_NOTICE_SECONDS)
    lock.price(LOW)
    state = lock.state()
    assert (state["bases"][NOTED], state["peaks"][NOTED]) == (FIRST, FIRST + 500)
    assert state["since"][NOTED] == lock.machine.now()
    lock.price(FIRST + 400)
    assert lock.state()["since"][NOTED] == state["since"][NOTED]


@upholds("GOV-6")
def test_price__in_force_outside_of_its_bounds__counts_as_the_nearest(lock: Lock) -> None:
    lock.carry_out(plan_call(lock.timelock.set_price_bounds(NOTED, 5_000, 40_000)))
    lock.price(10_001, refusal=TimelockRefusal.DOUBLED)
    lock.price(10_000)
    lock.carry_out(plan_call(lock.timelock.set_price_bounds(NOTED, 10, 30)))
    lock.price(30)
    assert lock.state()["bases"][NOTED] == 30


@upholds("GOV-6")
def test_price__bounds_above_twice_the_day_s_beginning__may_stay_where_they_put_it(lock: Lock) -> None:
    call = plan_call(lock.timelock.set_price_bounds(NOTED, 5_000, 40_000))
    number = lock.propose(call)
    lock.wait(GROUP_DELAY_SECONDS - 1)
    lock.price(FIRST + 1)
    lock.wait(1)
    lock.execute(number, call)
    lock.price(5_001, refusal=TimelockRefusal.DOUBLED)
    lock.price(5_000)


def test_price__without_a_clock__refused(lock: Lock) -> None:
    lock.machine.set_time(0)
    lock.price(LOW, refusal=TimelockRefusal.CLOCK)


@upholds("GOV-6")
def test_bounds_and_setter__by_a_proposal_alone(lock: Lock) -> None:
    for call in (lock.timelock.set_price_bounds(2, 1, 2), lock.timelock.set_setter(lock.stranger.pubkey())):
        lock.act(call, refusal=TimelockRefusal.NOT_SWIFT)
        metas = [AccountMeta(lock.owner.pubkey(), True, True)]
        call.accounts = metas
        lock.send(call, lock.owner, refusal=TimelockRefusal.ACCOUNT)
    lock.carry_out(plan_call(lock.timelock.set_setter(lock.stranger.pubkey())))
    lock.price(LOW, refusal=TimelockRefusal.SETTER)
    lock.price(LOW, signer=lock.stranger)
    lock.carry_out(plan_call(lock.timelock.set_setter(SYSTEM)))
    lock.price(LOW, signer=lock.stranger, refusal=TimelockRefusal.SETTER)


@upholds("GOV-6")
@pytest.mark.parametrize(
    ("kind", "low", "high", "refusal"),
    [
        (0, 1, 2, TimelockRefusal.KIND),
        (governed.PRICE_KINDS, 1, 2, TimelockRefusal.KIND),
        (1, 2, 1, TimelockRefusal.BOUNDS),
        (1, 0, 1, TimelockRefusal.BOUNDS),
        (1, 1, 1 << 40, TimelockRefusal.BOUNDS),
    ],
)
def test_bounds__that_are_none__refused(kind: int, low: int, high: int, refusal: TimelockRefusal) -> None:
    lock = open_lock(is_founding=True)
    lock.act(lock.timelock.set_price_bounds(kind, low, high), refusal=refusal)
    lock.act(lock.timelock.set_price_bounds(governed.PRICE_KINDS - 1, 1, (1 << 40) - 1))
    lock.act(lock.timelock.set_price_bounds(governed.PRICE_KINDS - 1, 0, 0))
    assert lock.state()["highs"][governed.PRICE_KINDS - 1] == 0


@upholds("GOV-6")
def test_price__account_that_is_no_bridge_of_the_program__refused(lock: Lock) -> None:
    """A copy whose price is high would let any price be no rise."""
    data = lock.machine.data(lock.site.bridge)
    end = governed.BRIDGE.offset("prices_from") + 8 * governed.PRICE_KINDS
    for i, (owner, content) in enumerate(
        ((lock.timelock.id, data), (lock.site.id, data[: end - 1]), (lock.site.id, bytes(8) + data[8:]))
    ):
        other = lock.machine.put(key_of(f"bridge {i}").pubkey(), owner, content)
        call = lock.timelock.set_price(lock.setter.pubkey(), lock.site.id, NOTED, LOW)
        call.accounts = [*call.accounts[:-1], AccountMeta(other, False, True)]
        lock.send(call, lock.setter, refusal=TimelockRefusal.ACCOUNT)
    call = lock.timelock.set_price(lock.setter.pubkey(), lock.site.id, NOTED, LOW)
    call.accounts = [call.accounts[0], AccountMeta(Pubkey(bytes(32)), False, False), *call.accounts[2:]]
    lock.send(call, lock.setter, refusal=TimelockRefusal.ACCOUNT)
