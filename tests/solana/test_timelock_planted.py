"""Accounts that earlier code at the timelock's address has left: a second timelock, proposals that nobody has made.
Each call refuses them, wherever they are.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final

import pytest
from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.solana.founding import ELSEWHERE, SOL
from tests.support.solana.lock import NOTED, Lock, open_lock
from tests.support.solana.machine import key_of
from tests.support.upholds import upholds
from zklink.protocol.ids import GROUP_DELAY_SECONDS
from zklink.solana.client.timelock import plan_call
from zklink.solana.interface.timelock import accounts
from zklink.solana.interface.timelock.refusals import TimelockRefusal
from zklink.solana.interface.timelock.texts import ProposedCall, encode_calls

THIEF: Final = key_of("thief")
SOMEWHERE: Final = key_of("a second timelock").pubkey()


def second_address(program: Pubkey, *seeds: bytes) -> Pubkey:
    """The address at the second highest bump."""
    first = Pubkey.find_program_address(list(seeds), program)[1]
    parts = ((b"".join(seeds), bytes([bump]), bytes(program), b"ProgramDerivedAddress") for bump in range(first)[::-1])
    hashes = (Pubkey(sha256(b"".join(each)).digest()) for each in parts)
    return next(key for key in hashes if not key.is_on_curve())


def plant_lock(lock: Lock, place: Pubkey) -> Pubkey:
    """A copy of the timelock whose owner, next owner and setter is a thief, in its founding for ever."""
    thief = bytes(THIEF.pubkey())
    whose = {"owner": thief, "coming_owner": thief, "setter": thief, "founding_ends": 2**40}
    lock.machine.fund(THIEF.pubkey())
    return lock.machine.put(place, lock.timelock.id, accounts.TIMELOCK.pack(**(lock.state() | whose)))


def plant_proposal(lock: Lock, place: Pubkey, number: int, *calls: ProposedCall) -> Pubkey:
    """A proposal that has waited long enough, and that nobody has made."""
    clock = lock.machine.svm.get_clock()
    head = {
        "tag": accounts.PROPOSAL_TAG,
        "number": number,
        "stage": accounts.WAITING,
        "calls": len(calls),
        "proposed_at": clock.unix_timestamp - GROUP_DELAY_SECONDS - 1,
        "proposed_in": 0,
        "payer": bytes(THIEF.pubkey()),
    }
    return lock.machine.put(place, lock.timelock.id, accounts.PROPOSAL.pack(**head) + encode_calls(calls))


def exchange(call: Call, old: Pubkey, new: Pubkey) -> Call:
    """The call with another account in the first place of one."""
    at = [meta.pubkey for meta in call.accounts].index(old)
    metas = list(call.accounts)
    metas[at] = AccountMeta(new, metas[at].is_signer, metas[at].is_writable)
    return Call(call.program_id, bytes(call.data), metas)


def theft(lock: Lock) -> ProposedCall:
    """What no governor may do at once: gives an id its mint."""
    return plan_call(lock.register_call(ELSEWHERE, lock.timelock.purse))


CALLS: Final[dict[str, Callable[[Lock, Pubkey], Call]]] = {
    "propose": lambda lock, thief: lock.timelock.propose(thief, thief, 3, [theft(lock)]),
    "execute": lambda lock, thief: lock.timelock.execute(1, [theft(lock)]),
    "cancel": lambda lock, thief: lock.timelock.cancel(thief, 1),
    "act": lambda lock, thief: lock.timelock.act(thief, lock.register_call(ELSEWHERE, thief)),
    "close_founding": lambda lock, thief: lock.timelock.close_founding(thief),
    "accept_ownership": lambda lock, thief: lock.timelock.accept_ownership(thief),
    "tighten_token": lambda lock, thief: lock.timelock.tighten_token(
        thief, lock.site.id, lock.site.token(SOL), 1, 10, 10
    ),
    "set_price": lambda lock, thief: lock.timelock.set_price(thief, lock.site.id, NOTED, 11),
}
"""Calls as a thief makes them."""


def prepare() -> Lock:
    """A timelock with a token to tighten, a price to change, and a proposal that waits long enough."""
    lock = open_lock(is_founding=True)
    lock.machine.fund(lock.timelock.purse, 10**9)
    lock.act(lock.register_call(SOL, lock.owner.pubkey()))
    lock.act(lock.timelock.set_setter(lock.setter.pubkey()))
    lock.act(lock.timelock.set_price_bounds(NOTED, 1, 1_000))
    lock.act(lock.note_call(10))
    lock.close_founding()
    lock.propose(theft(lock))
    lock.propose(lock.note(11))
    lock.wait(GROUP_DELAY_SECONDS)
    return lock


@upholds("GOV-1", "GOV-2")
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("where", ["anywhere", "at another bump"])
def test_second_timelock__whose_owner_is_a_thief__obeyed_by_no_call(name: str, where: str) -> None:
    lock = prepare()
    seed = accounts.TIMELOCK_SEEDS[0]
    place = SOMEWHERE if where == "anywhere" else second_address(lock.timelock.id, seed)
    second = plant_lock(lock, place)
    call = exchange(CALLS[name](lock, THIEF.pubkey()), lock.timelock.address, second)
    before = lock.machine.data(second), lock.state(), lock.site.state()
    lock.send(call, THIEF, refusal=TimelockRefusal.ACCOUNT)
    assert (lock.machine.data(second), lock.state(), lock.site.state()) == before


@upholds("GOV-1", "GOV-2")
@pytest.mark.parametrize("name", ["set_owner", "set_setter", "set_price_bounds"])
def test_second_timelock__that_signs_with_a_key__is_not_changed(name: str) -> None:
    lock = open_lock()
    own = Keypair.from_seed(bytes([7]) * 32)
    second = plant_lock(lock, own.pubkey())
    calls = {
        "set_owner": lock.timelock.set_owner(THIEF.pubkey()),
        "set_setter": lock.timelock.set_setter(lock.owner.pubkey()),
        "set_price_bounds": lock.timelock.set_price_bounds(NOTED, 1, 5),
    }
    lock.send(exchange(calls[name], lock.timelock.address, second), own, refusal=TimelockRefusal.ACCOUNT)


@upholds("GOV-1", "GOV-2")
@pytest.mark.parametrize(
    "number, where",
    [(1, "anywhere"), (1, "at another bump"), (2, "anywhere"), (2, "at its address"), (50, "at its address")],
)
def test_execute__proposal_that_nobody_has_made__refused(number: int, where: str) -> None:
    """The first number is proposed; a later one is not."""
    lock = open_lock()
    lock.machine.fund(lock.timelock.purse, 10**9)
    lock.propose(lock.note(11))
    seeds = accounts.proposal_seeds(number)
    places = {
        "anywhere": SOMEWHERE,
        "at another bump": second_address(lock.timelock.id, *seeds),
        "at its address": lock.timelock.proposal(number),
    }
    planted = plant_proposal(lock, places[where], number, theft(lock))
    before = lock.machine.data(planted)
    execution = exchange(lock.timelock.execute(number, [theft(lock)]), lock.timelock.proposal(number), planted)
    lock.send(execution, refusal=TimelockRefusal.ACCOUNT)
    cancelled = exchange(lock.timelock.cancel(lock.owner.pubkey(), number), lock.timelock.proposal(number), planted)
    lock.send(cancelled, lock.owner, refusal=TimelockRefusal.ACCOUNT)
    assert lock.machine.data(planted) == before
    assert not lock.machine.data(lock.site.token(ELSEWHERE))


def test_propose__number_that_is_planted__refused_for_good() -> None:
    """What is left to see for whoever looks before value comes in: the governor is stuck, and nobody gains."""
    lock = open_lock()
    plant_proposal(lock, lock.timelock.proposal(1), 1, theft(lock))
    lock.propose(lock.note(11), refusal=TimelockRefusal.EXISTS)
    assert lock.state()["count"] == 0


def test_close_proposal__that_nobody_has_made__gives_its_own_rent() -> None:
    lock = open_lock()
    planted = plant_proposal(lock, SOMEWHERE, 9, theft(lock))
    data = bytearray(lock.machine.data(planted))
    data[16:24] = accounts.CANCELLED.to_bytes(8, "little")
    lock.machine.put(planted, lock.timelock.id, bytes(data), 5_000_000)
    lock.machine.fund(THIEF.pubkey(), 10**9)
    close = exchange(lock.timelock.close_proposal(THIEF.pubkey(), 9), lock.timelock.proposal(9), planted)
    lock.send(close, THIEF)
    assert lock.machine.lamports(THIEF.pubkey()) == 10**9 + 5_000_000
    assert lock.machine.data(planted) == b""


def find_key(last: int) -> Keypair:
    """A key pair whose public key ends with that byte."""
    pairs = (Keypair.from_seed(i.to_bytes(32, "big")) for i in range(1, 10_000))
    return next(pair for pair in pairs if bytes(pair.pubkey())[-1] == last)


@pytest.mark.parametrize("what", ["another tag", "shorter than a head"])
def test_close_proposal__account_that_is_no_proposal__keeps_its_rent(what: str) -> None:
    lock, payer = open_lock(), find_key(last=0)
    lock.machine.fund(payer.pubkey(), 10**9)
    head = accounts.PROPOSAL.unpack(bytes(accounts.PROPOSAL.size))
    head |= {"tag": accounts.PROPOSAL_TAG, "stage": accounts.CANCELLED, "payer": bytes(payer.pubkey())}
    data = accounts.PROPOSAL.pack(**head)
    # Behind an account there are zeros, so that one without its last byte would have the same payer.
    wrong = {"another tag": b"\1" + data[1:], "shorter than a head": data[:-1]}[what]
    call = exchange(lock.timelock.close_proposal(payer.pubkey(), 9), lock.timelock.proposal(9), SOMEWHERE)
    for content, refusal in ((wrong, TimelockRefusal.ACCOUNT), (data, None)):
        lock.machine.put(SOMEWHERE, lock.timelock.id, content)
        lock.send(call, payer, refusal=refusal)
