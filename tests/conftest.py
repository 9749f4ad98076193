"""Options and fixtures for all tests.

`ape test` runs on revm in process; `--chains test` runs the same tests on py-evm, which is the reference, `--chains
anvil` and `--chains fork` on real nodes. Tests that use chains take `world` (or `system`): all chains are set back
after each test.
"""

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from structlog.stdlib import ProcessorFormatter

from tests.support.chains import open_credulous_system, open_system
from tests.support.stale_builds import drop_stale_build
from tests.support.tries import FULL
from zklink.devnet.system import LocalSystem
from zklink.devnet.world import World, open_world
from zklink.lab.chains import BACKENDS, Backend

pytest_plugins = ["tests.support.engines", "tests.support.order"]

ROOT = Path(__file__).resolve().parents[1]

# Hypothesis mixes constants of the modules that happen to be loaded into its examples, so a derandomized property would
# see other examples in another process of the same run. It has no setting for that.
providers._get_local_constants = providers.Constants  # type: ignore[attr-defined]

COMMON = settings(
    deadline=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.register_profile("ci", COMMON, max_examples=FULL, derandomize=True, database=None)
settings.register_profile("dev", COMMON, max_examples=FULL // 10)
settings.register_profile("deep", COMMON, max_examples=10 * FULL)
settings.load_profile("ci")
"""`ci` tries what it tried yesterday: a property that holds here holds on every machine, and a mutant that is caught is
always caught. `--hypothesis-profile=dev` is a tenth of it, `deep` ten times as much; both look elsewhere every time.
"""


GARBAGE = 20_000, 20, 20
"""So many objects more than ended begin a search for garbage, so many searches one among older objects."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chains", choices=BACKENDS, default="revm", help="what the chains of the tests are made of")
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite", help="what nodes keep data in")
    parser.addoption("--slow", action="store_true", help="the long tests, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)


def pytest_collection_finish() -> None:
    """What was collected stays until the end: the search for garbage need not go through all of it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--coverage", default=False):
        # ape counts what it traces itself; here contracts are called through web3 and revm, so it always says 0.0 %.
        raise pytest.UsageError(
            "ape's --coverage sees nothing of these tests. `make coverage` reports what no test enters in Python; "
            "tests/properties and its mutants say what is tested of the contracts."
        )
    drop_stale_build(ROOT)
    # ape keeps contract types and process ids in the user's home otherwise.
    folder = Path(tempfile.mkdtemp(prefix="zklink-ape-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["APE_DATA_FOLDER"] = str(folder)
    import ape

    ape.config.DATA_FOLDER = folder


@pytest.hookimpl(wrapper=True)
def pytest_exception_interact(report: pytest.TestReport) -> Iterator[None]:
    """A failure looks as pytest makes it: ape would put in its place one with all locals of every frame."""
    made_by_pytest = report.longrepr
    yield
    report.longrepr = made_by_pytest


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that a test runs configures the logs of its process, which is this one."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if not isinstance(handler.formatter, ProcessorFormatter)]
    root.handlers += [handler for handler in before if handler not in root.handlers]


@pytest.fixture(scope="session")
def backend(pytestconfig: pytest.Config) -> Backend:
    """What the chains are made of in this run."""
    chosen: Backend = pytestconfig.getoption("--chains")
    return chosen


@pytest.fixture(scope="session")
def session_world(backend: Backend) -> Iterator[World]:
    """The four chains of the whole run; tests take `world`."""
    with open_world(backend) as world:
        yield world


@pytest.fixture
def world(session_world: World) -> Iterator[World]:
    """Four chains without contracts; what a test does on them is undone."""
    with session_world.isolated():
        yield session_world


@pytest.fixture(scope="session")
def session_system(backend: Backend) -> Iterator[LocalSystem]:
    """The whole system, deployed once by the product's own deployment code; tests take `system`."""
    with open_world(backend) as world:
        yield open_system(world)


@pytest.fixture
def system(session_system: LocalSystem) -> Iterator[LocalSystem]:
    """The deployed system on four chains; what a test does is undone."""
    with session_system.world.isolated():
        yield session_system


@pytest.fixture(scope="session")
def session_credulous(backend: Backend) -> Iterator[LocalSystem]:
    """The system with verifiers that believe everything, deployed once; tests take `credulous`."""
    with open_world(backend) as world:
        yield open_credulous_system(world)


@pytest.fixture
def credulous(session_credulous: LocalSystem) -> Iterator[LocalSystem]:
    """The deployed system with verifiers that believe everything; what a test does is undone."""
    with session_credulous.world.isolated():
        yield session_credulous
