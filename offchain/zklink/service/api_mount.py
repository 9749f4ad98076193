"""The API on a node of this process: a history in its database that the node feeds, a reader for each chain, and
questions that the node's thread answers between two steps. The node's own routes stand beside the API's.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from zklink.api.app import build_app
from zklink.api.calls import expect_operations
from zklink.api.desk import ThreadDesk
from zklink.api.faucet import Faucet
from zklink.api.live_view import LiveView
from zklink.api.sources import PROOF_SECONDS, Sources
from zklink.explorer.pages import build_pages
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.redaction import redact
from zklink.node.node import Node
from zklink.relayer.relayer import Relayer
from zklink.service.chain_threads import Pace, make_chain_threads, open_readers
from zklink.service.runner import NodeService
from zklink.service.wiring import link_chains
from zklink.storage.database import Database
from zklink.storage.history import SqlHistory

log = logging.getLogger(__name__)

ORDERS_SECONDS: Final = 15.0
"""Between two looks at the relayer's open orders."""

PACE: Final = Pace(longest_look=2.0, failed_look=5.0)


class ApiMount:
    """Gives one node an API: a `MakeApp` for `NodeService`. `proof_seconds` is what quotes take for a proof; with
    a `faucet` it is a devnet's. Once it is mounted there are `sources`, what answers are made from, and `desk`,
    which asks the node's thread.
    """

    sources: Sources
    desk: ThreadDesk

    def __init__(self, proof_seconds: float = PROOF_SECONDS, faucet: Faucet | None = None) -> None:
        self._proof_seconds, self._faucet = proof_seconds, faucet

    def __call__(self, service: NodeService, routes: list[BaseRoute]) -> ASGIApp:
        assembly, node = service.assembly, service.node
        deployment, bridges = assembly.deployment, assembly.deployment.bridges(assembly.clients)
        history, live, self.desk = open_history(assembly.database, deployment, node), LiveView(), ThreadDesk()

        def idle(seconds: float) -> None:
            history.flush()
            self.desk.serve(seconds)

        service.idle = idle
        service.on_close += [self.desk.close, history.flush]
        readers = open_readers(deployment, link_chains(deployment, bridges, None, assembly.programs), history, live)
        for _, reader in readers.values():
            node.listen(reader.take)
        service.threads += make_chain_threads(readers, PACE, lambda: service.is_stopped, service.wait)
        if assembly.relayer is not None:
            service.threads.append(_watch_orders(assembly.relayer, lambda: service.is_stopped, service.wait))
        self.sources = Sources(
            deployment,
            {chain: profile for chain, (profile, _) in readers.items()},
            bridges,
            history,
            live,
            node,
            self._proof_seconds,
            assembly.fill_policy,
            is_devnet=self._faucet is not None,
            faucet=self._faucet,
            relayer=assembly.relayer,
            programs={chain: link.asker() for chain, link in assembly.programs.items()},
        )
        self.desk.prepare = partial(expect_operations, self.sources)
        return build_app(self.sources, self.desk, further=routes, pages=build_pages)


def _watch_orders(
    relayer: Relayer, is_stopped: Callable[[], bool], wait: Callable[[float], object]
) -> threading.Thread:
    """A thread, not started, that goes on with orders for which nobody waits."""

    def look() -> None:
        while not is_stopped():
            try:
                relayer.look()
            except Exception as error:  # also a mistake of this program: a thread that ends looks no more
                log.warning("signed orders could not be looked at: %s", redact(f"{type(error).__name__}: {error}"))
            wait(ORDERS_SECONDS)

    return threading.Thread(target=look, name="orders", daemon=True)


def open_history(database: Database, deployment: Deployment, node: Node) -> SqlHistory:
    """The history of a node that has not made its first step. What its journal no longer has is gone. Raises
    DatabaseFailed.
    """
    history = SqlHistory(database, deployment.deployment_hash, secrets.token_hex(4), is_eager=False)
    history.cut(node.sequencer.journal_height)
    node.listen(history.take)
    return history
