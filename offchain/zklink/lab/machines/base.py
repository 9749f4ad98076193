"""The base class of machines over the laboratory's chains: a world, actors, rounds that pass, and what goes wrong.

Takes a world; adds to a machine on any stage what every world has.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, ClassVar, Final, Self

from hypothesis import strategies as st

from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import open_chains
from zklink.lab.errors import MachineUnusable
from zklink.lab.faults.base import Fault
from zklink.lab.faults.strategies import faults
from zklink.lab.machines.staged import StagedMachine
from zklink.lab.machines.steps import step
from zklink.lab.story import Story
from zklink.lab.world import LabWorld

MOST_ROUNDS_AT_ONCE: Final = 3
LAST_ROUNDS: Final = 20


class Machine(StagedMachine):
    """Subclass it: `specs` are its chains, `deploy` what is there at first, steps and invariants are marked methods.

    `actors` are names of funded accounts. `round_weight` is how often rounds pass, `fault_weight` how often something
    goes wrong, of `fault_kinds` (all by default). `examples` and `most_steps` are how much is played.
    """

    specs: ClassVar[tuple[ChainSpec, ...]] = ()
    actors: ClassVar[tuple[str, ...]] = ("alice", "bob", "carol")
    fault_kinds: ClassVar[Sequence[type[Fault]] | None] = None
    round_weight: int = 2
    fault_weight: int = 0

    def __init__(self, world: LabWorld) -> None:
        super().__init__(world)
        self.world = world
        for name in self.actors:
            world.name(self.address(name), name)

    @classmethod
    @contextmanager
    def opened(cls, backend: Any, find_anvil: Any, stage: LabWorld | None) -> Iterator[Self]:
        """On the world that was given, which is set back at the end, or on one of the machine's own chains."""
        with ExitStack() as stack:
            if stage is None:
                stage = stack.enter_context(LabWorld(open_chains(backend, cls.specs, find_anvil)))
            else:
                stack.enter_context(stage.isolated())
            yield cls(stage)

    @classmethod
    def check_class(cls, stage: Any) -> None:
        """Whether it can be played at all. Raises MachineUnusable."""
        if stage is None and not cls.specs:
            raise MachineUnusable(cls.__name__, "has no chains: give its `specs` one ChainSpec at least")
        super().check_class(stage)

    @property
    def story(self) -> Story:
        """The world's, of this example."""
        return self.world.story

    @contextmanager
    def _by_rounds(self) -> Iterator[None]:
        with self.world.isolated(), self.world.by_rounds():
            yield

    def isolated(self) -> AbstractContextManager[Any]:
        """A block of code in which rounds begin, and after which the world is as before."""
        return self._by_rounds()

    def finish(self) -> None:
        """At the end of each example, before the invariants are checked for the last time: what is under way arrives,
        if it does within LAST_ROUNDS.
        """
        for _ in range(LAST_ROUNDS):
            if self.world.is_idle():
                break
            self.world.round()

    # -- for steps -----------------------------------------------------------------------------------------------

    def actor(self, name: str = "who") -> str:
        """One of the actors."""
        return self.draw(st.sampled_from(self.actors), name)

    def address(self, actor: str) -> str:
        """An actor's account, which every chain signs for."""
        return str(funded_account(self.actors.index(actor)).address)

    @step(weight="round_weight")
    def rounds_pass(self) -> None:
        """Some rounds."""
        self.world.round(self.number("rounds", 1, MOST_ROUNDS_AT_ONCE))

    @step(weight="fault_weight")
    def something_goes_wrong(self) -> None:
        """Some fault that is possible here strikes now."""
        self.world.strike(self.draw(faults(self.world.places, self.fault_kinds), "fault"))
