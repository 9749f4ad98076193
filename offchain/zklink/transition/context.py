"""The context in which an account-lane operation is checked and applied."""

from dataclasses import dataclass

from zklink.protocol.ids import GENESIS, BlockNumber
from zklink.protocol.presets import Preset


@dataclass(frozen=True, slots=True)
class Context:
    """The block's preset, the account lane's domain, the block's time and number, and the place of the slot.

    `slot` counts the slots of one kind from 0; no check depends on it, nor on the number. `with_paths`: records carry
    the Merkle paths that a witness needs, at the price of hashing after every slot; a block adds them at its end.
    """

    preset: Preset
    domain: int
    timestamp: int
    with_paths: bool = False
    block_number: BlockNumber = GENESIS
    slot: int = 0
