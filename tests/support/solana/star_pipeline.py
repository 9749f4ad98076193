"""The pipeline on a star with a Solana chain: each round makes a block on every chain, and slots on Solana."""

from dataclasses import dataclass

from tests.scenarios.pipeline import Pipeline, TestClock
from tests.solana.lossy_node import LossyNode
from tests.support.solana.star import SOLANA, SOLANA_PROFILE, KeyProver, SolanaStar
from zklink.lab.solana.chain import LocalSolana
from zklink.service.program_link import ProgramLink

SLOTS = 3
"""Slots of a round, and of a wait for a confirmation."""


@dataclass
class StarPipeline(Pipeline):
    """A node on the star."""

    @property
    def star(self) -> SolanaStar:
        """The deployed star."""
        assert isinstance(self.system, SolanaStar)
        return self.system

    @property
    def chain(self) -> LocalSolana:
        """The Solana chain."""
        return self.star.site.machine.chain  # type: ignore[attr-defined, no-any-return]

    def round(self, count: int = 1) -> None:
        for _ in range(count):
            super().round()
            self.chain.mine(SLOTS)


def open_pipeline(star: SolanaStar, has_broker: bool = False) -> StarPipeline:
    """A node on the star."""
    clock = TestClock()
    return StarPipeline(star, KeyProver(), has_broker=has_broker, clock=clock, programs={SOLANA: link(star, clock)})


def link(star: SolanaStar, clock: TestClock) -> ProgramLink:
    """The program as the node's keys reach it."""
    chain: LocalSolana = star.site.machine.chain  # type: ignore[attr-defined]
    return ProgramLink(
        SOLANA_PROFILE,
        star.deployment.programs[SOLANA],
        star.deployment.deployment_hash,
        lambda: LossyNode(chain).client(),
        star.site.writer,
        star.site.broker,
        pause=lambda seconds: chain.mine(SLOTS),
        clock=clock,
    )
