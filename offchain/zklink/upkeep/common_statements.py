"""What government says that must be the same on every chain, of whatever kind: a token's meaning, members of groups.

Takes statements of calls and what a chain has; compares. Pure.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

from zklink.l1.contracts.bridge_structs import ComingGroup, GroupMembers
from zklink.l1.deployment.agreement import Statement
from zklink.protocol.facts import Group

COMPARED: Final = ("register_token", "announce_members", "remove_member")
"""Functions that all kinds of chains have. An owner has another address on each kind."""


def list_compared(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Those that every kind of chain makes, with addresses in small letters."""
    for name, *rest in statements:
        if name == "announce_members":
            group, members, threshold = cast("tuple[int, Sequence[str], int]", tuple(rest))
            yield name, group, tuple(member.lower() for member in members), threshold
        elif name == "remove_member":
            yield name, rest[0], str(rest[1]).lower()
        elif name in COMPARED:
            yield name, *rest


def has_members(statement: Statement, members: Callable[[Group], GroupMembers], coming: ComingGroup | None) -> bool:
    """Whether the members of a group are announced or in their place as a statement says, or one of them gone."""
    name, number, *rest = cast("tuple[Any, ...]", statement)
    group = Group(number)
    there = members(group)
    if name == "remove_member":
        return bool(there.members) and rest[0] not in _list(there)
    found = [there] if coming is None or coming.group is not group else [there, coming.signers]
    return any((_list(each), each.threshold) == tuple(rest) for each in found)


def spell(statement: Statement) -> str:
    """A statement in words."""
    name, *rest = statement
    return f"{str(name).replace('_', ' ')} {' '.join(map(str, rest))}"


def _list(group: GroupMembers) -> tuple[str, ...]:
    return tuple(member.lower() for member in group.members)
