"""One chain as the parts of a node take it, whatever its bridge is: a contract (`evm_link`) or a program
(`program_link`). Which one it is, the deployment says; nothing behind this port asks.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from zklink.api.live_view import LiveView
from zklink.broker.records import FillPort
from zklink.history.read_model import History
from zklink.l1.deployment.records import TokenPlan
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.meters import NodeMeter
from zklink.l1.watcher import QueuePlace
from zklink.node.events import Event
from zklink.node.standing import Standing
from zklink.node.watch import Watch
from zklink.protocol.ids import TokenId
from zklink.sequencer.submitter import ChainGate
from zklink.signers.ports import ChainReader


class ApiReader(Protocol):
    """Port: feeds a history and a live view with one chain."""

    def look(self) -> None:
        """One round; only one thread may call it. Raises the errors of reading a chain."""
        ...

    def take(self, event: Event) -> None:
        """An event of the node that the history is of."""
        ...


class Store(Protocol):
    """Port: what a broker holds of one token on one chain. All raise RpcUnavailable."""

    def held(self) -> int:
        """In layer-2 units."""
        ...

    def is_approved(self) -> bool:
        """Whether the bridge may take all of it for fills."""
        ...

    def approve(self) -> None:
        """Let it. Raises what a transaction raises."""
        ...


class ChainLink(Protocol):
    """Port: one chain of a deployment, with the accounts that act there."""

    @property
    def profile(self) -> ChainProfile: ...

    def check(self) -> None:
        """Raise WrongChain or HistoryDisagrees unless it is the deployment's; RpcUnavailable."""
        ...

    def check_nodes(self) -> None:
        """Raise WrongChain or RpcUnavailable unless every single node answers, and serves this chain."""
        ...

    def meters(self) -> Sequence[NodeMeter]:
        """What is counted of its nodes, in the order of the settings."""
        ...

    def standing(self) -> Standing:
        """What its bridge says of itself."""
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

    def store(self, token: TokenPlan) -> Store:
        """What the broker holds there of a token that the chain has."""
        ...

    def api_reader(
        self, tokens: Iterable[TokenId], history: History, live: LiveView, clock: Callable[[], float]
    ) -> ApiReader:
        """What reads it for an API; `tokens` are those that it has."""
        ...

    def broker_names(self) -> frozenset[bytes]:
        """The broker's own accounts as payouts name them, 32 bytes each."""
        ...


class ProgramChain(ChainLink, Protocol):
    """Port: one whose bridge is a program: wallets there answer no questions of a page, so the node does."""

    def asker(self) -> Callable[..., Any]:
        """Gives what a node of the chain answers to a stranger's question in JSON-RPC, asked once; for any thread.
        Raises RpcRefused, and other errors where none answers.
        """
        ...
