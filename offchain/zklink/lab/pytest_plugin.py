"""The pytest plugin: options, fixtures and the header line of the laboratory.

Takes the run's options; gives chains, worlds, hunts and runs of machines that follow them. It loads nothing of web3,
ape or revm before a test asks for chains.
"""

import secrets
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from zklink.lab.chain import ChainSpec, LocalChain
    from zklink.lab.chains import LocalChains
    from zklink.lab.machines import Machine, Run
    from zklink.lab.world import LabWorld

BACKENDS: Final = {
    "revm": "revm, in this process",
    "test": "py-evm, in this process",
    "anvil": "one anvil per chain",
    "fork": "forks of live chains",
}
RANDOM: Final = "random"
PAGE: Final = Path(".lab-coverage.html")
CRASHES: Final = Path(".lab-crashes")
MARK: Final = "lab_machine"
_SEED: Final = pytest.StashKey[int]()
_APE: Final = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lab", "zklink.lab: several chains, and what goes wrong on and between them")
    group.addoption("--lab-chains", default="revm", metavar="KIND", help=f"{', '.join(BACKENDS)}; default revm")
    group.addoption("--lab-seed", default="0", metavar="N", help=f"the seed of faults and machines, or {RANDOM!r}")
    group.addoption("--lab-depth", default="1", metavar="N", help="so many times as many examples")
    group.addoption("--lab-replay", default=None, metavar="FILE", help="play only this saved crash of a machine")
    group.addoption("--lab-gas", action="store_true", help="tables of the gas that tests pay on revm (one process)")
    group.addoption("--lab-gas-file", default=None, metavar="FILE", help="write the gas of each test there, as JSON")
    group.addoption("--lab-gas-functions", default=None, metavar="FILE", help="write the most that each function costs")
    group.addoption("--lab-coverage", action="store_true", help="which statements of contracts tests run on revm")
    group.addoption(
        "--lab-coverage-page", default=str(PAGE), metavar="FILE", help=f"the same in colour; default {PAGE}"
    )
    group.addoption("--lab-promise", default=None, metavar="ID", help="only tests that carry @upholds of this promise")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"{MARK}(name): a machine of zklink.lab")
    kind = config.getoption("--lab-chains")
    if kind not in BACKENDS:
        raise pytest.UsageError(f"--lab-chains is one of {', '.join(BACKENDS)}, not {kind}")
    seed = config.getoption("--lab-seed")
    config.stash[_SEED] = secrets.randbelow(2**32) if seed == RANDOM else _read_number("--lab-seed", seed, 0)
    _read_number("--lab-depth", config.getoption("--lab-depth"), 1)
    if (replay := config.getoption("--lab-replay")) is not None:
        _read_replay(Path(replay))
    for option in ("--lab-gas", "--lab-gas-file", "--lab-gas-functions", "--lab-coverage"):
        if config.getoption(option) and kind != "revm":
            raise pytest.UsageError(f"{option} sees what runs on revm, not on {kind}: leave --lab-chains out")
    if any(config.getoption(option) for option in ("--lab-gas", "--lab-gas-file", "--lab-gas-functions")):
        config.pluginmanager.register(_count_gas(config), "zklink-lab-gas")
    if config.getoption("--lab-coverage") and "--help" not in config.invocation_params.args:
        config.pluginmanager.register(_cover(config), "zklink-lab-coverage")
    from zklink.lab import pytest_faults

    config.pluginmanager.register(pytest_faults, "zklink-lab-faults")
    config.stash[_APE] = _is_ape_here(config) and _give_ape_revm(config)


def _count_gas(config: pytest.Config) -> object:
    from zklink.lab.pytest_gas import GasPlugin

    given = (config.getoption(option) for option in ("--lab-gas-file", "--lab-gas-functions"))
    tests, functions = (None if file is None else Path(file) for file in given)
    return GasPlugin(config.getoption("--lab-gas"), tests, functions)


def _cover(config: pytest.Config) -> object:
    from zklink.lab.pytest_coverage import CoveragePlugin

    return CoveragePlugin(config.rootpath, config.rootpath / config.getoption("--lab-coverage-page"))


def _is_ape_here(config: pytest.Config) -> bool:
    """Whether ape runs tests here, and they can run on revm."""
    is_help = "--help" in config.invocation_params.args
    return config.pluginmanager.hasplugin("ape_test") and not is_help and find_spec("pyrevm") is not None


def _give_ape_revm(config: pytest.Config) -> bool:
    """Give ape the provider; whether it is the one that runs because nobody has named another."""
    from zklink.lab.ape_plugin import make_default, register

    register()
    return not config.getoption("--network", default=None) and make_default(config.rootpath)


def pytest_report_header(config: pytest.Config) -> str:
    line = f"lab: chains are {BACKENDS[config.getoption('--lab-chains')]}; --lab-seed={config.stash[_SEED]}"
    replay = config.getoption("--lab-replay")
    line = f"{line}; ape's chain is revm" if config.stash[_APE] else line
    return f"{line}; only the crash in {replay}" if replay else line


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    promise, replay = config.getoption("--lab-promise"), config.getoption("--lab-replay")
    if promise is not None:
        _keep_upholding(promise, config, items)
    if replay is None:
        return
    name = _read_replay(Path(replay))
    chosen = [item for item in items if (mark := item.get_closest_marker(MARK)) and mark.args == (name,)]
    if not chosen:
        raise pytest.UsageError(f"{replay} is of the machine {name}, which none of these tests runs")
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen[:1]])
    items[:] = chosen[:1]


def machine_test(machine: "type[Machine]", shards: int = 1) -> Callable[..., None]:
    """A test that runs a machine: `test_bridge = machine_test(BridgeMachine)`. With `shards` it is that many tests with
    seeds of their own, which `pytest -n` plays in many processes.
    """

    @pytest.mark.lab_machine(machine.__name__)
    @pytest.mark.parametrize("shard", range(shards), ids=lambda number: f"shard{number}")
    def test(lab_run: "Run", shard: int) -> None:
        from dataclasses import replace

        from zklink.lab.errors import OPENING_ERRORS, StepsNeverDone
        from zklink.lab.machines import run_machine

        try:
            run_machine(machine, replace(lab_run, seed=lab_run.seed + shard))
        except (*OPENING_ERRORS, StepsNeverDone) as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None

    return test


@pytest.fixture(scope="session")
def lab_seed(pytestconfig: pytest.Config) -> int:
    """The run's seed."""
    return pytestconfig.stash[_SEED]


@pytest.fixture(scope="session")
def lab_run(pytestconfig: pytest.Config) -> "Run":
    """How machines are run: as the options say."""
    from zklink.lab.machines import Run

    replay = pytestconfig.getoption("--lab-replay")
    return Run(
        pytestconfig.getoption("--lab-chains"),
        pytestconfig.stash[_SEED],
        int(pytestconfig.getoption("--lab-depth")),
        pytestconfig.rootpath / CRASHES,
        None if replay is None else Path(replay),
    )


@pytest.fixture(scope="session")
def lab_specs() -> "tuple[ChainSpec, ...]":
    """The chains of `lab_chains` and `lab_world`; write a fixture of this name to have others."""
    from zklink.lab.chain import ChainSpec

    return (ChainSpec("left", 31_001, 2.0), ChainSpec("right", 31_002, 2.0))


@pytest.fixture(scope="session")
def lab_session_chains(
    pytestconfig: pytest.Config, lab_specs: "tuple[ChainSpec, ...]"
) -> "Iterator[LocalChains[LocalChain]]":
    """The chains of the whole run; tests take `lab_chains` or `lab_world`."""
    from zklink.lab.chains import open_chains
    from zklink.lab.errors import LabError

    try:
        chains = open_chains(pytestconfig.getoption("--lab-chains"), lab_specs)
    except LabError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    with chains:
        yield chains


@pytest.fixture
def lab_chains(lab_session_chains: "LocalChains[LocalChain]") -> "Iterator[LocalChains[LocalChain]]":
    """Chains; what a test does on them is undone."""
    with lab_session_chains.isolated():
        yield lab_session_chains


@pytest.fixture
def lab_world(lab_chains: "LocalChains[LocalChain]") -> "LabWorld":
    """A world of the chains: rounds, a courier, faults. What a test does in it is undone."""
    from zklink.lab.world import LabWorld

    return LabWorld(lab_chains)


@pytest.fixture
def lab_hunt(lab_world: "LabWorld", lab_run: "Run") -> Callable[..., None]:
    """`hunt` in this world with the run's seed: `lab_hunt(play)`."""
    from zklink.lab.faults.hunt import hunt

    def hunt_here(play: Any, plans: Any = None, examples: int = 100) -> None:
        partial(hunt, lab_world, play, plans)(examples=examples * lab_run.depth, seed=lab_run.seed)

    return hunt_here


def _keep_upholding(promise: str, config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = [item for item in items if promise in _list_upheld(item)]
    if not chosen:
        raise pytest.UsageError(f"none of these tests upholds {promise}")
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def _list_upheld(item: pytest.Item) -> set[str]:
    """The ids on a test's function and on the classes around it."""
    from zklink.lab.promises import get_upheld

    return {name for part in ("function", "cls") for name in get_upheld(getattr(item, part, None))}


def _read_number(option: str, text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        also = f" or {RANDOM!r}" if option == "--lab-seed" else ""
        raise pytest.UsageError(f"{option} is a whole number from {least} on{also}, not {text!r}")
    return int(text)


def _read_replay(file: Path) -> str:
    from zklink.lab.errors import ReplayUnusable
    from zklink.lab.machines.saved import read_crash

    try:
        return read_crash(file).machine
    except ReplayUnusable as error:
        raise pytest.UsageError(str(error)) from None
