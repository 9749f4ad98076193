"""Blocks whose slices a test writes, on a deployed system whose verifiers believe everything: the product's own clients
send them, with the true evidence of both groups.
"""

from collections.abc import Mapping, Sequence

from tests.support.groups import KnownGroup, KnownGroups
from tests.support.lines import Line
from zklink.devnet.roles import GROUP_THRESHOLD, Roles
from zklink.devnet.system import LocalSystem
from zklink.l1.transport.receipts import Receipt
from zklink.protocol.bridge_blocks import FullBlock, build_block
from zklink.protocol.ids import SLICE_COUNT, ChainId, Lane

Slices = Mapping[ChainId, Sequence[int]]


def known_groups(roles: Roles, deployment_hash: bytes) -> KnownGroups:
    """The validators and watchers of a local system."""
    validators = KnownGroup.of(roles.validators, GROUP_THRESHOLD)
    return KnownGroups(deployment_hash, validators, KnownGroup.of(roles.watchers, GROUP_THRESHOLD))


class Writer:
    """Writes the next blocks of one line, and brings chains what they do not have of it."""

    def __init__(self, system: LocalSystem) -> None:
        deployment = system.deployment
        self.system, self.primary = system, system.bridges[deployment.primary]
        self.groups = known_groups(system.world.roles, deployment.deployment_hash)
        self.line = Line(self.groups, deployment.genesis.root, deployment.primary, deployment.members)

    def draft(self, slices: Slices, lane: Lane = Lane.SWAP, consents: tuple[bytes, ...] = ()) -> FullBlock:
        """A block after the line's last one, at the primary's time."""
        words = tuple(tuple(slices.get(ChainId(k), ())) for k in range(SLICE_COUNT))
        time, number = self.primary.client.head().timestamp, self.line.height + 1
        block = build_block(lane, time, tuple(map(len, words)), self.line.root() + 1, 1_000 + number)
        return FullBlock(block, words, consents)

    def accept(self, *blocks: FullBlock, pay: bool = True) -> Receipt:
        """The next blocks of the line, and the primary takes all that it does not have, in one transaction."""
        self.line.append(*blocks)
        history = self.primary.primary_history
        call = self.line.accept_call(history.tip().number + 1, self.line.height, self.ask_queue, pay=pay)
        return history.accept(self.system.world.roles.sequencer, call)

    def import_on(self, chain: ChainId, *, pay: bool = True) -> Receipt:
        """A member imports all that it does not have, in one transaction."""
        history = self.system.bridges[chain].member_history
        call = self.line.import_call(chain, history.tip().number + 1, self.line.height, pay=pay)
        return history.import_blocks(self.system.world.roles.relayer, call)

    def everywhere(self, *blocks: FullBlock, pay: bool = True) -> None:
        """The primary takes the next blocks, and members import them."""
        self.accept(*blocks, pay=pay)
        for chain in self.system.deployment.members:
            self.import_on(chain, pay=pay)

    def ask_queue(self, chain: ChainId, lane: Lane, count: int) -> bytes:
        """A chain's queue hash, as honest watchers read it."""
        return self.system.bridges[chain].queue_hash(lane, count)
