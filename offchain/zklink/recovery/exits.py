"""The way out with the operator gone, as two calls of a program: `prepare` proves what an owner holds, `send` brings
every chain to its end and sends the proofs.

Takes a published deployment, nodes of its chains and a wallet; gives a file's worth of exits, and whether all is done.
Asks nobody but the chains. Needs the extra `node`; `zklink recover` and `ape run exit` do the same from a shell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.client.signers import LocalSigner
from zklink.client.wallet import Wallet
from zklink.files import read_file
from zklink.l1.deployment.records import Deployment
from zklink.protocol.errors import SignerUnfit
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.progress import SILENT
from zklink.prover.source import Statement
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import connect_bridges
from zklink.recovery.exit_file import ExitFile, ExitPlace, write_exits
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import ExitOrder, find_exits, prove_exits
from zklink.recovery.exit_sender import leave
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.transition.exit import ExitStatement

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


def prepare(deployment: str | Path, rpc: Rpc, wallet: Wallet, prove: Prove | None = None) -> Prepared:
    """Rebuild the state from the primary's calldata alone and prove what the wallet's owner holds, some seconds an
    exit. Raises DeploymentRefused for a file that is not as it was published, HistoryDisagrees, HistoryIncomplete,
    NodeMissing, WrongChain.
    """
    published = Deployment.from_json(read_file(Path(deployment)))
    read = ChainsRead(published, connect_bridges(published, rpc))
    ends = find_ends(read)
    states = rebuild_ends(read, ends, SILENT)
    found = [exit for chain, state in states.items() for exit in find_exits(state, wallet.owner, [chain])]
    orders = (prove or _prove)(found, published) if found else []
    places = {chain: ExitPlace(end.place.number, states[chain].root) for chain, end in ends.items()}
    early = tuple(read.name(chain) for chain, end in ends.items() if not end.is_known)
    return Prepared(published, ExitFile(published.deployment_hash, places, tuple(orders)), early)


def send(prepared: Prepared, rpc: Rpc, wallet: Wallet, say: Callable[[str], None] = print) -> bool:
    """Send everything that the chains allow now: what brings each to its end, and the exits. True if nothing is left;
    else call it again later, it sends nothing twice. Each step is said. Raises SignerUnfit unless the wallet's key is
    in this process, ExitsRefused once everything else is sent.
    """
    signer: Final = wallet.signer
    if not isinstance(signer, LocalSigner):
        raise SignerUnfit(wallet.address, "exits are sent by a key in this process: a key, keystore or mnemonic")
    read = ChainsRead(prepared.deployment, connect_bridges(prepared.deployment, rpc))
    return leave(ExodusDriver(read, signer.account), prepared.orders, signer.account, say)


def _prove(statements: Sequence[ExitStatement], deployment: Deployment) -> Sequence[ExitOrder]:
    prover = open_prover(ensure_circuit(deployment.preset, SILENT, Statement.EXIT), SILENT)
    return prove_exits(statements, deployment, prover)
