"""The chains of this system on one machine, with a client for each and the roles that act on them.

`open_world("revm")` is revm in this process, `"test"` py-evm in this process, `"anvil"` one process per chain, `"fork"`
a fork of each chain; see `zklink.lab.chains`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zklink.devnet.anvil_command import anvil_path
from zklink.devnet.devnet_chain import WorldChain, compute_spec
from zklink.devnet.profiles import PROFILES
from zklink.devnet.roles import Roles, default_roles
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.submission import SendPolicy
from zklink.lab.chains import Backend, LocalChains, open_chains
from zklink.protocol.ids import ChainId


@dataclass(slots=True)
class World(LocalChains[WorldChain]):
    """Connected chains, ascending by the protocol's ids."""

    roles: Roles = field(default_factory=default_roles)

    @property
    def clients(self) -> dict[ChainId, ChainClient]:
        """A client per chain."""
        return {chain.profile.chain_id: chain.client for chain in self}

    @property
    def profiles(self) -> tuple[ChainProfile, ...]:
        """The chains' profiles, ascending."""
        return tuple(chain.profile for chain in self)

    def __getitem__(self, chain_id: ChainId) -> WorldChain:
        """A chain by the protocol's id; KeyError if this world has none."""
        return {chain.profile.chain_id: chain for chain in self}[chain_id]

    def confirm(self) -> None:
        """Mine as many blocks on each chain as its confirmations ask for."""
        for chain in self:
            chain.mine(chain.profile.confirmations)


def open_world(
    backend: Backend = "test",
    profiles: Sequence[ChainProfile] = PROFILES,
    policy: SendPolicy | None = None,
    ports: Mapping[ChainId, int] | None = None,
) -> World:
    """Start and connect the chains; anvils listen on `ports`, by default on free ones. Raises AnvilFailed, PortTaken,
    WrongChain; if one fails, those that were started are ended.
    """
    ordered = sorted(profiles, key=lambda profile: profile.chain_id)
    specs = [compute_spec(profile, (ports or {}).get(profile.chain_id, 0)) for profile in ordered]
    chains = open_chains(backend, specs, anvil_path, stand_ins=True)
    try:
        members = [WorldChain.connect(chain, profile, policy) for chain, profile in zip(chains, ordered, strict=True)]
    except BaseException:
        chains.close()
        raise
    return World(backend, tuple(members))
