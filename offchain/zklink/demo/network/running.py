"""A network from nothing, or from where it was left: local chains at their own pace, and on them a node with its API.

Takes options; gives the network, ready, until its block is left. With a folder it comes back as it was left. What it
has in common with every other network of its kind, the founding, comes from the cache. Only for local chains.
"""

import importlib.util
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zklink.demo.network.founding import find_table, found_network
from zklink.demo.network.places import Say, StateFolder, ensure_founded
from zklink.demo.network.saved_state import compute_key, load_network, save_network
from zklink.demo.network.serving import Network, NetworkOptions, serve_network
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import choose_tokens
from zklink.devnet.world import open_world
from zklink.lab.chains import fork_url
from zklink.lab.errors import ForkUnnamed, PortTaken, SoldersMissing
from zklink.lab.kinds import LITESVM, SURFNET
from zklink.protocol.ids import ChainId, Lane
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.service.proving.engine import STATEMENTS
from zklink.solana.toolchain import build_program

if TYPE_CHECKING:
    from zklink.devnet.solana.member import SolanaMember

SOLANA_ID: Final = ChainId(5)
"""The chain's number in the protocol's table."""


@contextmanager
def open_network(options: NetworkOptions, progress: Progress, say: Say) -> Iterator[Network]:
    """The network, ready. Raises PortTaken, ForkUnnamed, FileInUse, and the errors of building circuits, opening chains
    and founding.
    """
    check_options(options)
    circuits = {lane: ensure_circuit(options.preset, progress, statement) for lane, statement in STATEMENTS.items()}
    program = build_bridge_program(options, progress)
    place = None if options.state is None else StateFolder(options.state)
    hashes = [circuits[lane].vk_hash for lane in Lane]
    key = compute_key(options.preset, hashes, options.profiles, options.pools, program)
    saved = None
    if can_be_saved(options):
        saved = place.find(key, say) if place is not None else None
        saved = saved or ensure_founded(key, partial(_found, options, circuits, key, progress), say)
    elif options.solana == SURFNET:
        say("nobody can save Surfpool's network: everything is founded anew at each start (about a minute)")
    with (
        tempfile.TemporaryDirectory(prefix="zklink-devnet-") as folder,
        open_world("fork" if options.is_fork else "anvil", options.profiles, ports=plan_ports(options)) as world,
        _open_solana(options, options.port) as solana,
    ):
        run = Path(folder)
        if saved is None:
            system = found_network(world, run, options, circuits, _open_fixed(circuits), progress, solana)
        else:
            with progress.step("the saved chains"):
                deployment = load_network(saved, world, run, solana)
            table = find_table(solana)
            names = [place.name for place in deployment.places.values()]
            _, left_out = choose_tokens(table.values(), options.preset, names)
            bridges = deployment.bridges(world.clients)
            system = LocalSystem(world, deployment, bridges, left_out=left_out, table=table, solana=solana)
        with _running(options, system, circuits, run, progress) as network:
            yield network
        if place is not None:
            with progress.step(f"saving the chains and the node in {options.state}"):
                place.put(lambda new: save_network(new, world, run, key, options.preset, solana))


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
    system.world.start_clocks()
    if system.solana is not None:
        system.solana.chain.start_clock()
    try:
        with serve_network(options, system, circuits, provers, run, progress) as network:
            yield network
    finally:
        if system.solana is not None:
            system.solana.chain.stop_clock()
        system.world.stop_clocks()


def check_options(options: NetworkOptions) -> None:
    """Before anything takes long, raise ForkUnnamed for a fork without its node, PortTaken for a port in use."""
    for profile in options.profiles:
        if options.is_fork and fork_url(profile.name) is None:
            raise ForkUnnamed(profile.name, f"{profile.name.upper()}_RPC")
    for port in (options.port, *plan_ports(options).values(), *_solana_ports(options)):
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
        _open_solana(options, 0) as solana,
    ):
        found_network(world, Path(folder), options, circuits, _open_fixed(circuits), progress, solana)
        save_network(target, world, Path(folder), key, options.preset, solana)


def can_be_saved(options: NetworkOptions) -> bool:
    """Whether every chain of it can come back to where it was."""
    return not options.is_fork and options.solana != SURFNET


def build_bridge_program(options: NetworkOptions, progress: Progress) -> bytes:
    """The program of a Solana chain, built if that was not done yet; empty without such a chain. Raises
    SoldersMissing, ProgramNotCompiled, ProgramNotLinked.
    """
    if options.solana is None:
        return b""
    if importlib.util.find_spec("solders") is None:
        raise SoldersMissing
    with progress.step("the program of Solana's bridge"):
        return build_program()


@contextmanager
def _open_solana(options: NetworkOptions, port: int) -> Iterator["SolanaMember | None"]:
    if options.solana is None:
        yield None
        return
    from zklink.devnet.solana.member import PROFILE, open_member  # of the extra `solana`

    with open_member(options.solana, port and port + PROFILE.chain_id) as member:
        yield member


def _solana_ports(options: NetworkOptions) -> list[int]:
    """The port of a Solana chain's node; a process of its own takes a free one."""
    return [options.port + SOLANA_ID] if options.port and options.solana == LITESVM else []
