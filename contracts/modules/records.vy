# pragma version 0.4.3
"""
@title records
@license Apache-2.0
@notice The words of requests, payouts and exits: takes fields, gives words, and the other way round. Pure.
@dev Protocol section 4; the positions are generated from the same table as the Python core's and the circuit's.
"""

from ..interfaces import IBridge
from . import checks
from . import constants

LO_MASK: constant(uint256) = constants.WORD_LIMIT - 1
AMOUNT_MASK: constant(uint256) = constants.AMOUNT_LIMIT - 1
# The 32 zero bits of p0, between token and amount.
PAYOUT_0_ZERO_BITS: constant(uint256) = (2**32 - 1) << constants.AMOUNT_BITS

# `id` is a request's or `account << 32 | nonce`, by the kind; `recipient` is a universal address.
struct Payout:
    kind: uint256
    source: uint256
    chain_id: uint256
    id: uint256
    token_id: uint16
    amount: uint256
    recipient: uint256
    fill_fee: uint256


# `recipient` is an address of the chain; empty when the universal address is not one. `is_bound`: it names that chain.
struct Exit:
    account: uint32
    token_id: uint16
    chain_id: uint8
    recipient: address
    is_bound: bool
    is_signed: bool
    token_a: uint16
    token_b: uint16
    amount_a: uint112
    amount_b: uint112


@internal
@pure
def pack_swap(
    source: uint8,
    request_id: uint256,
    order: IBridge.SwapOrder,
    amount: uint256,
    fee_gwei: uint256,
    queued_at: uint256,
) -> uint256[5]:
    """
    @notice The five words of a swap request.
    @param amount The amount that came in, in layer-2 units, below 2^112.
    @param fee_gwei What it has paid at the door, below 2^40.
    """
    recipient: uint256 = convert(order.recipient, uint256)
    return [
        (constants.SWAP_REQUEST_KIND << constants.SWAP_REQUEST_0_KIND_SHIFT)
        | (convert(source, uint256) << constants.SWAP_REQUEST_0_SOURCE_SHIFT)
        | (convert(order.destination, uint256) << constants.SWAP_REQUEST_0_DESTINATION_SHIFT)
        | (request_id << constants.SWAP_REQUEST_0_REQUEST_ID_SHIFT)
        | (convert(order.token_in, uint256) << constants.SWAP_REQUEST_0_TOKEN_IN_SHIFT)
        | (convert(order.token_out, uint256) << constants.SWAP_REQUEST_0_TOKEN_OUT_SHIFT)
        | amount,
        (convert(order.min_out, uint256) << constants.SWAP_REQUEST_1_MIN_OUT_SHIFT)
        | (convert(order.operator_fee, uint256) << constants.SWAP_REQUEST_1_OPERATOR_FEE_SHIFT)
        | ((recipient >> constants.WORD_BITS) << constants.SWAP_REQUEST_1_RECIPIENT_HI_SHIFT),
        (fee_gwei << constants.SWAP_REQUEST_2_NATIVE_FEE_GWEI_SHIFT)
        | (convert(order.via, uint256) << constants.SWAP_REQUEST_2_VIA_SHIFT)
        | (convert(order.fill_fee, uint256) << constants.SWAP_REQUEST_2_FILL_FEE_SHIFT)
        | (convert(order.deadline, uint256) << constants.SWAP_REQUEST_2_DEADLINE_SHIFT)
        | (queued_at << constants.SWAP_REQUEST_2_QUEUED_AT_SHIFT),
        recipient & LO_MASK,
        convert(order.refund_to, uint256),
    ]


@internal
@pure
def pack_account_request(
    kind: uint256,
    source: uint8,
    request_id: uint256,
    token_id: uint16,
    account: uint32,
    amount: uint256,
    owner: uint256,
    second: uint256,
    by_owner: bool,
    mask: uint8,
    fee_gwei: uint256,
    queued_at: uint256,
) -> uint256[5]:
    """
    @notice The four words of a deposit, a full exit or a key request, and a zero.
    @param amount The amount that came in, in layer-2 units, below 2^112; 0 but for a deposit.
    @param owner A universal address.
    @param second Whom a refund pays, the recipient on other chains, or the new key hash.
    @param fee_gwei What it has paid at the door, below 2^40.
    """
    return [
        (kind << constants.ACCOUNT_REQUEST_0_KIND_SHIFT)
        | (convert(source, uint256) << constants.ACCOUNT_REQUEST_0_SOURCE_SHIFT)
        | (request_id << constants.ACCOUNT_REQUEST_0_ID_SHIFT)
        | (convert(token_id, uint256) << constants.ACCOUNT_REQUEST_0_TOKEN_SHIFT)
        | (convert(account, uint256) << constants.ACCOUNT_REQUEST_0_ACCOUNT_SHIFT)
        | amount,
        owner & LO_MASK,
        (fee_gwei << constants.ACCOUNT_REQUEST_2_NATIVE_FEE_GWEI_SHIFT)
        | (convert(by_owner, uint256) << constants.ACCOUNT_REQUEST_2_BY_OWNER_SHIFT)
        | (convert(mask, uint256) << constants.ACCOUNT_REQUEST_2_MASK_SHIFT)
        | ((owner >> constants.WORD_BITS) << constants.ACCOUNT_REQUEST_2_OWNER_HI_SHIFT)
        | ((second >> constants.WORD_BITS) << constants.ACCOUNT_REQUEST_2_SECOND_HI_SHIFT)
        | queued_at,
        second & LO_MASK,
        0,
    ]


@internal
@pure
def unpack_refund(lane: uint256, words: uint256[5]) -> (uint16, uint256, address):
    """
    @notice The refund of a request: token, amount in layer-2 units, and who gets it and the fee. A full exit and a key
            request brought no token: their owner gets the fee.
    @param words The words of a request that this bridge has queued, so whom it refunds is an address of this chain.
    """
    if lane == constants.SWAP_LANE:
        return (
            convert((words[0] >> constants.SWAP_REQUEST_0_TOKEN_IN_SHIFT) & (2**16 - 1), uint16),
            words[0] & AMOUNT_MASK,
            convert(words[4], address),
        )
    token_id: uint16 = convert((words[0] >> constants.ACCOUNT_REQUEST_0_TOKEN_SHIFT) & (2**16 - 1), uint16)
    if words[0] >> constants.ACCOUNT_REQUEST_0_KIND_SHIFT != constants.DEPOSIT_KIND:
        return token_id, 0, convert(words[1], address)
    return token_id, words[0] & AMOUNT_MASK, convert(words[3], address)


@internal
@pure
def swap_fee(w2: uint256) -> uint256:
    """
    @notice What a swap has paid at the door, in gwei, from its third word, which has at most 248 bits.
    """
    return w2 >> constants.SWAP_REQUEST_2_NATIVE_FEE_GWEI_SHIFT


@internal
@pure
def account_request_fee(r2: uint256) -> uint256:
    """
    @notice What a request of the account lane has paid at the door, in gwei, from its third word.
    """
    return (r2 >> constants.ACCOUNT_REQUEST_2_NATIVE_FEE_GWEI_SHIFT) & (2**constants.NATIVE_FEE_BITS - 1)


@internal
@pure
def queued_at(words: uint256[5]) -> uint256:
    """
    @notice When a request of either lane was queued.
    """
    return words[2] & (2**constants.TIME_BITS - 1)


@internal
@pure
def request_words(lane: uint256) -> uint256:
    """
    @notice How many words a request of a lane has.
    """
    if lane == constants.SWAP_LANE:
        return constants.SWAP_REQUEST_WORDS
    checks.require(lane == constants.ACCOUNT_LANE, "records: unknown lane")
    return constants.ACCOUNT_REQUEST_WORDS


@internal
@pure
def count_of(counts: uint256, k: uint256) -> uint256:
    """
    @notice Words in the slice of chain k, from the counts of a header.
    """
    return (counts >> (constants.COUNT_BITS * k)) & (2**constants.COUNT_BITS - 1)


@internal
@pure
def find_unused_bits(p0: uint256, p1: uint256, p2: uint256) -> uint256:
    """
    @notice Zero when every bit that is zero in the layout of a payout is zero. Only the payout of a full exit has a
            place, a block number and a slot, and only a paid swap an amount of the token between.
    """
    kind: uint256 = p0 >> constants.PAYOUT_0_KIND_SHIFT
    used_bits: uint256 = constants.PAYOUT_2_SLOT_SHIFT
    if kind == constants.FULL_EXIT_PAYOUT_KIND:
        used_bits = constants.PAYOUT_2_BLOCK_NUMBER_SHIFT + constants.BLOCK_NUMBER_BITS
    elif kind == constants.SWAP_PAID_KIND:
        used_bits = constants.SWAP_PAID_2_BETWEEN_SHIFT + constants.AMOUNT_BITS
    return ((p0 | p1) >> constants.WORD_BITS) | (p0 & PAYOUT_0_ZERO_BITS) | (p2 >> used_bits)


@internal
@pure
def is_payout(p0: uint256, p1: uint256, p2: uint256) -> bool:
    """
    @notice Whether every bit that is zero in the layout of a payout is zero.
    """
    return self.find_unused_bits(p0, p1, p2) == 0


@internal
@pure
def recipient_of(p1: uint256, p2: uint256) -> uint256:
    """
    @notice The recipient of a payout whose words passed is_payout, a universal address.
    """
    return (((p2 >> constants.PAYOUT_2_RECIPIENT_HI_SHIFT) & 255) << constants.WORD_BITS) | p1


@internal
@pure
def unpack_payout(p0: uint256, p1: uint256, p2: uint256) -> Payout:
    """
    @notice The fields of a payout whose words passed is_payout.
    """
    return Payout(
        kind=p0 >> constants.PAYOUT_0_KIND_SHIFT,
        source=(p0 >> constants.PAYOUT_0_SOURCE_SHIFT) & 255,
        chain_id=(p0 >> constants.PAYOUT_0_CHAIN_SHIFT) & 255,
        id=(p0 >> constants.PAYOUT_0_ID_SHIFT) & (2**64 - 1),
        token_id=convert((p0 >> constants.PAYOUT_0_TOKEN_SHIFT) & (2**16 - 1), uint16),
        amount=p0 & AMOUNT_MASK,
        recipient=self.recipient_of(p1, p2),
        fill_fee=p2 & AMOUNT_MASK,
    )


@internal
@pure
def is_exit(x0: uint256, recipient_lo: uint256, x1: uint256) -> bool:
    """
    @notice Whether every bit that is zero in the layout of an exit is zero, and is_signed 0 or 1.
    """
    return (
        x0 >> (constants.EXIT_0_ACCOUNT_SHIFT + constants.ACCOUNT_BITS) == 0
        and (x0 >> constants.EXIT_0_IS_SIGNED_SHIFT) & 255 <= 1
        and recipient_lo >> constants.WORD_BITS == 0
        and x1 >> (2 * constants.AMOUNT_BITS) == 0
    )


@internal
@pure
def unpack_exit(x0: uint256, recipient_lo: uint256, x1: uint256) -> Exit:
    """
    @notice The fields of an exit that passed is_exit.
    """
    recipient_hi: uint256 = (x0 >> constants.EXIT_0_RECIPIENT_HI_SHIFT) & 255
    chain_id: uint8 = convert((x0 >> constants.EXIT_0_CHAIN_SHIFT) & 255, uint8)
    return Exit(
        account=convert((x0 >> constants.EXIT_0_ACCOUNT_SHIFT) & (2**32 - 1), uint32),
        token_id=convert((x0 >> constants.EXIT_0_TOKEN_SHIFT) & (2**16 - 1), uint16),
        chain_id=chain_id,
        recipient=self.to_receiver((recipient_hi << constants.WORD_BITS) | recipient_lo, chain_id),
        is_bound=recipient_hi != 0,
        is_signed=(x0 >> constants.EXIT_0_IS_SIGNED_SHIFT) & 255 == 1,
        token_a=convert((x0 >> constants.EXIT_0_TOKEN_A_SHIFT) & (2**16 - 1), uint16),
        token_b=convert(x0 & (2**16 - 1), uint16),
        amount_a=convert((x1 >> constants.EXIT_1_AMOUNT_A_SHIFT) & AMOUNT_MASK, uint112),
        amount_b=convert(x1 & AMOUNT_MASK, uint112),
    )


@internal
@pure
def exit_key(account: uint32, token_id: uint16) -> uint256:
    """
    @notice The key of an account's balance of one token, which leaves a chain by proof once.
    """
    return (convert(account, uint256) << constants.TOKEN_BITS) | convert(token_id, uint256)


@internal
@pure
def to_receiver(recipient: uint256, chain_id: uint8) -> address:
    """
    @notice A universal address as an address of an EVM chain, bound to that chain or not; the empty address when it is
            not one.
    """
    return convert(self.name_on(recipient, convert(chain_id, uint256), 160), address)


@internal
@pure
def name_on(account: uint256, k: uint256, address_bits: uint256) -> uint256:
    """
    @notice The name that a universal address has on chain k: on an EVM chain without the first byte, which binds it to
            that chain; 0 when chain k has no account of this name. A name of an EVM chain is none of 32 bytes.
    """
    name: uint256 = account & LO_MASK
    bound: uint256 = account >> constants.WORD_BITS
    is_evm: bool = name != 0 and name >> 160 == 0 and bound <= constants.MAX_CHAINS
    if address_bits == 160:
        return name if is_evm and (bound == 0 or bound == k) else 0
    return 0 if is_evm else account
