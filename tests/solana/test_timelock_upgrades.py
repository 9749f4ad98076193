"""Upgrades of a program whose authority is the timelock: they wait like all else, with bytes that everybody can read,
and a last act ends them. By the loader's own instructions, which LiteSVM has from a cluster.
"""

import struct

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.solana.deployment import deploy, write_buffer
from tests.support.solana.lock import Lock, open_lock
from tests.support.solana.machine import LOADER, SYSTEM, Refused, key_of
from tests.support.upholds import upholds
from zklink.protocol.ids import GROUP_DELAY_SECONDS
from zklink.solana.client.loader import LEAST_ROOM, find_program_data, set_authority, upgrade_program
from zklink.solana.client.timelock import plan_call, plan_upgrade
from zklink.solana.interface.timelock.refusals import TimelockRefusal
from zklink.solana.interface.timelock.texts import Named, ProposedCall
from zklink.solana.toolchain import build_timelock

SMALL = key_of("a small program")
"""It is the timelock's code, under another address: any program is small enough for a test that is quick."""
PIECE = 800
CODE_AT = 45
"""Where the code begins in what the loader keeps of a program."""


@pytest.fixture
def lock() -> Lock:
    """A timelock that may upgrade a program."""
    lock = open_lock()
    deploy(lock.machine, lock.deployer, SMALL, build_timelock(), PIECE)
    give = set_authority(find_program_data(SMALL.pubkey()), lock.deployer.pubkey(), lock.timelock.address)
    lock.machine.send([give], lock.deployer)
    return lock


def changed() -> bytes:
    """Other code that the loader takes: one reason has another number."""
    old, code = TimelockRefusal.OWNER.number, bytearray(build_timelock())
    at = code.index(old.to_bytes(4, "little"))
    code[at : at + 4] = (old + 500).to_bytes(4, "little")
    return bytes(code)


def make_buffer(lock: Lock, code: bytes, name: str = "next") -> Pubkey:
    """A buffer with code, still the deployer's."""
    buffer = key_of(name)
    write_buffer(lock.machine, lock.deployer, buffer, code, PIECE)
    return buffer.pubkey()


def hand_over(lock: Lock, buffer: Pubkey) -> None:
    """The buffer is the timelock's: nobody writes to it any more."""
    lock.machine.send([set_authority(buffer, lock.deployer.pubkey(), lock.timelock.address)], lock.deployer)


def plan(lock: Lock, buffer: Pubkey, code: bytes) -> ProposedCall:
    call = upgrade_program(SMALL.pubkey(), buffer, lock.stranger.pubkey(), lock.timelock.address)
    return plan_upgrade(call, lock.timelock.address, code)


def code_of(lock: Lock, size: int) -> bytes:
    return lock.machine.data(find_program_data(SMALL.pubkey()))[CODE_AT : CODE_AT + size]


@upholds("GOV-2")
def test_upgrade__of_a_governed_program__waits(lock: Lock) -> None:
    buffer, code = make_buffer(lock, changed()), changed()
    hand_over(lock, buffer)
    call = plan(lock, buffer, code)
    number = lock.propose(call)
    lock.execute(number, call, refusal=TimelockRefusal.TOO_EARLY)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(number, call)
    assert code_of(lock, len(code)) == code != build_timelock()


def test_upgrade__to_larger_code__takes_room_that_anybody_makes(lock: Lock) -> None:
    code = changed() + bytes(1000)
    buffer = make_buffer(lock, code)
    hand_over(lock, buffer)
    call = plan(lock, buffer, code)
    number = lock.propose(call)
    lock.wait(GROUP_DELAY_SECONDS)
    with pytest.raises(Refused, match="ProgramData account not large enough"):
        lock.execute(number, call)
    extend(lock, LEAST_ROOM)
    lock.machine.svm.warp_to_slot(lock.machine.svm.get_clock().slot + 1)  # no upgrade in the slot of an extension
    lock.execute(number, call)
    assert code_of(lock, len(code)) == code


def extend(lock: Lock, more: int) -> None:
    """A stranger makes room for a program's code."""
    payer = lock.stranger.pubkey()
    metas = [
        AccountMeta(find_program_data(SMALL.pubkey()), False, True),
        AccountMeta(SMALL.pubkey(), False, True),
        AccountMeta(SYSTEM, False, False),
        AccountMeta(payer, True, True),
    ]
    lock.machine.send([Instruction(LOADER, struct.pack("<II", 6, more), metas)], lock.stranger)


@upholds("GOV-2")
@pytest.mark.parametrize("key", ["owner", "deployer", "stranger"])
def test_upgrade__by_a_key__refused(lock: Lock, key: str) -> None:
    signer: Keypair = getattr(lock, key)
    buffer = make_buffer(lock, changed())
    with pytest.raises(Refused):
        lock.machine.send([upgrade_program(SMALL.pubkey(), buffer, signer.pubkey(), signer.pubkey())], signer)
    lock.act(
        upgrade_program(SMALL.pubkey(), buffer, signer.pubkey(), lock.timelock.address),
        refusal=TimelockRefusal.NOT_SWIFT,
    )


@upholds("GOV-2")
def test_upgrade__other_bytes_than_were_proposed__refused(lock: Lock) -> None:
    """Whoever has the buffer's authority while everybody waits could fill it anew at the last moment."""
    buffer = make_buffer(lock, build_timelock())
    call = plan(lock, buffer, build_timelock())
    number = lock.propose(call)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(number, call, refusal=TimelockRefusal.PINNED)  # the buffer is not the timelock's
    write_buffer(lock.machine, lock.deployer, key_of("next"), changed(), PIECE, is_new=False)
    hand_over(lock, buffer)
    lock.execute(number, call, refusal=TimelockRefusal.PINNED)
    assert code_of(lock, len(changed())) == build_timelock()


@upholds("GOV-2")
def test_propose__upgrade_without_its_bytes__refused(lock: Lock) -> None:
    buffer = make_buffer(lock, changed())
    call = upgrade_program(SMALL.pubkey(), buffer, lock.stranger.pubkey(), lock.timelock.address)
    lock.propose(plan_call(call), refusal=TimelockRefusal.NOT_PINNED)
    lock.propose(plan_call(call, {call.accounts[1].pubkey: b""}), refusal=TimelockRefusal.NOT_PINNED)
    short = ProposedCall(bytes(LOADER), plan_call(call).accounts[:2], bytes(call.data))
    lock.propose(short, refusal=TimelockRefusal.NOT_PINNED)
    long = ProposedCall(bytes(LOADER), plan_call(call).accounts, bytes(call.data) + b"\1")
    lock.propose(long, refusal=TimelockRefusal.NOT_PINNED)
    # Nor do the bytes of the call before count as its own.
    nobody = Named(bytes(32))
    before = ProposedCall(bytes(32), (nobody, nobody, Named(bytes(32), pin=bytes(32))), b"")
    lock.propose(before, short, refusal=TimelockRefusal.NOT_PINNED)
    lock.propose(before, plan_call(call), refusal=TimelockRefusal.NOT_PINNED)
    # What is no upgrade needs no bytes.
    brief = ProposedCall(bytes(LOADER), plan_call(call).accounts, b"\3\0\0")
    lock.propose(brief, ProposedCall(bytes(32), (), b""))
    lock.propose(ProposedCall(bytes(LOADER), plan_call(call).accounts, b"\3\0\1\0"))
    lock.propose(ProposedCall(bytes(LOADER), plan_call(call).accounts, b"\3\0\0\1"))
    lock.propose(ProposedCall(bytes(SMALL.pubkey()), plan_call(call).accounts, bytes(call.data)))


@upholds("GOV-2")
def test_set_authority__none__ends_upgrades_for_good(lock: Lock) -> None:
    place = find_program_data(SMALL.pubkey())
    lock.act(set_authority(place, lock.timelock.address, None), refusal=TimelockRefusal.NOT_SWIFT)
    lock.carry_out(plan_call(set_authority(place, lock.timelock.address, None)))
    assert lock.machine.data(place)[12] == 0
    buffer = make_buffer(lock, changed())
    hand_over(lock, buffer)
    call = plan(lock, buffer, changed())
    number = lock.propose(call)
    lock.wait(GROUP_DELAY_SECONDS)
    with pytest.raises(Refused, match="not upgradeable"):
        lock.execute(number, call)
