"""The Solana side's timelock and other programs: one that owns it and signs for an address that it derives, as a
multisig does; one that it calls, and that would call it back.
"""

from pathlib import Path

import pytest
from solders.instruction import AccountMeta
from solders.instruction import Instruction as Call
from solders.pubkey import Pubkey

from tests.support.solana.lock import Lock, load_program, open_lock
from tests.support.solana.machine import Refused, key_of, read
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.protocol.ids import GROUP_DELAY_SECONDS
from zklink.solana.client.timelock import plan_call
from zklink.solana.interface.timelock import accounts
from zklink.solana.interface.timelock.refusals import TimelockRefusal
from zklink.solana.toolchain import build
from zklink.solana.toolchain.elf import read_object
from zklink.solana.toolchain.linker import link

HAND = key_of("a program that hands on")
OWNER = Pubkey.find_program_address([b"hand"], HAND.pubkey())[0]
"""The address that it derives and signs for."""
SOURCE = """#include "HEADER"
u64 entrypoint(u8 *input) {
  Context *c = (Context *)HEAP;
  u8 bump[1];
  Pubkey own;
  Slice seeds[2] = {SEED("hand"), {bump, 1}};
  if (!parse(input, c) || sol_try_find_program_address(seeds, 1, &c->program, &own, bump)) return 1;
  Meta *metas = (Meta *)(HEAP + 8192);
  for (u64 i = 1; i < c->n; i++) {
    metas[i - 1].key = c->a[i].key;
    metas[i - 1].is_writable = c->a[i].is_writable;
    metas[i - 1].is_signer = c->a[i].is_signer || eq32(c->a[i].key, &own);
  }
  Signer signer = {seeds, 2};
  Call call = {c->a[0].key, metas, c->n - 1, c->data, c->data_len};
  return sol_invoke_signed_c(&call, &c->a[1], c->n - 1, &signer, 1);
}
"""


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A program that makes the call that it is given, and signs for its own address."""
    path: Path = tmp_path_factory.mktemp("hand") / "hand.c"
    path.write_text(SOURCE.replace("HEADER", str(build.SOURCES / "machine.h")))
    return link([read_object(build.compile_object(path))])


def hand_on(call: Call) -> Call:
    """The same call, made by that program."""
    metas = [AccountMeta(m.pubkey, m.is_signer and m.pubkey != OWNER, m.is_writable) for m in call.accounts]
    return Call(HAND.pubkey(), bytes(call.data), [read(call.program_id), *metas])


@upholds("GOV-2")
def test_owner__that_a_program_derives__governs_by_that_program(code: bytes) -> None:
    lock = Lock(Site())
    load_program(lock.machine, HAND.pubkey(), code, lock.deployer.pubkey())
    lock.init(owner=OWNER)
    payer, timelock = lock.owner, lock.timelock
    call = plan_call(timelock.set_owner(lock.heir.pubkey()))
    proposing = timelock.propose(OWNER, payer.pubkey(), 1, [call])
    with pytest.raises(Refused, match="OWNER"):
        lock.machine.send([timelock.propose(payer.pubkey(), payer.pubkey(), 1, [call])], payer)
    lock.machine.send([hand_on(proposing)], payer)
    lock.machine.send([hand_on(timelock.propose(OWNER, payer.pubkey(), 2, [call]))], payer)
    lock.machine.send([hand_on(timelock.cancel(OWNER, 2))], payer)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(1, call)
    assert (lock.stage(1), lock.stage(2)) == (accounts.EXECUTED, accounts.CANCELLED)
    lock.accept(lock.heir)


@upholds("GOV-2")
def test_execute__program_that_calls_back__refused_whatever_it_calls(code: bytes) -> None:
    """While calls are made no door is open, not even to a call that may be proposed by itself."""
    lock = open_lock()
    load_program(lock.machine, HAND.pubkey(), code, lock.deployer.pubkey())
    timelock, owner = lock.timelock, lock.owner.pubkey()
    waits = lock.propose(lock.note(1))
    for inner in (
        timelock.set_owner(lock.stranger.pubkey()),
        timelock.set_setter(lock.stranger.pubkey()),
        timelock.execute(waits, [lock.note(1)]),
    ):
        call = plan_call(hand_on(inner))
        number = lock.propose(call)
        lock.wait(GROUP_DELAY_SECONDS)
        with pytest.raises(Refused, match=r"(?i)reentran"):
            lock.execute(number, call)
        assert lock.stage(number) == accounts.WAITING
    assert lock.state()["coming_owner"] == bytes(32) and lock.noted() == 0
    signed_by_the_owner = plan_call(hand_on(timelock.cancel(owner, waits)))
    lock.propose(signed_by_the_owner, refusal=TimelockRefusal.STRANGER)
