"""Five local chains with one deployment on them, and the node that serves it, which acts when it is told.

Takes a preset and proofs; gives the stage on which the story plays. The product's own contracts, program, node, API and
client; the Solana chain is LiteSVM behind a node over HTTP. Only for local chains.
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
from zklink.client.client import Client
from zklink.demo.solana.stage_api import URL, StageApi, StageTransport
from zklink.demo.solana.stage_workers import StageWorkers
from zklink.devnet.profiles import PROFILES
from zklink.devnet.solana.founding import LAMPORTS, Founder
from zklink.devnet.solana.looking import read_data
from zklink.devnet.solana.member import CONFIRMED_SLOTS, FINALIZED_SLOTS, PROFILE, SOLANA
from zklink.devnet.solana.mints import AMOUNT, TOKEN_PROGRAM, make_holding, make_mint, mint_to
from zklink.devnet.solana.people import key_of
from zklink.devnet.solana.tokens import SOL, SOLANA_TOKENS
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import USDC
from zklink.devnet.world import open_world
from zklink.history.swaps import SwapRecord, Timeline
from zklink.l1.contracts.bridge_structs import evm_address
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.lab.chains import Backend
from zklink.lab.rpc_proxy import RpcProxy
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.node.events import Retried
from zklink.node.node import Node
from zklink.node.ports import BlockProver
from zklink.operations.requests import RequestKey
from zklink.protocol.errors import DemoStuck
from zklink.protocol.ids import CUSTODY_LIMIT, Amount, ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.prover.progress import Progress
from zklink.sequencer.journal import MemoryJournal
from zklink.service.evm_link import NodeKeys
from zklink.service.program_link import ProgramLink
from zklink.service.wiring import build_parts
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.program import find_holding
from zklink.solana.interface import accounts

SPEC: Final = SolanaSpec(PROFILE.name, confirmed_slots=CONFIRMED_SLOTS, finalized_slots=FINALIZED_SLOTS)
FORTUNE: Final = 10**13
SLOTS: Final = 3
"""Slots of a round, and of a wait for a confirmation."""
MOST_ROUNDS: Final = 80
LEAST_FEE: Final = Amount(10_000)
USERS: Final = ("alice", "broker")
"""Who has the test token on Solana."""
PAYERS: Final = (*USERS, "writer", "provider")
"""Who has SOL."""


@dataclass(slots=True)
class Star:
    """The stage. `clock` is the node's, in seconds that rounds count; whoever waits with `client` lets rounds pass."""

    system: LocalSystem
    founder: Founder
    mint: Pubkey
    node: Node
    workers: StageWorkers
    timeline: Timeline
    clock: "Clock"
    api: StageApi
    client: Client
    make_node: Callable[[], SolanaNode]
    solana_url: str
    progress: Progress
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
        """The node steps once, each chain makes a block, Solana some slots; a second passes. Raises DemoStuck."""
        for _ in range(count):
            if time.monotonic() > self.ends_at:
                raise DemoStuck("the story", self.seconds)
            self.workers.pass_round()
            self.node.step()
            self.system.world.mine()
            self.solana.mine(SLOTS)
            self.clock.now += 1
            self.api.look()

    def wait(self, is_done: Callable[[], bool], what: str) -> None:
        """Rounds until something has come about. Raises DemoStuck with what the node reported last."""
        with self.progress.step(what):
            for _ in range(MOST_ROUNDS):
                if is_done():
                    return
                self.round()
        reported = [f"{event.job}: {event.reason}" for event in self.node.events if isinstance(event, Retried)]
        raise DemoStuck(f"{what}; the node reported {reported[-3:]}", MOST_ROUNDS)

    def settle(self, swaps: int) -> None:
        """Rounds until so many swaps are known and every block is executed. Raises DemoStuck."""
        self.wait(lambda: len(self.timeline.swaps) >= swaps and self.node.is_settled(), "every block to be executed")

    def record(self, key: RequestKey) -> SwapRecord:
        """What became of a swap."""
        return self.timeline.swaps[key]

    def balance(self, chain: ChainId, token: TokenId, owner: bytes) -> int:
        """What somebody has on a chain, in layer-2 units; 0 without an account of it."""
        if chain != SOLANA:
            held = self.system.token(chain, token).balance(evm_address(owner))
            return held // self.system.bridges[chain].tokens.token_scale(token)
        if token == SOL:
            return int(self.solana.rpc("getBalance", str(Pubkey(owner)), {"commitment": "processed"})["value"])
        return int.from_bytes(self._holding(owner)[AMOUNT], "little")

    def has_account(self, owner: bytes) -> bool:
        """Whether somebody on Solana has an account of USDC."""
        return bool(self._holding(owner))

    def books(self, token: TokenId = USDC) -> dict[str, int]:
        """The program's own books of a token: `custody` and `owed`, in layer-2 units."""
        found = accounts.TOKEN.unpack(read_data(self.solana, self.founder.token(token)))
        return {name: int(found[name]) for name in ("custody", "owed")}

    def _holding(self, owner: bytes) -> bytes:
        return read_data(self.solana, find_holding(Pubkey(owner), self.mint, TOKEN_PROGRAM))


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
    prover: BlockProver,
    say: Callable[[str], None],
    progress: Progress,
) -> Iterator[Star]:
    """Everything deployed, with fortunes for its people. Raises what deployments raise, and NodeRefused."""
    with ExitStack() as stack:
        with progress.step("five chains, contracts and tokens on four of them"):
            world = stack.enter_context(open_world(backend, PROFILES))
            solana = LocalSolana(SPEC)
            founder = Founder.open(solana, SOLANA)
            usdc = SOLANA_TOKENS[USDC]
            mint = make_mint(founder.desk, key_of("mint"), usdc.layer2_decimals, key_of("faucet").pubkey())
            system = deploy_local_system(
                world,
                preset,
                tokens=list(SOLANA_TOKENS.values()),
                prices={},
                programs={SOLANA: founder.place()},
                mints={USDC: {SOLANA: str(mint)}, SOL: {SOLANA: NATIVE_MINT}},
                fit=founder.fit,
            )
            _approve_broker(system)
        with progress.step("the program on Solana, through the loader"):
            assert system.plan is not None
            founder.found(system.plan, system.deployment.table)
            _hand_out(founder, mint)
        url = stack.enter_context(solana.serve_http()).url
        http = stack.enter_context(httpx.Client(trust_env=False))
        clock = Clock()

        def make_node() -> SolanaNode:
            return SolanaNode(PROFILE.name, url, http)

        link = ProgramLink(
            PROFILE,
            system.deployment.programs[SOLANA],
            system.deployment.deployment_hash,
            make_node,
            key_of("writer"),
            key_of("broker"),
            pause=lambda seconds: solana.mine(SLOTS),
            clock=clock,
        )
        workers = StageWorkers()
        node, timeline = _open_node(system, prover, link, workers, clock)
        api = StageApi(system, node, link, clock)
        nodes = {chain.name: RpcProxy(chain.w3.provider.make_request) for chain in world}
        nodes[PROFILE.name] = RpcProxy(lambda method, params: solana.answer(method, list(params)))
        transport = StageTransport(api.app, nodes, lambda: star.round())
        client = Client(URL, transport.urls, transport=transport, deployment_hash=system.deployment.deployment_hash)
        stack.enter_context(client)
        star = Star(system, founder, mint, node, workers, timeline, clock, api, client, make_node, url, progress)
        star.round()
        say(f"solana: the program {founder.program.id} on LiteSVM, {solana.height():,} slots for its founding")
        yield star


def _hand_out(founder: Founder, mint: Pubkey) -> None:
    for name in PAYERS:
        founder.desk.fund(key_of(name).pubkey(), LAMPORTS)
    for name in USERS:
        holding = make_holding(founder.desk, key_of(name).pubkey(), mint)
        mint_to(founder.desk, mint, holding, FORTUNE, key_of("faucet"))
    founder.desk.chain.finalize()


def _open_node(
    system: LocalSystem, prover: BlockProver, link: ProgramLink, workers: StageWorkers, clock: Clock
) -> tuple[Node, Timeline]:
    roles, tokens = system.world.roles, system.deployment.tokens
    terms = TokenPolicy((Tier(Amount(CUSTODY_LIMIT), 0),), LEAST_FEE)
    parts = build_parts(
        system.deployment,
        system.world.clients,
        NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers),
        prover,
        MemoryJournal(),
        build_terms(tokens, SOLANA_TOKENS),
        FillPolicy({plan.token_id: terms for plan in tokens}),
        programs={SOLANA: link},
    )
    node, timeline = Node(parts, workers, clock), Timeline(parts.profiles)
    node.listen(timeline.take)
    return node, timeline


def _approve_broker(system: LocalSystem) -> None:
    broker = system.world.roles.broker
    for plan in system.deployment.tokens:
        for chain in plan.contracts.keys() & system.bridges.keys():
            token = system.token(chain, plan.token_id)
            if not token.is_native:
                token.approve(broker, system.bridges[chain].address, token.balance(broker.address))
