"""The facts about a chain that a client needs before it connects."""

from dataclasses import dataclass

from zklink.protocol.ids import ChainId


@dataclass(frozen=True, slots=True)
class ChainProfile:
    """One chain: the protocol's id, its EIP-155 id, its block time and its confirmations.

    `confirmations` is how many blocks, the one that holds an event included, must exist before the event counts.
    `is_local` is set only for local chains of the lab, whatever ids they have; only there are development keys allowed.
    """

    name: str
    chain_id: ChainId
    evm_chain_id: int
    block_time_seconds: float
    confirmations: int
    native_symbol: str
    is_local: bool = False
