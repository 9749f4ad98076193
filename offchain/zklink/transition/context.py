"""The context in which an account-lane operation is checked and applied."""

from dataclasses import dataclass

from zklink.protocol.presets import Preset


@dataclass(frozen=True, slots=True)
class Context:
    """The block's preset, the account lane's domain and the block's time.

    `with_paths`: records carry the Merkle paths that a witness needs, at the price of hashing after every slot.
    """

    preset: Preset
    domain: int
    timestamp: int
    with_paths: bool = False
