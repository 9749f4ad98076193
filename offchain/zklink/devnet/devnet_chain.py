"""A local chain of the lab together with this system's client for it."""

from dataclasses import dataclass
from typing import Any, Self

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.submission import SendPolicy
from zklink.lab.chain import ChainSpec, LocalChain

GAS_LIMIT_ON_PY_EVM = 12_000_000
"""The gas limit of transactions on py-evm, which would estimate gas by trying a transaction some twenty times."""


@dataclass(slots=True, kw_only=True)
class WorldChain(LocalChain):
    """A chain of a World."""

    profile: ChainProfile
    client: ChainClient

    @classmethod
    def connect(cls, chain: LocalChain, profile: ChainProfile, policy: SendPolicy | None) -> Self:
        """Put a client before a chain of the lab. Raises WrongChain if it is not the profile's."""
        client = ChainClient(profile, chain.w3, policy, gas_limit=GAS_LIMIT_ON_PY_EVM if chain.is_py_evm else None)
        client.check_chain_id()
        return cls(
            spec=chain.spec,
            provider=chain.provider,
            processes=chain.processes,
            is_stand_in=chain.is_stand_in,
            profile=profile,
            client=client,
        )

    def restore(self, snapshot: Any) -> None:
        """Go back to a snapshot; chain and client forget the transactions in flight."""
        # Not super(): a class with slots is made anew by its decorator, and super() would look for the old one.
        LocalChain.restore(self, snapshot)
        self.client.forget_submissions()


def compute_spec(profile: ChainProfile, port: int = 0) -> ChainSpec:
    """A chain's profile in the lab's terms; an anvil listens on `port`, 0 is a free one."""
    facts = (profile.name, profile.evm_chain_id, profile.block_time_seconds)
    return ChainSpec(*facts, port, profile.native_symbol)
