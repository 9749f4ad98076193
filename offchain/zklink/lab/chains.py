"""Several local chains at once: in process, as anvils, or as forks; all of them set back together.

`open_chains("revm", ..)` is revm in this process, `"test"` py-evm in this process, `"anvil"` one process per chain,
`"fork"` a fork of each chain: of the node in `<NAME>_RPC` (for example POLYGON_RPC), or, where the caller asks for
`stand_ins`, of a local anvil with the chain's id and nothing on it, which needs no network. Where ape knows the live
chain, the fork is ape's own, so that ape's tools see it as one.
Never sends anything to a live chain: a fork only reads it.
"""

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, Self, TypeVar, Union, overload

from web3 import HTTPProvider, Web3
from web3.middleware import ExtraDataToPOAMiddleware

from zklink.lab.accounts import ACCOUNT_COUNT, BALANCE_ETHER, funded_account, funded_accounts
from zklink.lab.anvil import AnvilProcess, anvil_on_path, put_on_path, start_anvil
from zklink.lab.chain import ChainSpec, LocalChain
from zklink.lab.errors import ForkElsewhere, ForkUnnamed, ForkUnreachable, NoSuchBackend, NoSuchChain, SoldersMissing
from zklink.lab.kinds import EVM, LITESVM, SURFNET
from zklink.lab.specs import check_specs

if TYPE_CHECKING:
    from zklink.lab.solana.base import SolanaChain, SolanaSpec

Backend = Literal["revm", "test", "anvil", "fork"]
BACKENDS: Final[tuple[Backend, ...]] = ("revm", "test", "anvil", "fork")
IN_PROCESS: Final[tuple[Backend, ...]] = ("revm", "test")
"""Those that end with this process, and that no other program reaches."""

SOLANA_BACKENDS: Final = (LITESVM, SURFNET, "fork")
"""What a Solana chain can run on."""

Spec = Union[ChainSpec, "SolanaSpec"]
"""A chain of either kind."""

AnvilFinder = Callable[[], Path]
"""Gives anvil's binary; asked only by the back ends that need one."""

UPSTREAM_SECONDS: Final = 10.0
"""Seconds that the node under a fork may take to name its chain."""

Chain = TypeVar("Chain", bound=LocalChain)


@dataclass(slots=True)
class LocalChains(Generic[Chain]):
    """Connected chains in the order in which they were asked for, with the same funded accounts on each."""

    backend: Backend
    members: tuple[Chain, ...]

    def __iter__(self) -> Iterator[Chain]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def by_name(self, name: str) -> Chain:
        """A chain by its name. Raises NoSuchChain."""
        for chain in self.members:
            if chain.name == name:
                return chain
        raise NoSuchChain(name, tuple(chain.name for chain in self.members))

    def snapshot(self) -> tuple[Any, ...]:
        """Remember all chains; for one `restore`."""
        return tuple(chain.snapshot() for chain in self.members)

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Set all chains back. Every chain is tried, also when one fails; the failures are raised together."""
        failures: list[Exception] = []
        for chain, remembered in zip(self.members, snapshot, strict=True):
            try:
                chain.restore(remembered)
            except Exception as error:
                failures.append(error)
        if failures:
            raise ExceptionGroup("some chains could not be set back", failures)

    @contextlib.contextmanager
    def isolated(self) -> Iterator[Self]:
        """A block of code after which every chain is as before; exceptions pass through."""
        snapshot = self.snapshot()
        try:
            yield self
        finally:
            self.restore(snapshot)

    def mine(self, blocks: int = 1) -> None:
        """Mine on every chain."""
        for chain in self.members:
            chain.mine(blocks)

    def advance_time(self, seconds: int) -> None:
        """Let time pass on every chain, in one block."""
        for chain in self.members:
            chain.advance_time(seconds)

    def start_clocks(self) -> None:
        """Let every anvil mine at its chain's block time."""
        for chain in self.members:
            chain.start_clock()

    def stop_clocks(self) -> None:
        """Back to a block per transaction."""
        for chain in self.members:
            chain.stop_clock()

    def close(self) -> None:
        """End every process that was started."""
        for chain in self.members:
            chain.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@overload
def open_chains(
    backend: Backend, specs: Sequence[ChainSpec], find_anvil: AnvilFinder = ..., *, stand_ins: bool = ...
) -> LocalChains[LocalChain]: ...


@overload
def open_chains(
    backend: Backend, specs: Sequence[Spec], find_anvil: AnvilFinder = ..., *, stand_ins: bool = ...
) -> LocalChains[Any]: ...


def open_chains(
    backend: Backend,
    specs: Sequence[Any],
    find_anvil: AnvilFinder = anvil_on_path,
    *,
    stand_ins: bool = False,
) -> LocalChains[Any]:
    """Start and connect the chains. With `stand_ins`, a fork without a node stands on an empty local chain. What a
    Solana chain runs on stands in its `SolanaSpec`, whatever the back end of the others. Raises SpecUnusable,
    NoSuchBackend, PyrevmMissing, SoldersMissing, AnvilFailed, AnvilMissing, PortTaken, SurfnetFailed,
    PackageUnavailable, ForkUnnamed, ForkUnreachable, ForkElsewhere, ClusterElsewhere; if one fails, those that were
    started are ended.
    """
    if backend not in _OPENERS:
        raise NoSuchBackend(backend, BACKENDS)
    check_specs(specs)
    for spec in specs:
        on = backend if spec.kind == EVM else spec.runs_on
        if on not in (BACKENDS if spec.kind == EVM else SOLANA_BACKENDS):
            raise NoSuchBackend(on, SOLANA_BACKENDS)
        if on == "fork" and not stand_ins and fork_url(spec.name) is None:
            raise ForkUnnamed(spec.name, _fork_variable(spec.name))
    _repair_chain_ids()
    opener = _OPENERS[backend]
    opened: list[Any] = []
    try:
        for spec in specs:
            opened.append(opener(spec, find_anvil) if spec.kind == EVM else _open_solana(spec))
    except BaseException:
        for chain in opened:
            chain.close()
        raise
    return LocalChains(backend, tuple(opened))


def fork_url(name: str) -> str | None:
    """The node that a fork of this chain stands on, as the environment gives it; None means a stand-in."""
    return os.environ.get(_fork_variable(name)) or None


def describe_backend(backend: Backend, names: Iterable[str]) -> str:
    """One line about the chains of a run; it names the forks that are stand-ins."""
    if backend != "fork":
        return {"revm": "in process (revm)", "test": "in process (py-evm)", "anvil": "one anvil per chain"}[backend]
    missing = [name for name in names if fork_url(name) is None]
    if not missing:
        return "forks of live chains"
    variables = ", ".join(_fork_variable(name) for name in missing)
    return f"forks; {', '.join(missing)}: an empty local stand-in, not the live chain (set {variables})"


def _fork_variable(name: str) -> str:
    return name.upper().replace("-", "_") + "_RPC"


def _open_solana(spec: "SolanaSpec") -> "SolanaChain":
    if spec.runs_on == LITESVM:
        try:
            from zklink.lab.solana.chain import LocalSolana
        except ModuleNotFoundError as error:
            raise SoldersMissing from error
        return LocalSolana(spec)
    # Not above: the other ways need neither node nor npm.
    from zklink.lab.solana.surfnet import open_fork, open_surfnet

    if spec.runs_on == SURFNET:
        return open_surfnet(spec)
    return open_fork(spec, fork_url(spec.name), _fork_variable(spec.name))


def _open_revm(spec: ChainSpec, find_anvil: AnvilFinder) -> LocalChain:
    # Not above: a run on other chains needs no pyrevm.
    from zklink.lab.revm.ape_provider import RevmProvider

    settings = {"chain_id": spec.evm_chain_id}
    return _connect(spec, RevmProvider(network=_ecosystem(spec).local, provider_settings=settings))


def _open_py_evm(spec: ChainSpec, find_anvil: AnvilFinder) -> LocalChain:
    # Not above: a run on anvils does not need py-evm's curves.
    from zklink.lab import fast_pairing

    fast_pairing.install()
    settings = {"chain_id": spec.evm_chain_id}
    chain = _connect(spec, _ecosystem(spec).local.get_provider("test", provider_settings=settings))
    # A caller for reads: otherwise web3 lists all accounts three times per call to guess one, half of the call's time.
    chain.w3.eth.default_account = funded_account(ACCOUNT_COUNT - 1).address
    return chain


def _open_anvil(spec: ChainSpec, find_anvil: AnvilFinder) -> LocalChain:
    process = start_anvil(find_anvil(), spec.name, spec.evm_chain_id, port=spec.port)
    try:
        return _connect(spec, _local_node(spec, process.url), process)
    except BaseException:
        process.stop()
        raise


def _open_fork(spec: ChainSpec, find_anvil: AnvilFinder) -> LocalChain:
    binary, url = find_anvil(), fork_url(spec.name)
    processes: list[AnvilProcess] = []
    if url is not None:
        _check_upstream(spec, url)
    else:
        processes.append(start_anvil(binary, spec.name, spec.evm_chain_id))
    upstream = url or processes[0].url
    try:
        if _is_known_to_ape(spec):
            put_on_path(binary)
            provider = _apes_fork(spec, upstream)
        else:
            processes.append(start_anvil(binary, spec.name, spec.evm_chain_id, "--fork-url", upstream))
            provider = _local_node(spec, processes[-1].url)
        chain = _connect(spec, provider, *processes, is_stand_in=url is None)
        for account in funded_accounts():
            # On live chains somebody has put code at the test mnemonic's addresses.
            chain.rpc("anvil_setCode", account.address, "0x")
            chain.set_balance(account.address, BALANCE_ETHER * 10**18)
    except BaseException:
        for process in processes:
            process.stop()
        raise
    return chain


_OPENERS: Final[dict[Backend, Callable[[ChainSpec, AnvilFinder], LocalChain]]] = {
    "revm": _open_revm,
    "test": _open_py_evm,
    "anvil": _open_anvil,
    "fork": _open_fork,
}


def _local_node(spec: ChainSpec, url: str) -> Any:
    return _ecosystem(spec).local.get_provider("foundry", provider_settings={"host": url})


def _check_upstream(spec: ChainSpec, url: str) -> None:
    """ForkUnreachable, ForkElsewhere. Anvil itself would report the first after twenty seconds, and the second
    never.
    """
    provider = HTTPProvider(url, request_kwargs={"timeout": UPSTREAM_SECONDS}, exception_retry_configuration=None)
    try:
        found = Web3(provider).eth.chain_id
    except Exception as error:
        raise ForkUnreachable(spec.name, _fork_variable(spec.name), type(error).__name__) from None
    if found != spec.evm_chain_id:
        raise ForkElsewhere(spec.name, _fork_variable(spec.name), spec.evm_chain_id, found)


def _apes_fork(spec: ChainSpec, upstream: str) -> Any:
    ecosystem = _ecosystem(spec)
    fork = {ecosystem.name: {"mainnet": {"upstream_provider": upstream}}}
    return ecosystem.get_network("mainnet-fork").get_provider(
        "foundry", provider_settings={"host": "auto", "fork": fork}
    )


def _connect(spec: ChainSpec, provider: Any, *processes: AnvilProcess, is_stand_in: bool = False) -> LocalChain:
    provider.connect()
    w3 = provider.web3
    if ExtraDataToPOAMiddleware not in w3.middleware_onion:
        # Polygon and BSC headers carry more extra data than Ethereum's format allows.
        w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return LocalChain(spec, provider, processes, is_stand_in)


def _is_known_to_ape(spec: ChainSpec) -> bool:
    """Whether ape has the live chain of this name and id; only then may its own fork network stand on it."""
    from ape import networks

    return spec.name in networks.ecosystems and bool(_ecosystem(spec).mainnet.chain_id == spec.evm_chain_id)


def _ecosystem(spec: ChainSpec) -> Any:
    """ape's plugin for the chain; Ethereum's where it has none of that name."""
    from ape import networks

    return networks.get_ecosystem(spec.name if spec.name in networks.ecosystems else "ethereum")


def _repair_chain_ids() -> None:
    """ape caches chain ids by the network's name alone ("local:test"), whatever the ecosystem: tell chains apart."""
    from ape.managers.chain import ChainIdCache

    def key_for(provider: Any) -> str:
        return f"{provider.network_choice}:{getattr(provider, 'connection_id', '')}"

    vars_of_class: Any = ChainIdCache
    vars_of_class.key_for = staticmethod(key_for)
