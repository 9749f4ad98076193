"""Five local chains with one deployment on them, and the node that serves it, which acts when it is told.

Takes a preset and proofs; gives the stage on which the story plays. The product's own contracts, program and node; the
Solana chain is LiteSVM behind a node over HTTP. Only for local chains.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import httpx
from solders.pubkey import Pubkey

from zklink.broker.policy import FillPolicy, Tier, TokenPolicy
from zklink.devnet.profiles import PROFILES
from zklink.devnet.solana.founding import LAMPORTS, Founder
from zklink.devnet.solana.mints import AMOUNT, TOKEN_PROGRAM, make_holding, make_mint, mint_to
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.swapping import read_data
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import USDC, token_by_id
from zklink.devnet.world import open_world
from zklink.history.swaps import SwapRecord, Timeline
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.lab.chains import Backend
from zklink.lab.solana.base import SLOT_SECONDS, SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.node.events import Retried
from zklink.node.node import Node
from zklink.node.ports import BlockProver
from zklink.node.workers import InlineWorkers
from zklink.operations.requests import RequestKey
from zklink.protocol.errors import DemoStuck
from zklink.protocol.ids import CUSTODY_LIMIT, Amount, ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.source import Statement
from zklink.sequencer.journal import MemoryJournal
from zklink.service.evm_link import NodeKeys
from zklink.service.program_link import ProgramLink
from zklink.service.wiring import build_parts
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.program import find_holding
from zklink.solana.interface import accounts

SOLANA: Final = ChainId(5)
PROFILE: Final = ChainProfile("solana", SOLANA, 0, SLOT_SECONDS, 1, "SOL", is_local=True)
SPEC: Final = SolanaSpec(PROFILE.name, confirmed_slots=2, finalized_slots=8)
CAP: Final = Amount(10**15)
FORTUNE: Final = 10**13
SLOTS: Final = 3
"""Slots of a round, and of a wait for a confirmation."""
MOST_ROUNDS: Final = 80
LEAST_FEE: Final = Amount(10_000)
USERS: Final = ("alice", "broker")
"""Who has the test token on Solana."""


@dataclass(slots=True)
class Star:
    """The stage. `now` is the node's clock, in seconds that rounds count."""

    system: LocalSystem
    founder: Founder
    mint: Pubkey
    node: Node
    timeline: Timeline
    clock: "Clock"
    seconds: float = math.inf
    ends_at: float = math.inf
    """How long the story may take, and when that is over by the machine's clock."""

    @property
    def solana(self) -> LocalSolana:
        """The Solana chain."""
        chain = self.founder.desk.chain
        assert isinstance(chain, LocalSolana)
        return chain

    def round(self, count: int = 1) -> None:
        """The node steps once, each chain makes a block, Solana some slots; a second passes."""
        for _ in range(count):
            self.node.step()
            self.system.world.mine()
            self.solana.mine(SLOTS)
            self.clock.now += 1

    def wait(self, is_done: Callable[[], bool], what: str) -> None:
        """Rounds until something has come about. Raises DemoStuck with what the node reported last."""
        for _ in range(MOST_ROUNDS):
            if is_done():
                return
            if time.monotonic() > self.ends_at:
                raise DemoStuck(what, self.seconds)
            self.round()
        reported = [f"{event.job}: {event.reason}" for event in self.node.events if isinstance(event, Retried)]
        raise DemoStuck(f"{what}; the node reported {reported[-3:]}", MOST_ROUNDS)

    def settle(self, swaps: int) -> None:
        """Rounds until so many swaps are known and every block is executed. Raises DemoStuck."""
        self.wait(lambda: len(self.timeline.swaps) >= swaps and self.node.is_settled(), "every block to be executed")

    def record(self, key: RequestKey) -> SwapRecord:
        """What became of a swap."""
        return self.timeline.swaps[key]

    def holding(self, owner: Pubkey) -> int:
        """What somebody on Solana has of the token; 0 without an account of it."""
        data = read_data(self.solana, find_holding(owner, self.mint, TOKEN_PROGRAM))
        return int.from_bytes(data[AMOUNT], "little")

    def has_account(self, owner: bytes) -> bool:
        """Whether somebody on Solana has an account of the token."""
        return bool(read_data(self.solana, find_holding(Pubkey(owner), self.mint, TOKEN_PROGRAM)))

    def books(self, token: TokenId = USDC) -> dict[str, int]:
        """The program's own books of a token: `custody` and `owed`, in layer-2 units."""
        found = accounts.TOKEN.unpack(read_data(self.solana, self.founder.token(token)))
        return {name: int(found[name]) for name in ("custody", "owed")}


@dataclass(slots=True)
class Clock:
    """Seconds that pass with rounds."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def open_star(
    backend: Backend,
    preset: Preset,
    circuits: Callable[[Statement], CircuitArtifacts],
    prover: BlockProver,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Star]:
    """Everything deployed, with fortunes for its people. Raises what deployments raise, and NodeRefused."""
    with ExitStack() as stack:
        world = stack.enter_context(open_world(backend, PROFILES))
        solana = LocalSolana(SPEC)
        founder = Founder.open(solana, SOLANA)
        mint = make_mint(founder.desk, key_of("mint"), token_by_id(USDC).layer2_decimals, key_of("faucet").pubkey())
        system = deploy_local_system(
            world,
            preset,
            tokens=[token_by_id(USDC)],
            prices={},
            programs={SOLANA: founder.place()},
            mints={USDC: {SOLANA: str(mint)}},
        )
        founder.found(system.deployment, world.roles, circuits, CAP)
        _hand_out(founder, mint)
        url = stack.enter_context(solana.serve_http()).url
        http = stack.enter_context(httpx.Client(trust_env=False))
        clock = Clock()
        link = ProgramLink(
            PROFILE,
            system.deployment.programs[SOLANA],
            system.deployment.deployment_hash,
            lambda: SolanaNode(PROFILE.name, url, http),
            key_of("writer"),
            key_of("broker"),
            pause=lambda seconds: solana.mine(SLOTS),
            clock=clock,
        )
        node, timeline = _open_node(system, prover, link, clock)
        _approve_broker(system)
        say(f"solana: the program {founder.program.id} on LiteSVM, {solana.height():,} slots for its founding")
        yield Star(system, founder, mint, node, timeline, clock)


def _hand_out(founder: Founder, mint: Pubkey) -> None:
    for name in (*USERS, "writer"):
        founder.desk.fund(key_of(name).pubkey(), LAMPORTS)
    for name in USERS:
        holding = make_holding(founder.desk, key_of(name).pubkey(), mint)
        mint_to(founder.desk, mint, holding, FORTUNE, key_of("faucet"))
    founder.desk.chain.finalize()


def _open_node(system: LocalSystem, prover: BlockProver, link: ProgramLink, clock: Clock) -> tuple[Node, Timeline]:
    roles, tokens = system.world.roles, system.deployment.tokens
    terms = TokenPolicy((Tier(Amount(CUSTODY_LIMIT), 0),), LEAST_FEE)
    parts = build_parts(
        system.deployment,
        system.world.clients,
        NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers),
        prover,
        MemoryJournal(),
        build_terms(tokens),
        FillPolicy({plan.token_id: terms for plan in tokens}),
        programs={SOLANA: link},
    )
    node, timeline = Node(parts, InlineWorkers(), clock), Timeline(parts.profiles)
    node.listen(timeline.take)
    return node, timeline


def _approve_broker(system: LocalSystem) -> None:
    broker = system.world.roles.broker
    for chain, bridge in system.bridges.items():
        token = system.token(chain, USDC)
        token.approve(broker, bridge.address, token.balance(broker.address))
