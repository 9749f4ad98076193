"""The members of groups that are announced on the chains: who they are, how long they wait, and whether the chains say
the same.

Takes the bridges of a deployment; reads their groups. Never sends anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import ComingGroup, GroupMembers
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.facts import Group
from zklink.protocol.ids import GROUP_DELAY_SECONDS, ChainId
from zklink.recovery.outcome import Window


@dataclass(frozen=True, slots=True)
class Announced:
    """The next members of a group on one chain, and its newest block when it was asked."""

    chain: ChainId
    coming: ComingGroup
    window: Window
    head: BlockInfo

    @property
    def is_due(self) -> bool:
        """Whether anybody can put them in their place."""
        return self.window.is_over(self.head)

    @property
    def words(self) -> str:
        """Who they are."""
        signers = self.coming.signers
        group = self.coming.group.name.lower()
        return f"{len(signers.members)} {group}, of whom {signers.threshold} sign: {', '.join(signers.members)}"


def read_announced(bridges: Mapping[ChainId, BridgeClient]) -> list[Announced]:
    """What is announced and not yet in its place, by chain. Raises RpcUnavailable."""
    found = []
    for chain, bridge in bridges.items():
        coming = bridge.groups.coming()
        if coming is not None:
            pace = bridge.groups.blocks_per_day()
            window = Window(coming.announced_at, coming.announced_in, GROUP_DELAY_SECONDS, pace)
            found.append(Announced(chain, coming, window, bridge.client.head()))
    return found


ReadMembers = Callable[[Group], GroupMembers]


def explain_difference(
    deployment: Deployment,
    bridges: Mapping[ChainId, BridgeClient],
    announced: Sequence[Announced],
    programs: Mapping[ChainId, ReadMembers] | None = None,
) -> str:
    """Which chains have neither announced what the first one has, nor have it in its place; empty if there is none.
    `programs` are the chains without contracts that count, too. Raises RpcUnavailable.
    """
    if not announced:
        return ""
    first, said = announced[0].coming, {each.chain: each.coming for each in announced}
    readers: dict[ChainId, ReadMembers] = {k: bridge.groups.members for k, bridge in bridges.items()}
    readers |= programs or {}
    others = []
    for chain in (*deployment.chains, *(programs or {})):
        coming = said.get(chain)
        if coming is not None:
            is_alike = (coming.group, coming.signers) == (first.group, first.signers)
        else:
            is_alike = chain in readers and readers[chain](first.group) == first.signers
        if not is_alike:
            others.append(deployment.places[chain].name)
    return f"{', '.join(others)} says something else" if others else ""
