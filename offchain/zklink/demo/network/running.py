"""A running network: local chains at their own pace, and on them the node that `zklink node` runs, with its API.

Takes options; gives the network, ready, until its block is left. With a folder it comes back as it was left. What it
has in common with every other network of its kind, the founding, comes from the cache. Only for local chains.
"""

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from zklink.demo.network.faucet import DevnetFaucet
from zklink.demo.network.founding import found_network
from zklink.demo.network.node_settings import build_settings
from zklink.demo.network.places import Say, StateFolder, ensure_founded
from zklink.demo.network.saved_state import compute_key, load_network, save_network
from zklink.devnet.pools import DEFAULT_POOLS, PoolPlan
from zklink.devnet.profiles import PROFILES
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import choose_tokens, load_tokens
from zklink.devnet.world import open_world
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.redaction import redact
from zklink.lab.chains import fork_url
from zklink.lab.errors import ForkUnnamed, PortTaken
from zklink.node.node import Node
from zklink.protocol.errors import DemoStuck, ZkLinkError
from zklink.protocol.ids import ChainId, Lane
from zklink.protocol.presets import MINIMAL, Preset
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.service.adapters import CircuitProver
from zklink.service.api_mount import ApiMount
from zklink.service.assembly import assemble
from zklink.service.proving.engine import STATEMENTS
from zklink.service.runner import NodeService

T = TypeVar("T")

FIXED_SECONDS, REAL_SECONDS = 3.0, 15.0
"""What a quote takes for a block's proof."""

READY_SECONDS: Final = 120.0
STOP_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.1
PLACE: Final = "the devnet"


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """What to run. `port` is the API's; the chains' nodes listen on those after it, or all on free ones if it is 0.
    `state` is a folder to come back to. Forks stand on the nodes in ETHEREUM_RPC, POLYGON_RPC, ...
    """

    preset: Preset = MINIMAL
    profiles: tuple[ChainProfile, ...] = PROFILES
    pools: tuple[PoolPlan, ...] = DEFAULT_POOLS
    host: str = "127.0.0.1"
    port: int = 0
    has_real_proofs: bool = False
    is_fork: bool = False
    state: Path | None = None


@dataclass(slots=True)
class Network:
    """A running network. `failure` says why its node has stopped, if it has."""

    options: NetworkOptions
    system: LocalSystem
    circuits: Mapping[Lane, CircuitArtifacts]
    service: NodeService
    api: ApiMount
    failure: str | None = None
    _thread: threading.Thread | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return f"http://{self.options.host}:{self.service.port}"

    @property
    def node(self) -> Node:
        """The node; only its own thread may ask it (`api.desk`)."""
        return self.service.node

    def start(self) -> None:
        """Let the node run, on a thread of its own, until it is ready. Raises DemoStuck."""
        self._thread = threading.Thread(target=self._run, name="node", daemon=True)
        self._thread.start()
        end = time.monotonic() + READY_SECONDS
        while not self.api.sources.is_ready:
            if self.failure is not None or time.monotonic() > end:
                raise DemoStuck(self.failure or "the node to read its chains", READY_SECONDS)
            time.sleep(LOOK_SECONDS)

    def ask(self, question: Callable[[], T], seconds: float) -> T:
        """What the node's thread answers. Raises TimeoutError, and what the question raises."""
        return self.api.desk.ask(question).result(seconds)

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
def open_network(options: NetworkOptions, progress: Progress, say: Say) -> Iterator[Network]:
    """The network, ready. Raises PortTaken, ForkUnnamed, FileInUse, and the errors of building circuits, opening chains
    and founding.
    """
    check_options(options)
    circuits = {lane: ensure_circuit(options.preset, progress, statement) for lane, statement in STATEMENTS.items()}
    place = None if options.state is None else StateFolder(options.state)
    key = compute_key(options.preset, [circuits[lane].vk_hash for lane in Lane], options.profiles, options.pools)
    saved = None
    if not options.is_fork:
        saved = place.find(key, say) if place is not None else None
        saved = saved or ensure_founded(key, partial(_found, options, circuits, key, progress), say)
    with (
        tempfile.TemporaryDirectory(prefix="zklink-devnet-") as folder,
        open_world("fork" if options.is_fork else "anvil", options.profiles, ports=plan_ports(options)) as world,
    ):
        run = Path(folder)
        if saved is None:
            system = found_network(world, run, options.preset, options.pools, _open_fixed(circuits), progress)
        else:
            with progress.step("the saved chains"):
                deployment = load_network(saved, world, run)
            _, left_out = choose_tokens(load_tokens(), options.preset, [chain.name for chain in world])
            system = LocalSystem(world, deployment, deployment.bridges(world.clients), left_out=left_out)
        with _running(options, system, circuits, run, progress) as network:
            yield network
        if place is not None:
            with progress.step(f"saving the chains and the node in {options.state}"):
                place.put(lambda new: save_network(new, world, run, key, options.preset))


@contextmanager
def _running(
    options: NetworkOptions,
    system: LocalSystem,
    circuits: Mapping[Lane, CircuitArtifacts],
    run: Path,
    progress: Progress,
) -> Iterator[Network]:
    """The node on its chains, whose clocks run; afterwards nothing moves any more."""
    provers: Mapping[Lane, Prover] = (
        {lane: open_prover(found, progress) for lane, found in circuits.items()}
        if options.has_real_proofs
        else _open_fixed(circuits)
    )
    settings = build_settings(run, system, options.host, options.port)
    assembly = assemble(settings, PLACE, CircuitProver(provers))
    api = ApiMount(REAL_SECONDS if options.has_real_proofs else FIXED_SECONDS, DevnetFaucet(system))
    try:
        service = NodeService(settings, assembly, PLACE, api)
    except BaseException:
        assembly.database.close()
        raise
    network = Network(options, system, circuits, service, api)
    system.world.start_clocks()
    try:
        with progress.step("the node reads its chains"):
            network.start()
        yield network
    finally:
        network.stop()
        system.world.stop_clocks()


def check_options(options: NetworkOptions) -> None:
    """Before anything takes long, raise ForkUnnamed for a fork without its node, PortTaken for a port in use."""
    for profile in options.profiles:
        if options.is_fork and fork_url(profile.name) is None:
            raise ForkUnnamed(profile.name, f"{profile.name.upper()}_RPC")
    for port in (options.port, *plan_ports(options).values()):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((options.host, port))
            except OSError:
                raise PortTaken(port) from None


def plan_ports(options: NetworkOptions) -> dict[ChainId, int]:
    """The ports of the chains' nodes: the API's and a chain's id."""
    return {p.chain_id: options.port + p.chain_id for p in options.profiles} if options.port else {}


def _open_fixed(circuits: Mapping[Lane, CircuitArtifacts]) -> dict[Lane, FixedProver]:
    return {lane: FixedProver(found) for lane, found in circuits.items()}


def _found(
    options: NetworkOptions, circuits: Mapping[Lane, CircuitArtifacts], key: str, progress: Progress, target: Path
) -> None:
    """Found a network on chains of its own and save it in `target`."""
    with (
        tempfile.TemporaryDirectory(prefix="zklink-devnet-") as folder,
        open_world("anvil", options.profiles) as world,
    ):
        found_network(world, Path(folder), options.preset, options.pools, _open_fixed(circuits), progress)
        save_network(target, world, Path(folder), key, options.preset)
