pragma circom 2.2.0;

// What a swap block publishes (docs/protocol.md sections 6 and 7): its slices at z, the header's word of counts, and the words that
// the commitment absorbs.
// Takes the records of every slot. Relies on selectors with at most one bit set, and on words that are zero in an empty slot.
// Never checks a word.

include "lib/buses.circom";
include "lib/slices.circom";
include "constants.circom";

template SwapSlices(S) {
    var N = MAX_CHAINS();
    var REQUEST = SWAP_REQUEST_WORDS();
    var PAYOUT = PAYOUT_WORDS();
    signal input z;
    input SwapRecords() records[S];
    signal output value[N];
    signal output counts;
    signal output words[(SWAP_REQUEST_WORDS() + PAYOUT_WORDS()) * S];

    // For each slot first the request, then the payout.
    signal z_2 <== z * z;
    signal z_3 <== z_2 * z;
    signal z_5 <== z_3 * z_2;
    signal slice[2 * S + 1][N];
    signal request_value[S];
    signal payout_value[S];
    var count[N];
    for (var k = 0; k < N; k++) {
        slice[0][k] <== 0;
        count[k] = 0;
    }
    for (var i = 0; i < S; i++) {
        request_value[i] <== Horner(REQUEST)(records[i].request, z);
        payout_value[i] <== Horner(PAYOUT)(records[i].payout, z);
        slice[2 * i + 1] <== AppendRecord()(records[i].is_source, slice[2 * i], z_5, request_value[i]);
        slice[2 * i + 2] <== AppendRecord()(records[i].is_payer, slice[2 * i + 1], z_3, payout_value[i]);
        for (var k = 0; k < N; k++) {
            count[k] += REQUEST * records[i].is_source[k] + PAYOUT * records[i].is_payer[k];
        }
    }
    value <== slice[2 * S];

    // Slice k's count starts at bit 16 * k; a count is at most 8 * 127 < 2^16, so the fields are disjoint. Slice 0 is empty.
    var packed = 0;
    for (var k = 0; k < N; k++) {
        packed += count[k] * (1 << (COUNT_BITS() * (k + 1)));
    }
    counts <== packed;

    for (var i = 0; i < S; i++) {
        for (var j = 0; j < REQUEST; j++) {
            words[(REQUEST + PAYOUT) * i + j] <== records[i].request[j];
        }
        for (var j = 0; j < PAYOUT; j++) {
            words[(REQUEST + PAYOUT) * i + REQUEST + j] <== records[i].payout[j];
        }
    }
}
