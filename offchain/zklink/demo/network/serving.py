"""The node of a local network: `zklink node` on a thread of this process, with its API at an address, and its clients.

Takes a deployed system, provers and a folder for the node's files; gives the network, ready, until its block is left.
Only for local chains.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeVar

from zklink.client.client import Client
from zklink.demo.network.faucet import DevnetFaucet
from zklink.demo.network.node_settings import DATABASE_FILE, DEPLOYMENT_FILE, build_settings
from zklink.devnet.pools import DEFAULT_POOLS, PoolPlan
from zklink.devnet.profiles import PROFILES
from zklink.devnet.system import LocalSystem
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.redaction import redact
from zklink.node.node import Node
from zklink.protocol.errors import DemoStuck, ZkLinkError
from zklink.protocol.ids import Lane
from zklink.protocol.presets import MINIMAL, Preset
from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.service.adapters import CircuitProver
from zklink.service.api_mount import ApiMount
from zklink.service.assembly import assemble
from zklink.service.runner import NodeService

T = TypeVar("T")

FIXED_SECONDS, REAL_SECONDS = 3.0, 15.0
"""What a quote takes for a block's proof."""

READY_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.1
ANSWER_SECONDS: Final = 60.0
"""How long the node's thread may take for an answer."""
POLL_SECONDS: Final = 0.2
"""How often a client of a network looks: everything is on this machine."""
PLACE: Final = "the devnet"


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """What to run. `port` is the API's; the chains' nodes listen on those after it, or all on free ones if it is 0.
    `state` is a folder to come back to. Forks stand on the nodes in ETHEREUM_RPC, POLYGON_RPC, ... `solana` adds a
    Solana chain that runs on this.
    """

    preset: Preset = MINIMAL
    profiles: tuple[ChainProfile, ...] = PROFILES
    pools: tuple[PoolPlan, ...] = DEFAULT_POOLS
    host: str = "127.0.0.1"
    port: int = 0
    has_real_proofs: bool = False
    is_fork: bool = False
    state: Path | None = None
    solana: Literal["litesvm", "surfnet"] | None = None


@dataclass(slots=True)
class Network:
    """A running network, whose node has its files in `folder`. `failure` says why its node has stopped, if it has."""

    options: NetworkOptions
    system: LocalSystem
    circuits: Mapping[Lane, CircuitArtifacts]
    service: NodeService
    api: ApiMount
    folder: Path
    failure: str | None = None
    _thread: threading.Thread | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"http://{self.options.host}:{self.service.port}"

    @property
    def rpc(self) -> dict[str, str]:
        """Where the chains' nodes are, by the chain's name."""
        found = {chain.name: str(chain.node_url) for chain in self.system.world}
        solana = self.system.solana
        return found if solana is None else {**found, solana.chain.name: solana.url}

    @property
    def deployment_file(self) -> Path:
        """The deployment as it is published."""
        return self.folder / DEPLOYMENT_FILE

    @property
    def database_file(self) -> Path:
        """All that the node keeps; files beside it begin with its name."""
        return self.folder / DATABASE_FILE

    @property
    def node(self) -> Node:
        """The node; only its own thread may ask it (`ask`)."""
        return self.service.node

    def open_client(self) -> Client:
        """A client of the API and of every chain."""
        expected = self.system.deployment.deployment_hash
        rpc: dict[str | int, str] = dict(self.rpc.items())
        return Client(self.url, rpc, deployment_hash=expected, poll_seconds=POLL_SECONDS)

    def start(self) -> None:
        """Let the node run, on a thread of its own, until it is ready. Raises DemoStuck."""
        self._thread = threading.Thread(target=self._run, name="node", daemon=True)
        self._thread.start()
        self.wait(lambda: self.api.sources.is_ready, "the node to read its chains", READY_SECONDS)

    def ask(self, question: Callable[[], T], seconds: float = ANSWER_SECONDS) -> T:
        """What the node's thread answers. Raises TimeoutError, and what the question raises."""
        return self.api.desk.ask(question).result(seconds)

    def wait(self, is_done: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until something has come about. Raises DemoStuck, also if the node has stopped."""
        end = time.monotonic() + seconds
        while not is_done():
            if self.failure is not None or time.monotonic() > end:
                raise DemoStuck(self.failure or what, seconds)
            time.sleep(LOOK_SECONDS)

    def wait_settled(self, seconds: float) -> None:
        """Wait until every chain has executed every block. Raises DemoStuck."""
        self.wait(lambda: self.ask(self.node.is_settled), "the execution of every block", seconds)

    def stop(self) -> None:
        """End the node, in order."""
        self.service.stop()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        try:
            self.service.run()
        except ZkLinkError as error:
            self.failure = redact(str(error))


@contextmanager
def serve_network(
    options: NetworkOptions,
    system: LocalSystem,
    circuits: Mapping[Lane, CircuitArtifacts],
    provers: Mapping[Lane, Prover],
    run: Path,
    progress: Progress,
) -> Iterator[Network]:
    """The node on chains that make blocks meanwhile; afterwards it has ended. Raises DemoStuck and what `assemble`
    raises.
    """
    settings = build_settings(run, system, options.host, options.port)
    assembly = assemble(settings, PLACE, CircuitProver(provers))
    api = ApiMount(REAL_SECONDS if options.has_real_proofs else FIXED_SECONDS, DevnetFaucet(system))
    try:
        service = NodeService(settings, assembly, PLACE, api)
    except BaseException:
        assembly.database.close()
        raise
    network = Network(options, system, circuits, service, api, run)
    try:
        with progress.step("the node reads its chains"):
            network.start()
        yield network
    finally:
        network.stop()
