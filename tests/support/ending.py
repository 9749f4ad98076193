"""A deployed system, true blocks with their proofs, and the groups: honest signers that look at the chains themselves,
and keys that sign whatever a test says. Stories of how deployments end are told with it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount

from tests.support.chains import build_order, send_deposit, send_swap
from tests.support.writer import Writer
from zklink.devnet.profiles import AVALANCHE, BSC, ETHEREUM, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import EndState, universal_address
from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_blocks import FullBlock, build_block
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.ids import BlockNumber, ChainId, Lane
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
from zklink.state.state import State
from zklink.transition.account_block import apply_account_block
from zklink.transition.block_frame import LaneBlock
from zklink.transition.swap_block import apply_block

USD = 10**6
DAY = 86_400
P, K, OTHER, THIRD = (profile.chain_id for profile in (AVALANCHE, POLYGON, BSC, ETHEREUM))
"""The primary, the member that a story is about, and two more."""

ROUNDS = 60
BLOCKS_A_DAY = 7
NO_PROOF = (0,) * 8

Prove = Callable[[LaneBlock], tuple[int, ...]]


def believe(frame: LaneBlock) -> tuple[int, ...]:
    """For verifiers that believe everything."""
    return NO_PROOF


def open_groups(system: LocalSystem, validator_keys: Sequence[LocalAccount] = ()) -> GroupsAsked:
    """Honest signers of both groups, each with its own look at the chains; other validators than the deployment began
    with, if they are given. The world's clock is that of the chain that is furthest.
    """
    deployment, roles = system.deployment, system.world.roles
    chains = {chain: BridgeReader(bridge, deployment.primary) for chain, bridge in system.bridges.items()}
    started_at = system.bridges[deployment.primary].client.block(0).timestamp
    known = Deployment(deployment.deployment_hash, deployment.primary, started_at)

    def clock() -> float:
        return float(max(chain.client.block(_height(chain.client)).timestamp for chain in system.world))

    validators = [
        Validator(key, known, chains, MemorySignerJournal(), clock) for key in validator_keys or roles.validators
    ]
    watchers = [Watcher(key, known, chains, MemorySignerJournal(), clock) for key in roles.watchers]
    return GroupsAsked(ValidatorGroup(validators), WatcherGroup(watchers))


def _height(client: Any) -> int:
    return int(client.w3.eth.block_number)


@dataclass
class Story:
    """How a deployment ends. `states` are those after each block of the writer's line."""

    system: LocalSystem
    prove: Prove = believe
    groups: GroupsAsked | None = None
    said: list[str] = field(default_factory=list)
    halted: set[ChainId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.writer = Writer(self.system)
        self.states: list[State] = [self.system.deployment.genesis.state()]
        self.open_read(self.groups or open_groups(self.system))

    def open_read(self, groups: GroupsAsked) -> None:
        """Somebody else begins to read, who can ask these groups."""
        self.read = ChainsRead(self.system.deployment, self.system.bridges, groups)

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

    def balance(self, owner: LocalAccount, chain: ChainId) -> int:
        """Dollars of an owner on a chain, in layer-2 units."""
        scale = self.bridge(chain).tokens.token_scale(USDC)
        return self.system.token(chain, USDC).balance(owner.address) // scale

    def balances(self, owner: LocalAccount) -> dict[ChainId, int]:
        """The same on every chain."""
        return {chain: self.balance(owner, chain) for chain in self.system.bridges}

    # -- what happens ------------------------------------------------------------------------------------------------

    def deposit(self, chain: ChainId, amount: int = 20 * USD, sender: LocalAccount | None = None) -> Request:
        """The depositor, or another one, deposits on a chain."""
        send_deposit(self.system, chain, USDC, amount, sender=sender)
        return self.read.waiting(chain, Lane.ACCOUNT)[-1]

    def swap(self, source: ChainId, destination: ChainId, amount: int = 20 * USD) -> SwapRequest:
        """The depositor swaps dollars for the recipient's dollars on another chain."""
        send_swap(self.system, source, build_order(self.system, source, USDC, amount, destination, USDC))
        found = self.read.waiting(source, Lane.SWAP)[-1]
        assert isinstance(found, SwapRequest)
        return found

    def build(self, *requests: Request) -> FullBlock:
        """The next block of the line: requests of one lane, with its proof."""
        lane = Lane.SWAP if isinstance(requests[0], SwapRequest) else Lane.ACCOUNT
        state, deployment = self.states[self.writer.line.height].copy(), self.system.deployment
        number = BlockNumber(self.writer.line.height + 1)
        line = self.writer.line
        before = line[line.height].full.block.timestamp if line.height else 0
        now = max(self.bridge(P).client.head().timestamp, before, *(request.queued_at for request in requests))
        domain = compute_lane_domain(deployment.deployment_hash, lane)
        apply: Callable[..., LaneBlock] = apply_block if lane is Lane.SWAP else apply_account_block
        frame = apply(state, list(requests), number, now, domain, deployment.preset)
        self.states[number:] = [state]
        header = frame.header
        block = build_block(lane, header.timestamp, header.counts, header.new_root, frame.inputs.commitment)
        return FullBlock(block, frame.slices).with_proof(self.prove(frame))

    def settle(self, *requests: Request) -> None:
        """The primary accepts a block with these requests, and pays."""
        self.writer.accept(self.build(*requests))

    def everywhere(self, *requests: Request) -> None:
        """Every chain has a block with these requests."""
        self.writer.everywhere(self.build(*requests))

    def fund(self, amount: int = 1_000 * USD) -> None:
        """The provider deposits on every chain, so that each has a reserve; all chains have the blocks."""
        provider = self.system.world.roles.provider
        deposits = [self.deposit(chain, amount, provider) for chain in self.system.bridges]
        size = self.system.deployment.preset.account.ledger
        for first in range(0, len(deposits), size):
            self.everywhere(*deposits[first : first + size])
        self.confirm()

    # -- time and halts ----------------------------------------------------------------------------------------------

    def pass_days(self, days: float) -> None:
        """Time and blocks of all chains that run."""
        for chain in self._running():
            chain.advance_time(int(days * DAY) + 1)
            chain.mine(int(days * BLOCKS_A_DAY) + 1)

    def confirm(self) -> None:
        """Everything that was sent becomes final."""
        for chain in self._running():
            chain.mine(chain.profile.confirmations)

    def halt(self, chain: ChainId) -> None:
        """A chain makes no blocks any more; its nodes still show what it has."""
        self.halted.add(chain)

    def resume(self, chain: ChainId) -> None:
        """It goes on, at the others' time."""
        self.halted.discard(chain)
        now = max(each.client.head().timestamp for each in self.system.world)
        if now > self.bridge(chain).client.head().timestamp:
            self.system.world[chain].advance_time(now - self.bridge(chain).client.head().timestamp)

    @contextmanager
    def silenced(self, chain: ChainId) -> Iterator[None]:
        """A chain whose nodes are away, too."""
        client = self.bridge(chain).client
        real, self.halted = client.ask, self.halted | {chain}

        def ask(what: str, *arguments: object, **options: object) -> Any:
            raise RpcUnavailable(client.profile.name, what, 1, "nobody answers")

        client.ask = ask  # type: ignore[method-assign]
        try:
            yield
        finally:
            client.ask = real  # type: ignore[method-assign]
            self.halted -= {chain}

    @contextmanager
    def forgets(self, chain: ChainId) -> Iterator[None]:
        """What a chain does in here, it does not know afterwards; its clock goes on."""
        local = self.system.world[chain]
        snapshot = local.snapshot()
        yield
        now = local.client.head().timestamp
        local.restore(snapshot)
        local.advance_time(max(1, now - local.client.head().timestamp) + 12)

    def _running(self) -> list[Any]:
        return [chain for chain in self.system.world if chain.profile.chain_id not in self.halted]

    # -- what anybody does -------------------------------------------------------------------------------------------

    def advance(self, chain: ChainId, account: LocalAccount | None = None) -> Outcome:
        """One step of the driver."""
        return ExodusDriver(self.read, account or self.system.world.roles.stranger).advance(chain)

    def run(self, chain: ChainId, account: LocalAccount | None = None) -> str:
        """Everything that can be sent to a chain now; says why it waits, or "" when nothing is left to do."""
        while True:
            match self.advance(chain, account):
                case Done(what):
                    self.said.append(f"{self.read.name(chain)}: {what}")
                    self.confirm()
                case Waiting(why):
                    return why
                case Finished():
                    return ""

    def run_all(self, account: LocalAccount | None = None) -> int:
        """All chains that run, day after day until nothing is left to do; gives the days."""
        for days in range(ROUNDS):
            left = [self.run(chain, account) for chain in self.system.bridges if chain not in self.halted]
            if not any(left):
                return days
            self.pass_days(1)
        raise AssertionError((left, self.said))

    def keep(self, days: int = 0) -> list[str]:
        """The keeper works until it has nothing to send, on so many days more; gives what it said, but for fees, which
        it collects everywhere.
        """
        said: list[str] = []
        for day in range(days + 1):
            while self.keeper.round(said.append):
                self.confirm()
            if day < days:
                self.pass_days(1)
        self.said += said
        return [line for line in said if "of fees sent" not in line]

    def owner(self, account: LocalAccount) -> bytes:
        """An account's universal address."""
        return universal_address(account.address)


def total(balances: dict[ChainId, int], chains: Sequence[ChainId] | None = None) -> int:
    """Of all chains, or of some."""
    return sum(amount for chain, amount in balances.items() if chains is None or chain in chains)
