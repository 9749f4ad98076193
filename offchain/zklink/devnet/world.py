"""Several chains at once: in process, as anvils, or as forks; all of them set back together.

`open_world("test")` is py-evm in this process, `"anvil"` one process per chain, `"fork"` ape's fork of each chain: of
the node in `<NAME>_RPC` (for example POLYGON_RPC), else of a local anvil with the chain's real id, which needs no
network.
"""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Literal

from web3 import Web3
from web3.middleware import ExtraDataToPOAMiddleware

from zklink.devnet import fast_pairing
from zklink.devnet.accounts import BALANCE_ETHER, Roles, default_roles
from zklink.devnet.anvil import AnvilProcess, put_on_path, start_anvil
from zklink.devnet.chain import LocalChain
from zklink.devnet.profiles import PROFILES
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.profile import ChainProfile
from zklink.l1.transport.submission import SendPolicy
from zklink.protocol.ids import ChainId

Backend = Literal["test", "anvil", "fork"]
BACKENDS: Final[tuple[Backend, ...]] = ("test", "anvil", "fork")

GAS_LIMIT_IN_PROCESS: Final = 12_000_000
"""py-evm estimates gas by trying a transaction some twenty times; in process a fixed limit is used instead."""


@dataclass(slots=True)
class World:
    """Connected chains by id, with the same funded accounts on each."""

    backend: Backend
    chains: dict[ChainId, LocalChain]
    roles: Roles = field(default_factory=default_roles)

    @property
    def clients(self) -> dict[ChainId, ChainClient]:
        """A client per chain."""
        return {chain_id: chain.client for chain_id, chain in self.chains.items()}

    @property
    def profiles(self) -> tuple[ChainProfile, ...]:
        """The chains' profiles, ascending."""
        return tuple(chain.profile for chain in self.chains.values())

    def __getitem__(self, chain_id: ChainId) -> LocalChain:
        return self.chains[chain_id]

    def __iter__(self) -> Iterator[LocalChain]:
        return iter(self.chains.values())

    def __len__(self) -> int:
        return len(self.chains)

    def by_name(self, name: str) -> LocalChain:
        """A chain by its name; KeyError if this world has none."""
        return {chain.profile.name: chain for chain in self}[name]

    def snapshot(self) -> dict[ChainId, Any]:
        """Remember all chains; for one `restore`."""
        return {chain_id: chain.snapshot() for chain_id, chain in self.chains.items()}

    def restore(self, snapshot: dict[ChainId, Any]) -> None:
        """Set all chains back. Every chain is tried, also when one fails; the failures are raised together."""
        failures: list[Exception] = []
        for chain_id, chain in self.chains.items():
            try:
                chain.restore(snapshot[chain_id])
            except Exception as error:
                failures.append(error)
        if failures:
            raise ExceptionGroup("some chains could not be set back", failures)

    @contextlib.contextmanager
    def isolated(self) -> Iterator["World"]:
        """What happens inside leaves no trace on any chain; exceptions pass through."""
        snapshot = self.snapshot()
        try:
            yield self
        finally:
            self.restore(snapshot)

    def mine(self, blocks: int = 1) -> None:
        """Mine on every chain."""
        for chain in self:
            chain.mine(blocks)

    def confirm(self) -> None:
        """Mine as many blocks on each chain as its confirmations ask for."""
        for chain in self:
            chain.mine(chain.profile.confirmations)

    def advance_time(self, seconds: int) -> None:
        """Let time pass on every chain."""
        for chain in self:
            chain.advance_time(seconds)

    def start_clocks(self) -> None:
        """Let every anvil mine at its chain's block time."""
        for chain in self:
            chain.start_clock()

    def stop_clocks(self) -> None:
        """Back to a block per transaction."""
        for chain in self:
            chain.stop_clock()

    def close(self) -> None:
        """End everything that was started."""
        for chain in self:
            chain.close()

    def __enter__(self) -> "World":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_world(
    backend: Backend = "test", profiles: Sequence[ChainProfile] = PROFILES, policy: SendPolicy | None = None
) -> World:
    """Start and connect the chains. Raises AnvilFailed, WrongChain; what was started is ended when one fails."""
    _repair_chain_ids()
    opener = _OPENERS[backend]
    chains: dict[ChainId, LocalChain] = {}
    try:
        for profile in sorted(profiles, key=lambda profile: profile.chain_id):
            chain = opener(profile, policy)
            chains[profile.chain_id] = chain
            chain.client.check_chain_id()
    except BaseException:
        for chain in chains.values():
            chain.close()
        raise
    return World(backend, chains)


def _open_in_process(profile: ChainProfile, policy: SendPolicy | None) -> LocalChain:
    from ape import networks

    fast_pairing.install()
    provider = networks.get_ecosystem(profile.name).local.get_provider(
        "test", provider_settings={"chain_id": profile.evm_chain_id}
    )
    provider.connect()
    w3 = _web3(provider)
    # A caller for reads: otherwise web3 lists all accounts three times per call to guess one, half of the call's time.
    w3.eth.default_account = default_roles().stranger.address
    client = ChainClient(profile, w3, policy, gas_limit=GAS_LIMIT_IN_PROCESS)
    return LocalChain(profile, client, provider)


def _open_anvil(profile: ChainProfile, policy: SendPolicy | None) -> LocalChain:
    from ape import networks

    process = start_anvil(profile.name, profile.evm_chain_id)
    try:
        provider = networks.get_ecosystem(profile.name).local.get_provider(
            "foundry", provider_settings={"host": process.url}
        )
        provider.connect()
    except BaseException:
        process.stop()
        raise
    return LocalChain(profile, ChainClient(profile, _web3(provider), policy), provider, [process])


def _open_fork(profile: ChainProfile, policy: SendPolicy | None) -> LocalChain:
    from ape import networks

    put_on_path()
    processes: list[AnvilProcess] = []
    url = os.environ.get(f"{profile.name.upper()}_RPC")
    if not url:
        processes.append(start_anvil(profile.name, profile.evm_chain_id))
        url = processes[0].url
    try:
        provider = (
            networks.get_ecosystem(profile.name)
            .get_network("mainnet-fork")
            .get_provider(
                "foundry",
                provider_settings={"host": "auto", "fork": {profile.name: {"mainnet": {"upstream_provider": url}}}},
            )
        )
        provider.connect()
    except BaseException:
        for process in processes:
            process.stop()
        raise
    chain = LocalChain(profile, ChainClient(profile, _web3(provider), policy), provider, processes)
    for account in default_roles().funded():
        # On live chains somebody has put code at the test mnemonic's addresses.
        chain.rpc("anvil_setCode", account.address, "0x")
        chain.set_balance(account.address, BALANCE_ETHER * 10**18)
    return chain


_OPENERS: Final[dict[Backend, Callable[[ChainProfile, SendPolicy | None], LocalChain]]] = {
    "test": _open_in_process,
    "anvil": _open_anvil,
    "fork": _open_fork,
}


def _web3(provider: Any) -> Web3:
    w3: Web3 = provider.web3
    if ExtraDataToPOAMiddleware not in w3.middleware_onion:
        # Polygon and BSC headers carry more extra data than Ethereum's format allows.
        w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return w3


def _repair_chain_ids() -> None:
    """ape caches chain ids by the network's name alone ("local:test"), whatever the ecosystem: tell chains apart."""
    from ape.managers.chain import ChainIdCache

    def key_for(provider: Any) -> str:
        return f"{provider.network_choice}:{getattr(provider, 'connection_id', '')}"

    vars_of_class: Any = ChainIdCache
    vars_of_class.key_for = staticmethod(key_for)
