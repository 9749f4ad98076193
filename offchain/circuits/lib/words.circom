pragma circom 2.2.0;

// Records of the swap as 248-bit words (docs/protocol.md section 4).
// Takes fields, gives words. SwapRequestWords checks the width of every field that is a plain number, so that a word has one
// reading only. Never checks source, destination and tokens: they come from selectors, which bound them. Never checks
// recipient.lo and refund_to.lo, which are whole words: the chain whose slice holds them checks that they are below 2^248.

include "buses.circom";
include "compare.circom";
include "select.circom";
include "../constants.circom";

template SwapRequestWords() {
    input SwapRequest() request;
    signal output words[5];

    RangeCheck(REQUEST_ID_BITS())(request.request_id);
    RangeCheck(AMOUNT_BITS())(request.amount);
    RangeCheck(AMOUNT_BITS())(request.min_out);
    RangeCheck(AMOUNT_BITS())(request.operator_fee);
    RangeCheck(AMOUNT_BITS())(request.fill_fee);
    RangeCheck(TIME_BITS())(request.deadline);
    RangeCheck(TIME_BITS())(request.queued_at);
    RangeCheck(NATIVE_FEE_BITS())(request.native_fee);
    RangeCheck(ADDRESS_HI_BITS())(request.recipient.hi);
    RangeCheck(ADDRESS_HI_BITS())(request.refund_to.hi);

    words[0] <== request.used * SWAP_REQUEST_KIND() * (1 << SWAP_REQUEST_0_KIND_SHIFT())
        + request.source * (1 << SWAP_REQUEST_0_SOURCE_SHIFT())
        + request.destination * (1 << SWAP_REQUEST_0_DESTINATION_SHIFT())
        + request.request_id * (1 << SWAP_REQUEST_0_REQUEST_ID_SHIFT())
        + request.token_in * (1 << SWAP_REQUEST_0_TOKEN_IN_SHIFT())
        + request.token_out * (1 << SWAP_REQUEST_0_TOKEN_OUT_SHIFT())
        + request.amount * (1 << SWAP_REQUEST_0_AMOUNT_SHIFT());
    words[1] <== request.min_out * (1 << SWAP_REQUEST_1_MIN_OUT_SHIFT())
        + request.operator_fee * (1 << SWAP_REQUEST_1_OPERATOR_FEE_SHIFT())
        + request.recipient.hi * (1 << SWAP_REQUEST_1_RECIPIENT_HI_SHIFT())
        + request.refund_to.hi * (1 << SWAP_REQUEST_1_REFUND_TO_HI_SHIFT());
    words[2] <== request.native_fee * (1 << SWAP_REQUEST_2_NATIVE_FEE_GWEI_SHIFT())
        + request.via * (1 << SWAP_REQUEST_2_VIA_SHIFT())
        + request.fill_fee * (1 << SWAP_REQUEST_2_FILL_FEE_SHIFT())
        + request.deadline * (1 << SWAP_REQUEST_2_DEADLINE_SHIFT())
        + request.queued_at * (1 << SWAP_REQUEST_2_QUEUED_AT_SHIFT());
    words[3] <== request.recipient.lo;
    words[4] <== request.refund_to.lo;

    // An empty slot is all zero. The fields of a word are disjoint and bounded, so a zero word means zero fields.
    for (var i = 0; i < 5; i++) {
        words[i] * (1 - request.used) === 0;
    }
}

// The payout: kind 2 on the destination if paid, kind 3 on the source if not, zero words for an empty slot.
// Relies on paid being a bit that is 0 where used is 0, and on out, between < 2^112.
template SwapPayoutWords() {
    input SwapRequest() request;
    signal input paid;
    signal input out;
    signal input between; // what the first of two trades gave; 0 if there is one or none
    signal output words[3];

    var common = request.source * (1 << PAYOUT_0_SOURCE_SHIFT()) + request.request_id * (1 << PAYOUT_0_ID_SHIFT());
    var as_paid = request.used * SWAP_PAID_KIND() * (1 << PAYOUT_0_KIND_SHIFT())
        + request.destination * (1 << PAYOUT_0_CHAIN_SHIFT())
        + request.token_out * (1 << PAYOUT_0_TOKEN_SHIFT())
        + out * (1 << PAYOUT_0_AMOUNT_SHIFT());
    var as_refunded = request.used * SWAP_REFUNDED_KIND() * (1 << PAYOUT_0_KIND_SHIFT())
        + request.source * (1 << PAYOUT_0_CHAIN_SHIFT())
        + request.token_in * (1 << PAYOUT_0_TOKEN_SHIFT())
        + request.amount * (1 << PAYOUT_0_AMOUNT_SHIFT());
    var as_paid_hi = between * (1 << SWAP_PAID_2_BETWEEN_SHIFT())
        + request.recipient.hi * (1 << PAYOUT_2_RECIPIENT_HI_SHIFT())
        + request.fill_fee * (1 << PAYOUT_2_FILL_FEE_SHIFT());
    var as_refunded_hi = request.refund_to.hi * (1 << PAYOUT_2_RECIPIENT_HI_SHIFT());

    words[0] <== Choose()(paid, common + as_refunded, common + as_paid);
    words[1] <== Choose()(paid, request.refund_to.lo, request.recipient.lo);
    words[2] <== Choose()(paid, as_refunded_hi, as_paid_hi);
}
