"""The way out with the operator gone, as two calls of a program: `prepare` proves what an owner holds, `send` brings
every chain to its end and sends the proofs.

Takes a published deployment, nodes of its chains and a wallet; gives a file's worth of exits, and whether all is done.
Asks nobody but the chains. Needs the extra `node`; `zklink recover` and `ape run exit` do the same from a shell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zklink.client.book import read_owner
from zklink.client.signers import LocalSigner
from zklink.client.solana_wallet import AnyWallet, SolanaWallet
from zklink.files import read_file
from zklink.l1.deployment.records import Deployment
from zklink.protocol.addresses import is_recipient
from zklink.protocol.errors import AddressUnfit, SignerUnfit
from zklink.protocol.ids import ChainId
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.port import Prover
from zklink.prover.progress import SILENT
from zklink.prover.source import Statement
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import connect_bridges
from zklink.recovery.exit_file import ExitFile, ExitPlace, write_exits
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import ExitOrder, find_exits, prove_exits
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.leaving import leave
from zklink.recovery.programs import connect_programs
from zklink.recovery.ways import Way
from zklink.transition.exit import ExitStatement

if TYPE_CHECKING:
    from zklink.recovery.program_view import ProgramView

Rpc = Mapping[str, str | Sequence[str]]
"""The nodes of each chain, by its name in the deployment; the primary's is needed, a chain that has halted is not."""
Prove = Callable[[Sequence[ExitStatement], Deployment], Sequence[ExitOrder]]
"""Proves exits."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An owner's exits, proven. A chain in `early` has not ended yet: what is proven for it is a rehearsal."""

    deployment: Deployment
    file: ExitFile
    early: tuple[str, ...]

    @property
    def orders(self) -> tuple[ExitOrder, ...]:
        """An exit for each account, token and chain."""
        return self.file.orders

    def save(self, path: str | Path) -> None:
        """Write the exits to a file, as `zklink recover` does and `ape run exit` takes it. Raises FileNotWritten."""
        write_exits(Path(path), self.file)


def prepare(
    deployment: str | Path, rpc: Rpc, wallet: AnyWallet, prove: Prove | None = None, *, recipient: str | None = None
) -> Prepared:
    """Rebuild the state from the primary's calldata alone and prove what the wallet's owner holds, some seconds an
    exit. On chains of the other kind, Solana for a `Wallet`, they pay `recipient` and the wallet's layer-2 key signs
    them; without one there are none. Raises DeploymentRefused for a file that is not as it was published,
    HistoryDisagrees, HistoryIncomplete, NodeMissing, WrongChain, AddressUnfit.
    """
    published = Deployment.from_json(read_file(Path(deployment)))
    read = _read_chains(published, rpc, connect_programs(published, rpc))
    ends = find_ends(read)
    states = rebuild_ends(read, ends, SILENT)
    found = [exit for chain, state in states.items() for exit in find_exits(state, wallet.owner, [chain])]
    mine = [exit for exit in found if _has_account(published, wallet, exit.chain)]
    orders = list((prove or _prove)(mine, published)) if mine else []
    others = [exit for exit in found if exit not in mine]
    if recipient is not None and others:
        orders += _prove_signed(others, published, wallet, recipient)
    places = {chain: ExitPlace(end.place.number, states[chain].root) for chain, end in ends.items()}
    early = tuple(read.name(chain) for chain, end in ends.items() if not end.is_known)
    return Prepared(published, ExitFile(published.deployment_hash, places, tuple(orders)), early)


def send(prepared: Prepared, rpc: Rpc, wallet: AnyWallet, say: Callable[[str], None] = print) -> bool:
    """Send everything that the chains of the wallet's kind allow now: what brings each to its end (on Solana once END
    stands there), and the exits. True if nothing is left; else call it again later, it sends nothing twice. Each step
    is said. Raises SignerUnfit unless the wallet's key is in this process, ExitsRefused once everything else is sent.
    """
    deployment, views = prepared.deployment, connect_programs(prepared.deployment, rpc)
    read = _read_chains(deployment, rpc, views)
    if isinstance(wallet, SolanaWallet):
        ways = _open_ways(read, views, wallet)
        return leave(ExodusDriver(read, None, programs=ways), prepared.orders, say)
    signer: Final = wallet.signer
    if not isinstance(signer, LocalSigner):
        raise SignerUnfit(wallet.address, "exits are sent by a key in this process: a key, keystore or mnemonic")
    return leave(ExodusDriver(read, signer.account), prepared.orders, say)


def _read_chains(deployment: Deployment, rpc: Rpc, views: Mapping[ChainId, "ProgramView"]) -> ChainsRead:
    """All chains that have a node here; a name that is nobody's is refused."""
    programs = {place.name for place in deployment.programs.values()}
    contracts = {name: nodes for name, nodes in rpc.items() if name not in programs}
    return ChainsRead(deployment, connect_bridges(deployment, contracts), programs=views)


def _open_ways(read: ChainsRead, views: Mapping[ChainId, "ProgramView"], wallet: SolanaWallet) -> dict[ChainId, Way]:
    from solders.keypair import Keypair  # of the extra `solana`

    from zklink.recovery.program_way import ProgramWay
    from zklink.solana.client.sending import Sender

    if not isinstance(wallet.keypair, Keypair):
        raise SignerUnfit(wallet.address, "exits are sent by a keypair in this process")
    return {chain: ProgramWay(view, read, chain, Sender(view.node, wallet.keypair)) for chain, view in views.items()}


def _has_account(deployment: Deployment, wallet: AnyWallet, chain: ChainId) -> bool:
    return isinstance(wallet, SolanaWallet) == (chain in deployment.programs)


def _prove(statements: Sequence[ExitStatement], deployment: Deployment) -> Sequence[ExitOrder]:
    return prove_exits(statements, deployment, _open_prover(deployment))


def _prove_signed(
    statements: Sequence[ExitStatement], deployment: Deployment, wallet: AnyWallet, recipient: str
) -> Sequence[ExitOrder]:
    address, key = read_owner(recipient), wallet.layer2_key(deployment.deployment_hash)
    formats = {entry.chain_id: entry.address_format for entry in deployment.table}
    for chain in {statement.chain for statement in statements}:
        if not is_recipient(address, formats[chain], chain):
            raise AddressUnfit(deployment.places[chain].name, recipient)
    return prove_exits(statements, deployment, _open_prover(deployment), key, address)


def _open_prover(deployment: Deployment) -> Prover:
    return open_prover(ensure_circuit(deployment.preset, SILENT, Statement.EXIT), SILENT)
