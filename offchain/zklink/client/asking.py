"""One question to a chain's node, asked until there is an answer."""

from collections.abc import Awaitable, Callable
from typing import Any

from zklink.client.patience import Patience
from zklink.client.transport import Transport, name_host
from zklink.protocol.errors import NodeUnreachable, RpcUnavailable


async def ask_until_answered(
    transport: Transport, chain: str, url: str, method: str, seconds: float, ask_once: Callable[[], Awaitable[Any]]
) -> Any:
    """What `ask_once` gives, tried for so many seconds while the node is unreachable. Raises RpcUnavailable, and what
    else `ask_once` does.
    """
    patience, attempts = Patience(transport, seconds), 0
    while True:
        attempts += 1
        try:
            return await ask_once()
        except NodeUnreachable as error:
            detail = error.detail
        if not await patience.pause():
            raise RpcUnavailable(chain, method, attempts, f"{name_host(url)}: {detail}")
