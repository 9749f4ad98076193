"""The fixture `lab_faults`, and what a failed test says: its faults, its story, and the seed that plays both again.

Takes the fixtures of the plugin; gives faults that strike in one test: now, by a plan, or drawn from the run's seed.
Registered by the plugin; it loads nothing of web3 before a test asks for it.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from zklink.lab.faults import Fault, FaultPlan
    from zklink.lab.machines import Run
    from zklink.lab.world import LabWorld


class LabFaults:
    """Faults in a test's world. From the first one on the world goes by rounds, beginning with 1, and transactions wait
    for them; what is deployed before is mined at once.
    """

    def __init__(self, world: "LabWorld", seed: int) -> None:
        from zklink.lab.faults import FaultPlan

        self.world, self.seed = world, seed
        self.plan: FaultPlan = FaultPlan()
        self._rounds = ExitStack()
        self._is_begun = False

    def strike(self, fault: "Fault") -> None:
        """Let one happen now. Raises what its `check` raises."""
        from zklink.lab.faults import FaultPlan

        self._begin()
        self.world.strike(fault)
        self.plan += FaultPlan.of((self.world.round_number, fault))

    def play(self, plan: "FaultPlan") -> None:
        """Let a plan's faults happen: its first round is the next one. Raises what `FaultPlan.check` raises."""
        from zklink.lab.faults import FaultPlan

        self._begin()
        plan.check(self.world)
        now = self.world.round_number
        moved = FaultPlan.of(*((now + each.at, each.fault) for each in plan.strikes))
        self.world.strikes += moved.strikes
        self.plan += moved

    def draw(self, kinds: "Sequence[type[Fault]] | None" = None, *, rounds: int = 6, most: int = 4) -> "FaultPlan":
        """Draw a plan of these kinds from the run's seed, for what the world has by now, and play it."""
        from zklink.lab.faults.strategies import draw_plan, plans

        plan = draw_plan(plans(self.world.places, kinds, rounds=rounds, most=most), self.seed)
        self.play(plan)
        return plan

    def close(self) -> None:
        """Transactions are mined at once again and nodes are well; clocks and halts go with the world."""
        self._rounds.close()

    def _begin(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._rounds.enter_context(self.world.by_rounds())


@pytest.fixture
def lab_faults(lab_world: "LabWorld", lab_run: "Run", request: pytest.FixtureRequest) -> Iterator[LabFaults]:
    """Faults in this test: `strike`, `play`, `draw`. With `--lab-depth N` the test runs under the next N seeds."""
    faults = LabFaults(lab_world, lab_run.seed + getattr(request, "param", 0))
    try:
        yield faults
    finally:
        faults.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    depth = int(metafunc.config.getoption("--lab-depth"))
    if "lab_faults" in metafunc.fixturenames and depth > 1:
        metafunc.parametrize("lab_faults", range(depth), indirect=True, ids=[f"faults{each}" for each in range(depth)])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if call.when != "call" or not report.failed or call.excinfo is None:
        return
    text = _tell(getattr(item, "funcargs", {}))
    # A hunt and a machine have told it themselves.
    if text and not any("The story:" in note for note in getattr(call.excinfo.value, "__notes__", ())):
        report.sections.append(("lab", text))


def _tell(given: dict[str, Any]) -> str:
    """The faults and the story of a test's world; nothing for a test without one, or with an empty one."""
    faults, world = given.get("lab_faults"), given.get("lab_world")
    if faults is not None:
        from zklink.lab.faults.hunt import tell_failure

        told = tell_failure(faults.plan, str(world.story) if world else "").lstrip()
        return f"{told}\nplay it again with --lab-seed={faults.seed}"
    return f"The story:\n{world.story}" if world is not None and world.story.lines else ""
