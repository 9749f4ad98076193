"""Starts jobs about one chain, at that chain's pace."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.dispatcher import Dispatcher
from zklink.node.parts import NodeConfig
from zklink.protocol.ids import ChainId

T = TypeVar("T")


class ChainJobs:
    """A dispatcher whose workers are named by kind and chain."""

    def __init__(self, dispatcher: Dispatcher, profiles: Mapping[ChainId, ChainProfile], config: NodeConfig) -> None:
        self._dispatcher, self._profiles, self._config = dispatcher, profiles, config

    def start(
        self,
        kind: str,
        chain: ChainId,
        job: Callable[[], T],
        done: Callable[[ChainId, T], bool],
        idle_seconds: float | None = None,
        seen: object = None,
    ) -> None:
        """Run a job unless this kind is busy on the chain or not due (see `Dispatcher.start`). By default an idle chain
        is asked again after a share of its block time.
        """
        profile = self._profiles[chain]
        pause = min(profile.block_time_seconds * self._config.idle_share, self._config.longest_idle_seconds)
        idle = pause if idle_seconds is None else idle_seconds
        self._dispatcher.start(f"{kind} {profile.name}", job, lambda result: done(chain, result), idle, seen)
