pragma circom 2.1.6;

// Records of the swap as 248-bit words (docs/protocol.md section 4).
// Takes fields, gives words. SwapRequestWords checks the width of every field that is a plain number, so that a word has one
// reading only. Never checks source, destination and tokens: they come from selectors, which bound them. Never checks
// recipient_lo and sender_lo, which are whole words: the chain whose slice holds them checks that they are below 2^248.

include "compare.circom";
include "select.circom";
include "../constants.circom";

template SwapRequestWords() {
    signal input used;
    signal input source;
    signal input destination;
    signal input request_id;
    signal input token_in;
    signal input token_out;
    signal input amount;
    signal input min_out;
    signal input operator_fee;
    signal input fill_fee;
    signal input deadline;
    signal input queued_at;
    signal input recipient_hi;
    signal input recipient_lo;
    signal input sender_hi;
    signal input sender_lo;
    signal output words[5];

    RangeCheck(REQUEST_ID_BITS())(request_id);
    RangeCheck(AMOUNT_BITS())(amount);
    RangeCheck(AMOUNT_BITS())(min_out);
    RangeCheck(AMOUNT_BITS())(operator_fee);
    RangeCheck(AMOUNT_BITS())(fill_fee);
    RangeCheck(TIME_BITS())(deadline);
    RangeCheck(TIME_BITS())(queued_at);
    RangeCheck(ADDRESS_HI_BITS())(recipient_hi);
    RangeCheck(ADDRESS_HI_BITS())(sender_hi);

    words[0] <== used * SWAP_REQUEST_KIND() * (1 << SWAP_REQUEST_0_KIND_SHIFT())
        + source * (1 << SWAP_REQUEST_0_SOURCE_SHIFT())
        + destination * (1 << SWAP_REQUEST_0_DESTINATION_SHIFT())
        + request_id * (1 << SWAP_REQUEST_0_REQUEST_ID_SHIFT())
        + token_in * (1 << SWAP_REQUEST_0_TOKEN_IN_SHIFT())
        + token_out * (1 << SWAP_REQUEST_0_TOKEN_OUT_SHIFT())
        + amount * (1 << SWAP_REQUEST_0_AMOUNT_SHIFT());
    words[1] <== min_out * (1 << SWAP_REQUEST_1_MIN_OUT_SHIFT())
        + operator_fee * (1 << SWAP_REQUEST_1_OPERATOR_FEE_SHIFT())
        + recipient_hi * (1 << SWAP_REQUEST_1_RECIPIENT_HI_SHIFT())
        + sender_hi * (1 << SWAP_REQUEST_1_SENDER_HI_SHIFT());
    words[2] <== fill_fee * (1 << SWAP_REQUEST_2_FILL_FEE_SHIFT())
        + deadline * (1 << SWAP_REQUEST_2_DEADLINE_SHIFT())
        + queued_at * (1 << SWAP_REQUEST_2_QUEUED_AT_SHIFT());
    words[3] <== recipient_lo;
    words[4] <== sender_lo;

    // An empty slot is all zero. The fields of a word are disjoint and bounded, so a zero word means zero fields.
    for (var i = 0; i < 5; i++) {
        words[i] * (1 - used) === 0;
    }
}

// The payout: kind 2 on the destination if paid, kind 3 on the source if not, zero words for an empty slot.
// Relies on paid being a bit that is 0 where used is 0, and on out < 2^112.
template SwapPayoutWords() {
    signal input used;
    signal input paid;
    signal input source;
    signal input destination;
    signal input request_id;
    signal input token_in;
    signal input token_out;
    signal input amount;
    signal input out;
    signal input fill_fee;
    signal input recipient_hi;
    signal input recipient_lo;
    signal input sender_hi;
    signal input sender_lo;
    signal output words[3];

    var common = source * (1 << PAYOUT_0_SOURCE_SHIFT()) + request_id * (1 << PAYOUT_0_ID_SHIFT());
    var as_paid = used * SWAP_PAID_KIND() * (1 << PAYOUT_0_KIND_SHIFT())
        + destination * (1 << PAYOUT_0_CHAIN_SHIFT())
        + token_out * (1 << PAYOUT_0_TOKEN_SHIFT())
        + out * (1 << PAYOUT_0_AMOUNT_SHIFT());
    var as_refunded = used * SWAP_REFUNDED_KIND() * (1 << PAYOUT_0_KIND_SHIFT())
        + source * (1 << PAYOUT_0_CHAIN_SHIFT())
        + token_in * (1 << PAYOUT_0_TOKEN_SHIFT())
        + amount * (1 << PAYOUT_0_AMOUNT_SHIFT());
    var as_paid_hi = recipient_hi * (1 << PAYOUT_2_RECIPIENT_HI_SHIFT())
        + fill_fee * (1 << PAYOUT_2_FILL_FEE_SHIFT());
    var as_refunded_hi = sender_hi * (1 << PAYOUT_2_RECIPIENT_HI_SHIFT());

    words[0] <== Choose()(paid, common + as_refunded, common + as_paid);
    words[1] <== Choose()(paid, sender_lo, recipient_lo);
    words[2] <== Choose()(paid, as_refunded_hi, as_paid_hi);
}
