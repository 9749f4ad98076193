"""Compute units of every call of the timelock: of proposals the largest that a packet holds, of executions an upgrade
of the bridge's program. The figures stand in timelock_units.json; `WRITE_UNITS=1 pytest FILE` accepts other ones.
"""

import json
import os
from pathlib import Path

from tests.support.solana.deployment import write_buffer
from tests.support.solana.founding import SOL
from tests.support.solana.lock import NOTED, Lock, open_lock
from tests.support.solana.machine import LOADER, UNITS_LIMIT, key_of
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS
from zklink.solana.client.loader import set_authority, upgrade_program
from zklink.solana.client.timelock import plan_call, plan_upgrade
from zklink.solana.interface.timelock.instructions import TIMELOCK_INSTRUCTIONS
from zklink.solana.interface.timelock.texts import ProposedCall
from zklink.solana.toolchain import build_program

FIGURES = Path(__file__).with_name("timelock_units.json")
PIECE, MOST_CALLS = 800, 7
FROM_INSIDE = ("set_owner", "set_setter", "set_price_bounds")
"""Calls of the timelock to itself: their units are in those of `act` and `execute`."""
OF_BOTH = ("act", "execute", "set_price", "tighten_token")
"""Calls with the bridge's program in them, whose units are in `units.json`: a tenth more is its change."""


def upgrade(lock: Lock) -> ProposedCall:
    """The bridge's program is upgraded to itself, which takes as long as to anything else of its size."""
    code, buffer, site = build_program(), key_of("next"), lock.site
    data = bytearray(lock.machine.data(site.program_data))
    data[13:45] = bytes(lock.timelock.address)
    lock.machine.put(site.program_data, LOADER, bytes(data), 10**12)
    write_buffer(lock.machine, lock.deployer, buffer, code, PIECE)
    give = set_authority(buffer.pubkey(), lock.deployer.pubkey(), lock.timelock.address)
    lock.machine.send([give], lock.deployer)
    call = upgrade_program(site.id, buffer.pubkey(), lock.owner.pubkey(), lock.timelock.address)
    return plan_upgrade(call, lock.timelock.address, code)


def measure() -> dict[str, int]:
    """Each call's units; the largest of those that are made."""
    lock = open_lock(is_founding=True)
    lock.act(lock.register_call(SOL, lock.owner.pubkey()))
    lock.act(lock.timelock.set_setter(lock.setter.pubkey()))
    lock.act(lock.timelock.set_price_bounds(NOTED, 1, 1_000))
    lock.act(lock.note_call(10))
    lock.close_founding()
    lock.wait(DAY)
    lock.price(20)
    lock.tighten(SOL, 6, 10**11, is_paused=1)
    notes = [lock.note(kind, kind=kind) for kind in range(2, 2 + MOST_CALLS)]
    largest = lock.propose(*notes)
    call = upgrade(lock)
    number = lock.propose(call, plan_call(lock.timelock.set_owner(lock.heir.pubkey())))
    other = lock.propose(lock.note(2))
    lock.cancel(other)
    lock.send(lock.timelock.close_proposal(lock.owner.pubkey(), other), lock.owner)
    lock.wait(GROUP_DELAY_SECONDS)
    lock.execute(largest, *notes)
    lock.execute(number, call, plan_call(lock.timelock.set_owner(lock.heir.pubkey())))
    lock.accept(lock.heir)
    return dict(sorted(lock.figures.items()))


def test_units__largest_calls__as_they_were_and_within_a_transaction() -> None:
    found = measure()
    if os.environ.get("WRITE_UNITS"):
        FIGURES.write_text(json.dumps(found, indent=1) + "\n")
    assert {call.name for call in TIMELOCK_INSTRUCTIONS} - found.keys() == set(FROM_INSIDE)
    assert max(found.values()) < UNITS_LIMIT
    known = json.loads(FIGURES.read_text())
    assert found.keys() == known.keys()
    for name, units in found.items():
        assert units <= known[name] * 11 // 10 if name in OF_BOTH else units == known[name], name
