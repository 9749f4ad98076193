pragma circom 2.2.0;

// The words of a request of the account lane, and of a key change (docs/protocol.md section 4).
// Takes fields, gives words. Checks the width of every plain number of the request; relies on kind, source, id, token, account and amount
// being bounded by the slot. Never checks a whole-word field (owner.lo, second.lo): the chain whose slice holds it checks that it is
// below 2^248.

include "buses.circom";
include "compare.circom";
include "../constants.circom";

// The width of a request's own fields, and nothing where there is none.
template CheckRequest() {
    signal input enabled;
    input AccountRequest() request;
    RangeCheck(REQUEST_ID_BITS())(request.id);
    RangeCheck(TIME_BITS())(request.queued_at);
    RangeCheck(NATIVE_FEE_BITS())(request.native_fee);
    (1 - enabled) * request.id === 0;
    (1 - enabled) * request.queued_at === 0;
    (1 - enabled) * request.native_fee === 0;
}

// `head` is the first word without the id; `id` the request's or a key change's, `time` when it was queued or until when it is valid.
template AccountRequestWords() {
    signal input head;
    signal input id;
    signal input time;
    input AccountRequest() request;
    input Address() owner;
    input Address() second;
    signal output words[4];

    words[0] <== head + id * (1 << ACCOUNT_REQUEST_0_ID_SHIFT());
    words[1] <== owner.lo;
    words[2] <== request.native_fee * (1 << ACCOUNT_REQUEST_2_NATIVE_FEE_GWEI_SHIFT())
        + request.by_owner * (1 << ACCOUNT_REQUEST_2_BY_OWNER_SHIFT())
        + request.mask * (1 << ACCOUNT_REQUEST_2_MASK_SHIFT())
        + owner.hi * (1 << ACCOUNT_REQUEST_2_OWNER_HI_SHIFT())
        + second.hi * (1 << ACCOUNT_REQUEST_2_SECOND_HI_SHIFT())
        + time * (1 << ACCOUNT_REQUEST_2_TIME_SHIFT());
    words[3] <== second.lo;
}
