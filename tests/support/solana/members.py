"""How the governor of a site changes the members of its groups."""

from collections.abc import Sequence
from typing import Any

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from tests.support.groups import KnownGroup
from tests.support.solana.founding import Founding
from zklink.protocol.facts import Group
from zklink.solana.interface import group_instructions
from zklink.solana.interface.forms import Instruction
from zklink.solana.interface.refusals import Refusal

NEW = KnownGroup.make("new")


def encode_members(members: Sequence[str]) -> bytes:
    """The tail of a call that names members."""
    return b"".join(bytes.fromhex(member[2:]) for member in members)


def announce(
    site: Founding,
    group: int = Group.WATCHERS,
    members: Sequence[str] = NEW.members,
    threshold: int = NEW.threshold,
    refusal: Refusal | None = None,
    by: Keypair | None = None,
) -> None:
    """The governor (or somebody else) announces members."""
    values = {"group": int(group), "threshold": threshold}
    _govern(site, group_instructions.ANNOUNCE_MEMBERS, by, refusal, tail=encode_members(members), **values)


def withdraw(site: Founding, refusal: Refusal | None = None, by: Keypair | None = None) -> None:
    """The governor takes the announcement back."""
    _govern(site, group_instructions.WITHDRAW_MEMBERS, by, refusal)


def remove(site: Founding, group: int, member: str, refusal: Refusal | None = None, by: Keypair | None = None) -> None:
    """The governor removes a member."""
    values: dict[str, Any] = {"group": int(group), "member": bytes.fromhex(member[2:])}
    _govern(site, group_instructions.REMOVE_MEMBER, by, refusal, **values)


def let_in(site: Founding, refusal: Refusal | None = None) -> None:
    """Anybody lets announced members in."""
    site.call(group_instructions.REPLACE_MEMBERS, {"bridge": site.bridge}, refusal=refusal)


def read_list(state: dict[str, Any], group: int) -> tuple[tuple[str, ...], int]:
    """The members of a group and the threshold, as the bridge's account has them; nobody may stand behind the count."""
    places = state["validators"] if group == Group.VALIDATORS else state["watchers"]
    return _cut(places, state["group_counts"][group - 1]), int(state["group_thresholds"][group - 1])


def read_coming(state: dict[str, Any]) -> tuple[int, tuple[str, ...], int]:
    """Group, members and threshold that are announced."""
    return state["coming_group"], _cut(state["coming_members"], state["coming_count"]), state["coming_threshold"]


def _cut(places: Sequence[bytes], count: int) -> tuple[str, ...]:
    assert not any(map(any, places[count:]))
    return tuple(f"0x{bytes(each).hex()}" for each in places[:count])


def _govern(
    site: Founding, call: Instruction, by: Keypair | None, refusal: Refusal | None, tail: bytes = b"", **values: Any
) -> None:
    signer = by or site.governor
    places: dict[str, Pubkey] = {"governor": signer.pubkey(), "bridge": site.bridge}
    site.call(call, places, signer, tail=tail, refusal=refusal, **values)
