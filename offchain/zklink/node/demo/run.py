"""One demo run: open the chains, deploy, send the swaps at their times, drive the node until all are done, check
everything.

Takes options and a view; gives a `DemoResult`. Sends only what a user, a validator, a committee and a broker would
send.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from eth_account import Account
from eth_account.signers.local import LocalAccount

from zklink.broker.policy import FillPolicy, Tier, TokenPolicy
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.world import World, open_world
from zklink.l1.receipts import Receipt
from zklink.node.adapters import CircuitProver
from zklink.node.demo.stories import Story
from zklink.node.events import Event, RequestKey, TransactionMined
from zklink.node.lanes import ThreadLanes
from zklink.node.node import Node
from zklink.node.reconcile import Reconciliation, reconcile
from zklink.node.timeline import SwapRecord, Timeline
from zklink.node.wiring import NodeKeys, build_parts
from zklink.primitives.keccak import keccak256
from zklink.protocol.ids import ChainId
from zklink.protocol.presets import Preset
from zklink.prover.artifacts import CircuitArtifacts, ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.progress import Progress
from zklink.sequencer.journal import MemoryJournal

DEADLINE_SECONDS: Final = 1_800
SMALL_FILL_USD: Final = 5_000
LARGE_FILL_USD: Final = 50_000
LARGE_FILL_CONFIRMATIONS: Final = 10
BALANCE_OWNERS: Final = ("depositor", "recipients", "broker", "bridge")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What to run. `timeout_seconds` counts from the first swap."""

    preset: Preset
    stories: tuple[Story, ...]
    timeout_seconds: float = 600.0


@dataclass(slots=True)
class Ticket:
    """A story on its way. `sent_at` is when its transaction was handed to a node, `mined_at` when its receipt came."""

    story: Story
    recipient: LocalAccount
    sent_at: float | None = None
    mined_at: float | None = None
    receipt: Receipt | None = None
    key: RequestKey | None = None
    error: str | None = None


class DemoView(Protocol):
    """What shows a run while it goes on."""

    def say(self, text: str) -> None:
        """A line about the set-up."""
        ...

    def begin(self, run: "DemoRun") -> None:
        """The first swap is about to be sent."""
        ...

    def take(self, event: Event) -> None:
        """The node did something."""
        ...

    def refresh(self) -> None:
        """Called many times a second."""
        ...

    def end(self) -> None:
        """All swaps are done, or time is up."""
        ...


@dataclass(frozen=True, slots=True)
class Balance:
    """What somebody had of a token on a chain before and after, in L1 units."""

    owner: str
    chain: ChainId
    symbol: str
    decimals: int
    before: int
    after: int


@dataclass(slots=True)
class DemoRun:
    """The things of a run, while it lasts."""

    options: DemoOptions
    system: LocalSystem
    artifacts: CircuitArtifacts
    node: Node
    timeline: Timeline
    tickets: tuple[Ticket, ...]
    start: float = 0.0
    transactions: list[TransactionMined] = field(default_factory=list)

    def record(self, ticket: Ticket) -> SwapRecord | None:
        """What the node knows of a ticket's swap."""
        return None if ticket.key is None else self.timeline.swaps.get(ticket.key)

    def elapsed(self, at: float | None) -> float | None:
        """Seconds since the start."""
        return None if at is None else at - self.start

    def is_finished(self) -> bool:
        """Whether every story has ended and every block is executed everywhere."""
        known = all(t.error is not None or (t.key is not None and t.key in self.timeline.swaps) for t in self.tickets)
        return known and self.node.is_settled()


@dataclass(frozen=True, slots=True)
class DemoResult:
    """A finished run, and what does not add up in it (empty if all is well)."""

    run: DemoRun
    reconciliation: Reconciliation
    balances: tuple[Balance, ...]
    is_complete: bool
    setup_seconds: float
    run_seconds: float


def run_demo(options: DemoOptions, view: DemoView, progress: Progress) -> DemoResult:
    """The whole run. Raises what opening chains, building circuits and deploying may raise."""
    began = time.monotonic()
    artifacts = ensure_circuit(options.preset, progress)
    view.say(f"circuit {artifacts.name}: {artifacts.constraints:,} constraints, key {artifacts.vk_hash.hex()[:16]}")
    with open_world("anvil") as world:
        for chain in world:
            profile = chain.profile
            view.say(
                f"{profile.name}: anvil, EVM chain {profile.evm_chain_id}, a block every {profile.block_time_seconds:g} s, "
                f"{profile.confirmations} confirmations"
            )
        run = _prepare(options, world, artifacts, progress)
        view.say(
            f"deployed on {len(world)} chains, primary {world[run.system.deployment.primary].profile.name}, "
            f"deployment {run.system.deployment.deployment_hash.hex()[:16]}"
        )
        before = _read_balances(run)
        world.start_clocks()
        setup_seconds = time.monotonic() - began
        is_complete = _drive(run, view)
        run_seconds = time.time() - run.start
        world.stop_clocks()
        after = _read_balances(run)
        found = reconcile(run.system.deployment, run.system.bridges, run.node.sequencer)
        balances = tuple(Balance(*label, value, after[label]) for label, value in before.items())
        return DemoResult(run, found, balances, is_complete, setup_seconds, run_seconds)


def _prepare(options: DemoOptions, world: World, artifacts: CircuitArtifacts, progress: Progress) -> DemoRun:
    with progress.step("deploying on all chains", None) as step:
        system = deploy_local_system(world, options.preset, report=lambda chain, what: step.advance())
    tickets = tuple(
        Ticket(story, Account.from_key(keccak256(f"recipient {index}".encode())))
        for index, story in enumerate(options.stories)
    )
    with progress.step("allowances", None):
        _approve(system, options.stories)
    roles, deployment = world.roles, system.deployment
    with progress.step("loading the proving key", None):
        prover = CircuitProver(Groth16pyProver(artifacts))
    parts = build_parts(
        deployment,
        world.clients,
        NodeKeys(roles.validator, roles.relayer, roles.broker, roles.committee),
        prover,
        MemoryJournal(),
        _fill_policy(options.stories),
    )
    node = Node(parts, ThreadLanes())
    timeline = Timeline(system.bridges)
    run = DemoRun(options, system, artifacts, node, timeline, tickets)
    node.listen(timeline.take)
    node.listen(lambda event: run.transactions.append(event) if isinstance(event, TransactionMined) else None)
    return run


def _fill_policy(stories: Sequence[Story]) -> FillPolicy:
    """Small payouts at once, larger ones after more confirmations, the largest never."""
    return FillPolicy(
        {
            story.token_out.token_id: TokenPolicy(
                (
                    Tier(story.token_out.amount_for(SMALL_FILL_USD), 0),
                    Tier(story.token_out.amount_for(LARGE_FILL_USD), LARGE_FILL_CONFIRMATIONS),
                )
            )
            for story in stories
        }
    )


def _approve(system: LocalSystem, stories: Sequence[Story]) -> None:
    """The depositor allows each bridge what it will swap there, the broker what it may fill there."""
    chains = {chain.profile.name: chain.profile.chain_id for chain in system.world}
    needed: dict[tuple[LocalAccount, ChainId, int], int] = {}
    roles = system.world.roles
    for story in stories:
        source, destination = chains[story.source], chains[story.destination]
        paid = story.amount * story.token_in.scale(story.source)
        for key, l1_amount in (
            ((roles.depositor, source, story.token_in.token_id), paid),
            ((roles.broker, destination, story.token_out.token_id), None),
        ):
            token = system.token(key[1], key[2])  # type: ignore[arg-type]
            needed[key] = needed.get(key, 0) + (token.balance(key[0].address) if l1_amount is None else l1_amount)
    for (account, chain, token_id), l1_amount in needed.items():
        token = system.token(chain, token_id)  # type: ignore[arg-type]
        if not token.is_native:
            token.ensure_allowance(account, system.bridges[chain].address, l1_amount)
