"""A deployed system whose verifiers believe everything, blocks that a test writes, and the groups: honest signers that
look at the chains themselves, and keys that sign whatever a test says.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.chains import build_order, send_deposit, send_swap
from tests.support.writer import Writer
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import EndState
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import ChainId, Lane
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.keeper import Keeper
from zklink.recovery.outcome import Done, Finished, Outcome, Waiting
from zklink.signers.bridge_reader import BridgeReader
from zklink.signers.groups import ValidatorGroup, WatcherGroup
from zklink.signers.journal import MemorySignerJournal
from zklink.signers.signer import Deployment
from zklink.signers.validator import Validator
from zklink.signers.watcher import Watcher

USD = 10**6
DAY = 86_400
P, K, OTHER, THIRD = (profile.chain_id for profile in (AVALANCHE, POLYGON, BSC, ETHEREUM))
ROUNDS = 40


def open_groups(system: LocalSystem) -> GroupsAsked:
    """Honest signers of both groups, each with its own look at the chains. The world's clock is that of the chain that
    is furthest.
    """
    deployment, roles = system.deployment, system.world.roles
    chains = {chain: BridgeReader(bridge, deployment.primary) for chain, bridge in system.bridges.items()}
    started_at = system.bridges[deployment.primary].client.block(0).timestamp
    known = Deployment(deployment.deployment_hash, deployment.primary, started_at)

    def clock() -> float:
        return float(max(bridge.client.head().timestamp for bridge in system.bridges.values()))

    validators = [Validator(key, known, chains, MemorySignerJournal(), clock) for key in roles.validators]
    watchers = [Watcher(key, known, chains, MemorySignerJournal(), clock) for key in roles.watchers]
    return GroupsAsked(ValidatorGroup(validators), WatcherGroup(watchers))


@dataclass
class Scene:
    """A story in which anybody brings the chains to their end."""

    system: LocalSystem
    writer: Writer
    read: ChainsRead
    said: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, system: LocalSystem, groups: GroupsAsked | None = None) -> "Scene":
        """Honest groups, unless told otherwise."""
        read = ChainsRead(system.deployment, system.bridges, groups or open_groups(system))
        return cls(system, Writer(system), read)

    @property
    def driver(self) -> ExodusDriver:
        """A stranger's."""
        return ExodusDriver(self.read, self.system.world.roles.stranger)

    @property
    def keeper(self) -> Keeper:
        """A stranger's."""
        return Keeper(self.read, self.system.world.roles.stranger)

    def bridge(self, chain: ChainId) -> BridgeClient:
        """A chain's."""
        return self.system.bridges[chain]

    def end(self, chain: ChainId) -> EndState:
        """What has been said of a member's end."""
        return self.bridge(chain).member_end.end_state()

    def tip(self, chain: ChainId) -> int:
        """The last block there."""
        return self.bridge(chain).history.tip().number

    # -- what happens ----------------------------------------------------------------------------------------------

    def request(self, chain: ChainId, amount: int = 20 * USD) -> Request:
        """The depositor deposits on a chain."""
        send_deposit(self.system, chain, USDC, amount)
        return self.read.waiting(chain, Lane.ACCOUNT)[-1]

    def swap(self, source: ChainId, destination: ChainId, amount: int = 20 * USD) -> SwapRequest:
        """The depositor swaps dollars for dollars on another chain."""
        send_swap(self.system, source, build_order(self.system, source, USDC, amount, destination, USDC))
        found = self.read.waiting(source, Lane.SWAP)[-1]
        assert isinstance(found, SwapRequest)
        return found

    def fund(self, amount: int = 1_000 * USD) -> None:
        """Every chain has a reserve: one block with a deposit on each, which all chains have."""
        deposits = {chain: self.request(chain, amount) for chain in self.system.bridges}
        slices = {chain: deposit.words() for chain, deposit in deposits.items()}
        self.writer.everywhere(self.writer.draft(slices, Lane.ACCOUNT))
        self.confirm()

    def settle(self, request: SwapRequest) -> None:
        """A block with a swap and its payout; the primary alone takes it."""
        payout = Payout.paid(request, request.amount)
        self.writer.accept(
            self.writer.draft({request.source: request.words(), request.destination: payout.words()})
            if request.source != request.destination
            else self.writer.draft({request.source: (*request.words(), *payout.words())})
        )

    def pass_days(self, days: float) -> None:
        """Time and blocks of all chains."""
        self.system.world.advance_time(int(days * DAY) + 1)
        self.system.world.mine(int(days * 6) + 7)

    def confirm(self) -> None:
        """Everything that was sent becomes final."""
        self.system.world.confirm()

    # -- what anybody does -----------------------------------------------------------------------------------------

    def advance(self, chain: ChainId) -> Outcome:
        """One step of the driver."""
        return self.driver.advance(chain)

    def run(self, chain: ChainId) -> str:
        """Everything that can be sent to a chain now; says why it waits, or "" when nothing is left to do."""
        while True:
            match self.advance(chain):
                case Done(what):
                    self.said.append(f"{self.read.name(chain)}: {what}")
                    self.confirm()
                case Waiting(why):
                    return why
                case Finished():
                    return ""

    def run_all(self, days: float = 1, but: tuple[ChainId, ...] = ()) -> None:
        """All chains, except some that are halted, day after day until nothing is left to do."""
        for _ in range(ROUNDS):
            left = [self.run(chain) for chain in self.system.bridges if chain not in but]
            if not any(left):
                return
            self.pass_days(days)
        raise AssertionError((left, self.said))


Build = Callable[[], Scene]
