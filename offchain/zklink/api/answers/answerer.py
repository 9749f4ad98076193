"""How one method is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zklink.api.sources import Sources
from zklink.schema.api.scalars import Answer


@dataclass(frozen=True, slots=True)
class Answerer:
    """Takes the sources and a request; gives the answer or raises RequestRefused. `on_node`: it looks at the state of
    the node, so only the node's thread may run it, and only once the node is ready. `asks_chains`: it waits for chains,
    so a thread of its own runs it.
    """

    function: Callable[[Sources, Any], Answer]
    on_node: bool = False
    asks_chains: bool = False
