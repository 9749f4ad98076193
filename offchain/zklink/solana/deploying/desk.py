"""Where a side is built: a node, and the keys that sign."""

from collections.abc import Callable
from dataclasses import dataclass

from solders.keypair import Keypair

from zklink.solana.client.node import SolanaNode


@dataclass(frozen=True, slots=True)
class Desk:
    """A node, and the keys of who pays and of both programs. `pause` lets time pass, `unit_price` is a priority fee in
    millionths of a lamport a compute unit.
    """

    node: SolanaNode
    payer: Keypair
    program: Keypair
    timelock: Keypair
    pause: Callable[[float], None]
    unit_price: int = 0
