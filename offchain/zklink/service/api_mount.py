"""The API on a node of this process: a history that the node feeds, a reader for each chain, and questions that the
node's thread answers between two steps. The node's own routes stand beside the API's.
"""

from typing import Final

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from zklink.api.app import build_app
from zklink.api.desk import ThreadDesk
from zklink.api.live_view import LiveView
from zklink.api.sources import Sources
from zklink.explorer.pages import build_pages
from zklink.service.chain_threads import Pace, make_chain_threads
from zklink.service.node_api import open_history
from zklink.service.runner import NodeService

PACE: Final = Pace(longest_look=2.0, failed_look=5.0)


def mount_api(service: NodeService, routes: list[BaseRoute]) -> ASGIApp:
    """The application of a node that has an API: a `MakeApp` for `NodeService`."""
    assembly, node = service.assembly, service.node
    deployment, bridges = assembly.deployment, assembly.deployment.bridges(assembly.clients)
    history, live, desk = open_history(deployment, node), LiveView(), ThreadDesk()
    service.idle = desk.serve
    service.on_close.append(desk.close)
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
