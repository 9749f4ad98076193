"""The misbehaving nodes that a world has put before its chains, and until when each is sick.

Takes chains; gives nodes and their switches. Never asks a chain anything.
"""

from typing import TYPE_CHECKING

from web3 import Web3

from zklink.lab.chain import LocalChain
from zklink.lab.rpc_proxy import FaultyRpc, RpcProxy, put_before

if TYPE_CHECKING:
    from zklink.lab.solana.base import SolanaChain
    from zklink.lab.solana.proxy import SolanaProxy


class Nodes:
    """One node a chain, made when it is first asked for."""

    def __init__(self) -> None:
        self._evm: dict[str, tuple[Web3, RpcProxy]] = {}
        self._solana: dict[str, SolanaProxy] = {}
        self._sick_until: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The chains that have one."""
        return (*self._evm, *self._solana)

    def evm(self, chain: LocalChain) -> tuple[Web3, RpcProxy]:
        """That of an EVM chain, and its switches."""
        if chain.name not in self._evm:
            self._evm[chain.name] = put_before(chain.w3)
        return self._evm[chain.name]

    def solana(self, chain: "SolanaChain") -> "SolanaProxy":
        """That of a Solana chain, which is its own switches."""
        if chain.name not in self._solana:
            self._solana[chain.name] = chain.put_before()
        return self._solana[chain.name]

    def switches(self, name: str) -> FaultyRpc:
        """What makes a node misbehave, that there is already."""
        return self._solana[name] if name in self._solana else self._evm[name][1]

    def fall_sick(self, name: str, until: int) -> None:
        """It heals after this round."""
        self._sick_until[name] = until

    def begin_round(self, number: int) -> None:
        """Limits on the rate count anew, and whoever was sick long enough is well."""
        for name in self.names:
            self.switches(name).refill()
            if self._sick_until.get(name, number) < number:
                del self._sick_until[name]
                self.switches(name).heal()

    def heal(self) -> None:
        """All are well."""
        self._sick_until = {}
        for name in self.names:
            self.switches(name).heal()
