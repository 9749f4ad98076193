"""Every field of the bridge's account and of the timelock's that no record says: what it must be before the first
block, and what it can be afterwards.

Takes the fields and the cluster's time; gives checks. A deployer that had other code at the address first could have
left the account with a field that nobody looks at: an exodus that waits, a freeze that is called, a price of nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from solders.pubkey import Pubkey

from zklink.l1.deployment.checks import Check, check
from zklink.protocol.ids import FEE_NOTICE_SECONDS, Lane
from zklink.solana.deploying.side import ProgramSide
from zklink.solana.interface import accounts
from zklink.solana.interface.timelock import accounts as lock_accounts

MOVES: Final[Mapping[str, str]] = {
    "timestamp": "the last block's own: its proof has it",
    "root": "that of the last block: its proof has it",
    "sync_hash": "that of the last block: nodes compare it with the primary's",
    "earned_fees": "what blocks have earned and nobody has collected: `sol` holds it",
    "prices": "the price before the present one: dead once that counts",
    "prices_from": "when the present price counts, at most an hour after it was set",
    "removed_at": "when somebody was removed from a group",
    "removed_in": "the slot of that",
    "end_round": "how many ENDs have fallen, and one more word for each",
}
"""Fields of the bridge that nothing but history explains once it has imported a block, and what they are."""
LOCK_MOVES: Final[Mapping[str, str]] = {
    "bases": "the price when a day of rises began: dead a day later; the bounds hold in any case",
    "peaks": "the highest price of that day: dead a day later; the bounds hold in any case",
    "since": "when that rise counts, at most an hour after it was made",
    "count": "how many proposals there were, each at an address of its number: those that wait are named",
}
"""The same of the timelock."""


@dataclass(frozen=True, slots=True)
class Now:
    """A moment of the cluster: UNIX seconds, slot."""

    seconds: int
    slot: int


def verify_fields(side: ProgramSide, fields: Mapping[str, Any], now: Now) -> Iterator[Check]:
    """What the bridge's account says of itself."""
    name, number = side.place.name, fields["number"]
    yield check(name, "Bridge: whether it is frozen", bool(fields["frozen_at"]), False)
    yield check(name, "Bridge: whether its history has ended", bool(fields["has_end"]), False)
    yield check(name, "Bridge: whether an END is raised", bool(fields["end_word"]), False)
    yield check(name, "Bridge: whether it is in exodus", bool(fields["exit_root"]), False)
    yield check(name, "Bridge: what must be nothing", _find_rests(fields), [])
    removals = [list(map(bool, fields[moment])) for moment in ("removed_at", "removed_in")]
    yield check(name, "Bridge: whether somebody was removed", *removals)
    for lane in Lane:
        at, what = lane - 1, f"Bridge: a freeze of the {lane.name.lower()} queue"
        consumed, asked = fields["consumed"][at], fields["freeze_requests"][at]
        called = f"called over request {asked}" if asked > consumed else "none"
        yield check(name, what, called, "none")
        is_counted = consumed <= fields["totals"][at]
        yield Check(name, f"Bridge: requests of the {lane.name.lower()} queue", is_counted, f"{consumed} are consumed")
    yield check(name, "Bridge: moments that have not come", _find_future(fields, now), [])
    yield check(name, "Bridge: accounts of its newest blocks", _count_places(fields), _expect_places(number))
    if not number:
        yield from _verify_fresh(side, fields)


def _find_rests(fields: Mapping[str, Any]) -> list[str]:
    """Fields that the program empties, and that are not."""
    found = list[str]()
    for group, names in enumerate(("validators", "watchers")):
        rest = fields[names][fields["group_counts"][group] :]
        found += [f"{names} beyond their count"] if any(map(any, rest)) else []
    if not fields["coming_group"]:
        found += _list_set(fields, ("coming_count", "coming_threshold", "announced_at", "announced_in"))
        found += _list_set(fields, ("coming_members",))
    if not fields["end_word"]:
        found += _list_set(fields, ("end_number", "end_at", "end_in", "end_hash"))
        found += _list_set(fields, ("end_denied_by_validators", "end_denied_by_governor"))
    if not fields["exit_root"]:
        found += _list_set(fields, ("cancelled_swaps", "cancelled_requests"))
        found += _list_set(fields, ("returned_swap_fees", "returned_request_fees"))
    for lane in Lane:
        at = lane - 1
        if not fields["freeze_requests"][at] and (fields["freeze_at"][at] or fields["freeze_in"][at]):
            found.append(f"freeze_at of the {lane.name.lower()} queue")
    return found


def _list_set(fields: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [name for name in names if _is_set(fields[name])]


def _is_set(value: Any) -> bool:
    return (
        any(map(_is_set, value)) if isinstance(value, list) else any(value) if isinstance(value, bytes) else bool(value)
    )


def _find_future(fields: Mapping[str, Any], now: Now) -> list[str]:
    """Moments that are later than they can be: whoever waits for one would wait for ever, or a price counts never."""
    found = list[str]()
    for name in ("timestamp", "frozen_at", "announced_at", "end_at", "freeze_at", "removed_at"):
        found += [name] if max(_as_list(fields[name])) > now.seconds else []
    for name in ("announced_in", "end_in", "freeze_in", "removed_in"):
        found += [name] if max(_as_list(fields[name])) > now.slot else []
    found += ["prices_from"] if max(fields["prices_from"]) > now.seconds + FEE_NOTICE_SECONDS else []
    return found


def _as_list(value: Any) -> list[int]:
    return value if isinstance(value, list) else [value]


def _count_places(fields: Mapping[str, Any]) -> list[int]:
    """The places at which it names an account from which it has imported a block."""
    return [at for at, key in enumerate(fields["imported_from"]) if any(key)]


def _expect_places(number: int) -> list[int]:
    newest = range(max(0, number - accounts.BLOCK_PLACES) + 1, number + 1)
    return sorted(each % accounts.BLOCK_PLACES for each in newest)


def _verify_fresh(side: ProgramSide, fields: Mapping[str, Any]) -> Iterator[Check]:
    """Before the first block."""
    expected: dict[str, Any] = {
        "timestamp": 0,
        "unpaid": 0,
        "root": side.plan.genesis.root,
        "sync_hash": fields["deployment_hash"],
        "consumed": [0, 0],
        "earned_fees": 0,
        "end_round": 0,
    }
    for field, value in expected.items():
        yield check(side.place.name, f"Bridge: {field.replace('_', ' ')} before the first block", fields[field], value)


def find_price(fields: Mapping[str, Any], kind: int, now: Now) -> int:
    """What a door costs, in lamports."""
    has_come = now.seconds >= fields["prices_from"][kind]
    return int(fields["next_prices" if has_come else "prices"][kind])


def verify_lock_fields(side: ProgramSide, fields: Mapping[str, Any], now: Now) -> Iterator[Check]:
    """What the timelock's account says of itself."""
    name = side.place.name
    for field, seeds in (("bump", lock_accounts.TIMELOCK_SEEDS), ("purse_bump", lock_accounts.PURSE_SEEDS)):
        _, bump = Pubkey.find_program_address(list(seeds), side.lock.id)
        yield check(name, f"Timelock: {field.replace('_', ' ')}", fields[field], bump)
    late = [kind for kind, since in enumerate(fields["since"]) if since > now.seconds + FEE_NOTICE_SECONDS]
    yield check(name, "Timelock: prices whose day has not begun", late, [])
