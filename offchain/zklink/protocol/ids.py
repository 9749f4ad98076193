"""Identifiers and numeric limits (docs/protocol.md, section 1)."""

from enum import IntEnum
from typing import Final, NewType

ChainId = NewType("ChainId", int)
"""The protocol's own id of a chain, 1..MAX_CHAINS; never the EIP-155 id."""

TokenId = NewType("TokenId", int)
"""One layer-2 token: one asset with at most one L1 contract per chain."""

RequestId = NewType("RequestId", int)
"""Index in one chain's priority queue, from 1."""

BlockNumber = NewType("BlockNumber", int)
"""Blocks count from 1; 0 is the genesis."""

Amount = NewType("Amount", int)
"""Layer-2 units of a token, below 2^112."""

MAX_CHAINS: Final = 8
SLICE_COUNT: Final = MAX_CHAINS + 1
"""Slice 0 is the layer-2-only data, slice k belongs to chain k."""

CHAIN_BITS: Final = 8
TOKEN_BITS: Final = 16
REQUEST_ID_BITS: Final = 64
BLOCK_NUMBER_BITS: Final = 64
TIME_BITS: Final = 40
AMOUNT_BITS: Final = 112
FEE_BITS: Final = 14
COUNT_BITS: Final = 16
WORD_BITS: Final = 248
ADDRESS_HI_BITS: Final = 8

AMOUNT_LIMIT: Final = 1 << AMOUNT_BITS
WORD_LIMIT: Final = 1 << WORD_BITS
CUSTODY_LIMIT: Final = (1 << 108) - 1
"""The most layer-2 units of one token that a bridge ever holds; 16 of them stay below AMOUNT_LIMIT."""

FEE_DENOMINATOR: Final = 10_000
DRIFT_SECONDS: Final = 900
"""How far a block's timestamp may lie in a chain's future."""

MAX_AGE_SECONDS: Final = 3_600
"""How old a block's timestamp may be when the primary chain is given it."""


class RecordKind(IntEnum):
    """First byte of every record's first word; 0 is never a kind."""

    SWAP_REQUEST = 1
    SWAP_PAID = 2
    SWAP_REFUNDED = 3


class AddressFormat(IntEnum):
    """How a chain's addresses fill the 32 bytes of a universal address."""

    EVM = 1
    BYTES32 = 2
