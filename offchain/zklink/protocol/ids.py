"""Identifiers and numeric limits (docs/protocol.md, section 1)."""

from enum import IntEnum, IntFlag
from typing import Final, NewType

ChainId = NewType("ChainId", int)
"""The protocol's own id of a chain, 1..MAX_CHAINS; never the EIP-155 id."""

TokenId = NewType("TokenId", int)
"""One layer-2 token: one asset with at most one L1 contract per chain."""

AccountId = NewType("AccountId", int)
"""Place in the account tree; account 0 belongs to the operator."""

Nonce = NewType("Nonce", int)
"""The number of signed operations that an account has made, or the version of an order in its slot."""

OrderSlot = NewType("OrderSlot", int)
"""Place in an account's order tree."""

NO_TOKEN: Final = TokenId(0)
"""Where an operation names no token."""

RequestId = NewType("RequestId", int)
"""Index in one of a chain's two priority queues, from 1."""

BlockNumber = NewType("BlockNumber", int)
"""Blocks count from 1; 0 is the genesis."""

ChainSet = NewType("ChainSet", int)
"""A set of chains, see chain_sets.py."""

Amount = NewType("Amount", int)
"""Layer-2 units of a token, below 2^112."""

MAX_CHAINS: Final = 8
SLICE_COUNT: Final = MAX_CHAINS + 1
"""Slice 0 is the layer-2-only data, slice k belongs to chain k."""

KIND_BITS: Final = 8
CHAIN_BITS: Final = 8
TOKEN_BITS: Final = 16
ACCOUNT_BITS: Final = 32
NONCE_BITS: Final = 32
ORDER_SLOT_BITS: Final = 8
REQUEST_ID_BITS: Final = 64
BLOCK_NUMBER_BITS: Final = 64
TIME_BITS: Final = 40
AMOUNT_BITS: Final = 112
FEE_BITS: Final = 14
"""A pool's fee or an order's fee rate, below FEE_DENOMINATOR."""

FEE_MANTISSA_BITS: Final = 11
FEE_EXPONENT_BITS: Final = 5
PACKED_FEE_BITS: Final = FEE_EXPONENT_BITS + FEE_MANTISSA_BITS
COUNT_BITS: Final = 16
WORD_BITS: Final = 248
ADDRESS_HI_BITS: Final = 8
CHAIN_SET_BITS: Final = MAX_CHAINS
"""A set of chains: bit c - 1 stands for chain c."""

NATIVE_FEE_BITS: Final = 40
"""The fee of a request in gwei of its chain's coin: up to 1,099 coins."""

FLAG_BITS: Final = 8
"""A flag, 0 or 1, takes a byte of a word."""

SLOT_BITS: Final = 16
"""The place of a slot among the ledger slots of its block."""

AMOUNT_LIMIT: Final = 1 << AMOUNT_BITS
NONCE_LIMIT: Final = 1 << NONCE_BITS
LAST_NONCE: Final = Nonce(NONCE_LIMIT - 1)
"""With this nonce an account signs nothing more; it keeps it."""

WORD_LIMIT: Final = 1 << WORD_BITS
CUSTODY_LIMIT: Final = (1 << 108) - 1
"""The most layer-2 units of one token that a bridge ever holds; 16 of them stay below AMOUNT_LIMIT."""

FEE_DENOMINATOR: Final = 10_000
DAY: Final = 86_400
"""Seconds of a day."""

DRIFT_SECONDS: Final = 30
"""Seconds that a block's timestamp may lie in the primary's future."""

MAX_AGE_SECONDS: Final = 600
"""Seconds that a block's timestamp may be old when the primary accepts it."""

EXPIRY_SECONDS: Final = 3 * DAY
"""Seconds that a request may wait before anyone may call the freeze of its chain (T1)."""

FREEZE_DELAY_SECONDS: Final = DAY
"""Seconds, and the chain's blocks, between the call of a freeze and the freeze, of a member as of the primary."""

SILENCE_SECONDS: Final = 2 * DAY
"""Seconds without a new block after which the primary accepts nothing more."""

END_WINDOW_SECONDS: Final = 3 * DAY
"""Seconds, and the chain's blocks, that an END on the watchers' word waits for a denial."""

DENIAL_WINDOW_SECONDS: Final = 14 * DAY
"""Seconds, and the chain's blocks, that a denial adds, and that an END of validators and governor waits."""

EXIT_DELAY_SECONDS: Final = 3 * DAY
"""Seconds, and blocks, between the primary's end and its exits; until then it takes what an ACC contains."""

FILL_LEAD_SECONDS: Final = 12
"""A fill this long before the payment earns the whole fill fee; a later one a part of it, in proportion."""

WRAP_DELAY_SECONDS: Final = 7 * DAY
"""Between the push of coin that its owner refuses, and the next that sends it the wrapped coin instead."""

GROUP_DELAY_SECONDS: Final = 55 * DAY
"""Seconds, and blocks, between the announcement of a group's new members and the change: longer than all other
deadlines together, and 14 days more, so that users can leave before a group that they do not trust has a word.
"""

GRACE_SECONDS: Final = 14 * DAY
"""Seconds, and blocks, in which a timelock's proposal can be executed after its delay, which is GROUP_DELAY_SECONDS."""

FOUNDING_SECONDS: Final = 7 * DAY
"""Seconds after its deployment in which a timelock's owner acts at once, unless it closes the founding before."""

FEE_NOTICE_SECONDS: Final = 3_600
"""Seconds between a rise of a price and the time from which it counts."""

SWAP_RING: Final = 8_192
ACCOUNT_RING: Final = 1_024
"""Places of a lane's queue; twice as many as may wait, so that the hash of no open place is overwritten."""

MAX_OPEN_SWAPS: Final = 4_096
MAX_OPEN_ACCOUNT_REQUESTS: Final = 512
"""The most requests of a lane that wait on a chain at one time."""

GENESIS: Final = BlockNumber(0)
"""The number of the block before the first one."""

OPERATOR_ACCOUNT: Final = AccountId(0)
"""The account that accrued fees are claimed into."""

POOL_COUNT_ROW: Final = TokenId(0)
"""The row of the token tree that belongs to no token: its fees count the pools ever created."""


class TokenClass(IntFlag):
    """What a token's contract can do that its holders should know. The last bit is what a registry has seen itself, the
    others what the governor says.
    """

    REBASING = 1
    FEE_ON_TRANSFER = 2
    CALLS_HOLDERS = 4
    CAN_BE_BLOCKED = 8
    UPGRADABLE = 16
    REFUSES_NOTHING = 32


NO_CLASS: Final = TokenClass(0)


class Door(IntEnum):
    """What has a price beside a swap, whose kind of price is the chain that it goes to."""

    DEPOSIT = 9
    KEY_REQUEST = 10
    FULL_EXIT = 11
    CROWDED_EXIT = 12
    """Burnt by a full exit that finds its queue half full; doubles with every 32 requests that wait."""


PRICE_KINDS: Final = len(Door) + MAX_CHAINS + 1
"""Kinds of prices, 0 included, which is none."""


class Lane(IntEnum):
    """The two kinds of blocks, each with its own circuit and its own priority queue on every chain."""

    SWAP = 1
    ACCOUNT = 2


class Kind(IntEnum):
    """First byte of every record's first word and of every signed message; 0 is never a kind."""

    SWAP_REQUEST = 1
    SWAP_PAID = 2
    SWAP_REFUNDED = 3
    DEPOSIT = 4
    FULL_EXIT = 5
    TRANSFER = 6
    TRANSFER_NEW = 7
    WITHDRAW = 8
    FORCED_EXIT = 9
    CHANGE_PUB_KEY = 10
    CLAIM_FEES = 11
    CREATE_POOL = 12
    ADD_LIQUIDITY = 13
    REMOVE_LIQUIDITY = 14
    POOL_SWAP = 15
    ORDER_MATCH = 16
    ORDER = 17
    KEY_REQUEST = 18
    FULL_EXIT_PART = 19
    WITHDRAW_PAYOUT = 20
    FULL_EXIT_PAYOUT = 21
    FORCED_EXIT_PAYOUT = 22
    SHARE_EXIT = 23


class AddressFormat(IntEnum):
    """How a chain's addresses fill the 32 bytes of a universal address."""

    EVM = 1
    BYTES32 = 2
