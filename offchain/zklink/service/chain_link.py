"""One chain as the parts of a node take it, whatever its bridge is: a contract (`evm_link`) or a program
(`program_link`). Which one it is, the deployment says; nothing behind this port asks.
"""

from typing import Protocol

from zklink.broker.records import FillPort
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.watcher import QueuePlace
from zklink.node.watch import Watch
from zklink.sequencer.submitter import ChainGate
from zklink.signers.ports import ChainReader


class ChainLink(Protocol):
    """Port: one chain of a deployment, with the accounts that act there."""

    @property
    def profile(self) -> ChainProfile: ...

    def check(self) -> None:
        """Raise WrongChain or HistoryDisagrees unless it is the deployment's; RpcUnavailable."""
        ...

    def reader(self) -> ChainReader:
        """What one signer reads of it; each has its own."""
        ...

    def watch(self, place: QueuePlace | None) -> Watch:
        """Its requests, from a place on."""
        ...

    def gate(self) -> ChainGate:
        """Where blocks are sent."""
        ...

    def fill_port(self) -> FillPort:
        """Where a broker fills."""
        ...

    def broker_names(self) -> frozenset[bytes]:
        """The broker's own accounts as payouts name them, 32 bytes each."""
        ...
