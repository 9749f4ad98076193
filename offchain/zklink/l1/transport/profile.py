"""What has to be known about a chain before talking to it."""

from dataclasses import dataclass

from zklink.protocol.ids import ChainId


@dataclass(frozen=True, slots=True)
class ChainProfile:
    """One chain: the protocol's id, its EIP-155 id and its habits.

    `confirmations` is how many blocks, the one that holds an event included, must exist before the event counts.
    `is_local` is set for chains of the harness alone, whatever ids they have: it is what permits development keys.
    """

    name: str
    chain_id: ChainId
    evm_chain_id: int
    block_time_seconds: float
    confirmations: int
    native_symbol: str
    is_local: bool = False
