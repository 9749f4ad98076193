"""The program's calls that change a group's members, by the governor; whom it has announced anybody lets in."""

from typing import Final

from zklink.solana.interface.codec import SIGNER, Field
from zklink.solana.interface.forms import define, roles

ANNOUNCE_MEMBERS: Final = define(
    34,
    "announce_members",
    roles("governor s", "bridge w"),
    Field("group", "u8"),
    Field("threshold", "u8"),
    has_tail=True,
)
"""Announces the next members of a group (1 validators, 2 watchers), in place of an announcement that waits. The tail is
their addresses, 20 bytes each, ascending; at most 16, none in the other group.
"""

WITHDRAW_MEMBERS: Final = define(35, "withdraw_members", roles("governor s", "bridge w"))
"""Takes the announcement back that waits."""

REPLACE_MEMBERS: Final = define(36, "replace_members", roles("bridge w"))
"""Lets announced members in, by anybody, GROUP_DELAY_SECONDS and as many days' slots after the announcement."""

REMOVE_MEMBER: Final = define(
    37, "remove_member", roles("governor s", "bridge w"), Field("group", "u8"), Field("member", SIGNER)
)
"""Removes a member at once, of each group one in GROUP_DELAY_SECONDS; those left are as many as the threshold."""

GROUP_INSTRUCTIONS: Final = (ANNOUNCE_MEMBERS, WITHDRAW_MEMBERS, REPLACE_MEMBERS, REMOVE_MEMBER)
