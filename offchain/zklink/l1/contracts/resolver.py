"""The resolver of ERC-7683: what it is asked, and the names of what it assumes."""

from typing import Final

from eth_abi.abi import encode

from zklink.operations.payout import Payout
from zklink.protocol.ids import BlockNumber

SEALED: Final = "zklink.sealed"
"""Data: deployment hash, block, fill key. The block is not on the payout's chain yet."""
ACCEPTED: Final = "zklink.accepted"
"""Data as SEALED. The payout's chain has the block; whether it brings the payout, its words say."""
LEAD: Final = "zklink.lead"
"""Data: the seconds by which a fill must be ahead of the payment to earn the whole fill fee."""


def build_payload(payout: Payout, block: BlockNumber) -> bytes:
    """The order of whoever fills a payout: 128 bytes for `resolve` of the resolver on the payout's chain.

    Raises FieldOutOfRange, WrongAddressLength, WrongRecordKind or WrongRecordField if the payout is not well formed.
    """
    return encode(["uint256[3]", "uint64"], [payout.words(), block])
