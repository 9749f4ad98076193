"""Whether the timelock of a program is what a record says: what it governs, whom it obeys, what is swift, the bounds of
prices, that its founding is over and that nothing waits.
"""

from collections.abc import Iterator
from typing import Final

from zklink.l1.deployment.checks import Check, check
from zklink.primitives.base58 import encode_base58
from zklink.solana.client.node import FINALIZED, SolanaNode
from zklink.solana.client.program import SYSTEM
from zklink.solana.client.timelock import TimelockReader, is_founding, swift_bits
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.deploying.verify_fields import Now, verify_lock_fields
from zklink.solana.interface.timelock import accounts

OWNER: Final = "Timelock: owner"
"""The check that fails until the owner has accepted."""


def verify_timelock(side: ProgramSide, node: SolanaNode) -> Iterator[Check]:
    """Everything that a record says of it. Raises RpcUnavailable."""
    name, lock, terms = side.place.name, side.lock, side.terms
    slot, [found] = node.accounts([str(lock.address)], FINALIZED)
    if found is None or found.owner != str(lock.id) or len(found.data) != accounts.TIMELOCK.size:
        yield Check(name, "Timelock", False, f"{lock.address} is no timelock of the program {lock.id}")
        return
    fields = accounts.TIMELOCK.unpack(found.data)
    owner, coming = encode_base58(fields["owner"]), encode_base58(fields["coming_owner"])
    if owner != terms.owner and coming == terms.owner:
        yield Check(name, OWNER, False, f"{owner}: {terms.owner} has not accepted yet")
    else:
        yield check(name, OWNER, owner, terms.owner)
        yield check(name, "Timelock: next owner", any(fields["coming_owner"]), False)
    expected = {
        "tag": accounts.TIMELOCK_TAG,
        "itself": bytes(lock.address),
        "purse": bytes(lock.purse),
        "program": bytes(side.program.id),
        "slots_per_day": terms.slots_per_day,
        "swift": swift_bits(),
    }
    for field, value in expected.items():
        yield check(name, f"Timelock: {field.replace('_', ' ')}", fields[field], value)
    yield check(name, "Timelock: setter", encode_base58(fields["setter"]), terms.setter)
    now = Now(node.block_time(slot), slot)
    yield from verify_lock_fields(side, fields, now)
    is_open = is_founding(fields, now.seconds)
    yield check(name, "Timelock: whether it is being founded", is_open, False)
    bounds = {entry.kind: (entry.low, entry.high) for entry in terms.prices}
    for kind, found_bounds in enumerate(zip(fields["lows"], fields["highs"], strict=True)):
        yield check(name, f"Timelock: bounds of price {kind}", found_bounds, bounds.get(kind, (0, 0)))
    [purse] = node.accounts([str(lock.purse)], FINALIZED)[1]
    owner, size = (str(SYSTEM), 0) if purse is None else (purse.owner, len(purse.data))
    yield check(name, "Timelock: whose its purse is, and its bytes", (owner, size), (str(SYSTEM), 0))
    waiting = [each.number for each in TimelockReader(node, lock).read_proposals() if each.stage == accounts.WAITING]
    yield check(name, "Timelock: proposals that wait", waiting, [])
