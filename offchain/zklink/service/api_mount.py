"""The API on a node of this process: a history that the node feeds, a reader for each chain, and questions that the
node's thread answers between two steps. The node's own routes stand beside the API's.
"""

import logging
import secrets
import threading
import time
from typing import Final

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from zklink.api.app import build_app
from zklink.api.chain_reader import ChainReader
from zklink.api.desk import ThreadDesk
from zklink.api.live_view import LiveView
from zklink.api.sources import Sources
from zklink.history.memory import MemoryHistory
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ZkLinkError
from zklink.service.runner import NodeService

log = logging.getLogger(__name__)

LOOK_SHARE: Final = 0.25
LONGEST_LOOK_SECONDS: Final = 2.0
"""Between two looks at a chain passes this share of its block time, and no longer than that."""
FAILED_LOOK_SECONDS: Final = 5.0


def mount_api(service: NodeService, routes: list[BaseRoute]) -> ASGIApp:
    """The application of a node that has an API: a `MakeApp` for `NodeService`."""
    assembly, node = service.assembly, service.node
    deployment, bridges = assembly.deployment, assembly.deployment.bridges(assembly.clients)
    history, live, desk = MemoryHistory(deployment.deployment_hash, secrets.token_hex(4)), LiveView(), ThreadDesk()
    node.listen(history.take)
    service.idle = desk.serve
    service.on_close.append(desk.close)
    profiles = {chain: bridge.client.profile for chain, bridge in bridges.items()}
    for chain, bridge in sorted(bridges.items()):
        tokens = [plan.token_id for plan in deployment.tokens if chain in plan.contracts]
        reader = ChainReader(bridge, deployment.chains[chain].from_block, tokens, history, live, time.monotonic)
        pause = min(LONGEST_LOOK_SECONDS, profiles[chain].block_time_seconds * LOOK_SHARE)
        name = f"read {profiles[chain].name}"
        service.threads.append(threading.Thread(target=_read, args=(service, reader, pause), name=name, daemon=True))
    return build_app(
        Sources(deployment, profiles, bridges, history, live, node, fill_policy=assembly.fill_policy),
        desk,
        further=routes,
    )


def _read(service: NodeService, reader: ChainReader, pause_seconds: float) -> None:
    """Read one chain until the node ends."""
    while not service.is_stopped:
        try:
            reader.look()
            service.wait(pause_seconds)
        except ZkLinkError as error:
            log.warning("a chain could not be read for the API: %s", redact(str(error)))
            service.wait(FAILED_LOOK_SECONDS)
