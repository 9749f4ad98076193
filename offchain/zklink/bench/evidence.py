"""The word of both groups in a benchmark: takes facts, gives the signatures of all of a group's members, without a look
at any chain.
"""

from typing import Final

from eth_typing import Hash32

from zklink.devnet.system import LocalSystem
from zklink.protocol.facts import Fact, Group

NOBODY: Final = b""
"""The evidence of a group that does not say it."""


def sign(system: LocalSystem, group: Group, fact: Fact) -> bytes:
    """What all three members of a group sign, in the order that contracts take."""
    roles, digest = system.world.roles, Hash32(fact.digest(system.deployment.deployment_hash))
    members = roles.validators if group is Group.VALIDATORS else roles.watchers
    return b"".join(bytes(member.unsafe_sign_hash(digest).signature) for member in members)


def sign_by_both(system: LocalSystem, fact: Fact) -> tuple[bytes, bytes]:
    """The validators' and the watchers' evidence."""
    return sign(system, Group.VALIDATORS, fact), sign(system, Group.WATCHERS, fact)
