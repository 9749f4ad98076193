"""The API on a node of this process: a history in its database that the node feeds, a reader for each chain, and
questions that the node's thread answers between two steps. The node's own routes stand beside the API's.
"""

import secrets
from typing import Final

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from zklink.api.app import build_app
from zklink.api.desk import ThreadDesk
from zklink.api.live_view import LiveView
from zklink.api.sources import Sources
from zklink.explorer.pages import build_pages
from zklink.l1.deployment.records import Deployment
from zklink.node.node import Node
from zklink.service.chain_threads import Pace, make_chain_threads
from zklink.service.runner import NodeService
from zklink.storage.database import Database
from zklink.storage.history import SqlHistory

PACE: Final = Pace(longest_look=2.0, failed_look=5.0)


def mount_api(service: NodeService, routes: list[BaseRoute]) -> ASGIApp:
    """The application of a node that has an API: a `MakeApp` for `NodeService`."""
    assembly, node = service.assembly, service.node
    deployment, bridges = assembly.deployment, assembly.deployment.bridges(assembly.clients)
    history, live, desk = open_history(assembly.database, deployment, node), LiveView(), ThreadDesk()

    def idle(seconds: float) -> None:
        history.flush()
        desk.serve(seconds)

    service.idle = idle
    service.on_close += [desk.close, history.flush]
    service.threads += make_chain_threads(
        deployment, bridges, history, live, PACE, lambda: service.is_stopped, service.wait
    )
    profiles = {chain: bridge.client.profile for chain, bridge in bridges.items()}
    return build_app(
        Sources(deployment, profiles, bridges, history, live, node, fill_policy=assembly.fill_policy),
        desk,
        further=routes,
        pages=build_pages,
    )


def open_history(database: Database, deployment: Deployment, node: Node) -> SqlHistory:
    """The history of a node that has not made its first step. What its journal no longer has is gone. Raises
    DatabaseFailed.
    """
    history = SqlHistory(database, deployment.deployment_hash, secrets.token_hex(4), is_eager=False)
    history.cut(node.sequencer.journal_height)
    node.listen(history.take)
    return history
