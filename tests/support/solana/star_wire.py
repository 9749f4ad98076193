"""The client's wire to a star with a Solana chain, whose node is reached like the others."""

from collections.abc import Callable
from typing import Any

from tests.api.scene import Scene
from tests.client.wire import Wire
from tests.support.solana.star_pipeline import StarPipeline
from zklink.lab.rpc_proxy import RpcProxy


class StarWire(Wire):
    """A transport that knows the Solana chain's node too."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        assert isinstance(scene.pipeline, StarPipeline)
        self._nodes["solana"] = RpcProxy(_ask(scene.pipeline))


def _ask(pipeline: StarPipeline) -> Callable[[str, Any], Any]:
    return lambda method, params: pipeline.chain.node.answer(method, list(params))
