"""A node that runs and answers: its loop on one thread, a reader per chain, and the API's server.

Takes a node that nobody else drives; gives the API's address. If the node stops for good (HistoryDiverged and the
like), the API goes on answering from what is known, and `failure` says why. Never decides anything for the node.
"""

import logging
import secrets
import threading
from collections.abc import Mapping
from typing import Final

from zklink.api.app import build_app
from zklink.api.desk import ThreadDesk
from zklink.api.limits import Limits
from zklink.api.live_view import LiveView
from zklink.api.server import ApiServer
from zklink.api.sources import PROOF_SECONDS, Sources
from zklink.broker.policy import FillPolicy
from zklink.explorer.pages import build_pages
from zklink.history.memory import MemoryHistory
from zklink.history.read_model import History
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.redaction import redact
from zklink.node.node import Node
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.service.chain_threads import Pace, make_chain_threads

LOG: Final = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 0.02
"""Between two steps of the node; questions are answered meanwhile."""

PACE: Final = Pace(longest_look=1.0, failed_look=2.0)
JOIN_SECONDS: Final = 10.0


class NodeApi:
    """Starts and stops everything; `history` must have been handed the node's events from the first one on."""

    def __init__(
        self,
        deployment: Deployment,
        bridges: Mapping[ChainId, BridgeClient],
        node: Node,
        history: History,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        fill_policy: FillPolicy | None = None,
        proof_seconds: float = PROOF_SECONDS,
        is_devnet: bool = False,
    ) -> None:
        self.failure: str | None = None
        self._node, self._desk, self._live = node, ThreadDesk(), LiveView()
        self._stopped = threading.Event()
        profiles = {chain: bridge.client.profile for chain, bridge in bridges.items()}
        self.sources = Sources(
            deployment,
            profiles,
            bridges,
            history,
            self._live,
            node,
            proof_seconds,
            fill_policy=fill_policy,
            is_devnet=is_devnet,
        )
        self._threads = [threading.Thread(target=self._drive, name="node", daemon=True)]
        self._threads += make_chain_threads(
            deployment, bridges, history, self._live, PACE, self._stopped.is_set, self._stopped.wait
        )
        self._server = ApiServer(build_app(self.sources, self._desk, limits, pages=build_pages), host, port, limits)

    @property
    def url(self) -> str:
        """Where the API is, without a slash at the end."""
        return self._server.url

    def start(self) -> None:
        """Start the server, then everything else. Raises ServerNotStarted."""
        self._server.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop everything; waits for the node's step and for what is being answered."""
        self._stopped.set()
        self._desk.close()
        for thread in self._threads:
            thread.join(JOIN_SECONDS)
        self._server.stop()

    def _drive(self) -> None:
        while not self._stopped.is_set():
            try:
                if self.failure is None:
                    self._node.step()
            except ZkLinkError as error:
                self.failure = redact(str(error))
                LOG.error("the node has stopped: %s", self.failure)
            self._desk.serve(PAUSE_SECONDS)


def open_history(deployment: Deployment, node: Node) -> MemoryHistory:
    """A history in memory that the node feeds from now on; before the node's first step it misses nothing."""
    history = MemoryHistory(deployment.deployment_hash, secrets.token_hex(4))
    node.listen(history.take)
    return history
