pragma circom 2.1.6;

// The statement of the swap lane: one block, on every chain (docs/protocol.md sections 6 and 7).
// Takes the header, the roots, the loaded rows with their paths, and the requests; the four public inputs are commitment (C), z,
// lambda and y, in this order. Says: starting from old_root, these requests by the rule of section 5.1 end in new_root, C absorbs
// all of it, and y is the aggregate of the header and of every slice at (z, lambda).
// Never chooses an outcome; never changes a row that is not loaded; never moves account_root; never leaves a published element
// outside C.
//
// S slots, T token rows, P pools, DT the depth of the token tree; the pool tree has twice that depth.
// Used by the build step as `component main {public [commitment, z, lambda, y]} = SwapBlock(S, T, P, DT);`

include "poseidon.circom";
include "lib/compare.circom";
include "lib/rows.circom";
include "lib/slices.circom";
include "lib/sponge.circom";
include "constants.circom";
include "swap.circom";

template SwapBlock(S, T, P, DT) {
    var N = MAX_CHAINS();
    var RECORD_WORDS = SWAP_REQUEST_WORDS() + PAYOUT_WORDS();
    assert(S >= 1 && S <= 127); // registers stay below 2^119 (swap.circom), counts below 2^16
    assert(T >= 2 && P >= 1);
    assert(DT >= 1 && DT <= 8); // token ids have 16 bits

    signal input commitment;
    signal input z;
    signal input lambda;
    signal input y;

    signal input domain;
    signal input number;
    signal input timestamp;
    signal input old_root;
    signal input new_root;
    signal input account_root;
    signal input token_root;
    signal input pool_root;

    signal input row_id[T];
    signal input row_reserve[T][N];
    signal input row_fees[T];
    signal input row_path[T][DT][3];

    signal input pool_lower[P];
    signal input pool_higher[P];
    signal input pool_reserve_lower[P];
    signal input pool_reserve_higher[P];
    signal input pool_supply[P];
    signal input pool_fee[P];
    signal input pool_lp_token[P];
    signal input pool_path[P][2 * DT][3];

    signal input slot_used[S];
    signal input slot_source[S];
    signal input slot_destination[S];
    signal input slot_request_id[S];
    signal input slot_token_in[S];
    signal input slot_token_out[S];
    signal input slot_amount[S];
    signal input slot_min_out[S];
    signal input slot_operator_fee[S];
    signal input slot_fill_fee[S];
    signal input slot_deadline[S];
    signal input slot_queued_at[S];
    signal input slot_recipient_hi[S];
    signal input slot_recipient_lo[S];
    signal input slot_sender_hi[S];
    signal input slot_sender_lo[S];

    RangeCheck(BLOCK_NUMBER_BITS())(number);
    RangeCheck(TIME_BITS())(timestamp);

    // Every slot works on the registers its predecessor left.
    signal reserve[S + 1][T][N];
    signal fees[S + 1][T];
    signal reserve_lower[S + 1][P];
    signal reserve_higher[S + 1][P];
    reserve[0] <== row_reserve;
    fees[0] <== row_fees;
    reserve_lower[0] <== pool_reserve_lower;
    reserve_higher[0] <== pool_reserve_higher;

    component slot[S];
    for (var i = 0; i < S; i++) {
        slot[i] = SwapSlot(T, P);
        slot[i].timestamp <== timestamp;
        slot[i].row_id <== row_id;
        slot[i].pool_lower <== pool_lower;
        slot[i].pool_higher <== pool_higher;
        slot[i].pool_fee <== pool_fee;
        slot[i].reserve <== reserve[i];
        slot[i].fees <== fees[i];
        slot[i].pool_reserve_lower <== reserve_lower[i];
        slot[i].pool_reserve_higher <== reserve_higher[i];
        slot[i].used <== slot_used[i];
        slot[i].source <== slot_source[i];
        slot[i].destination <== slot_destination[i];
        slot[i].request_id <== slot_request_id[i];
        slot[i].token_in <== slot_token_in[i];
        slot[i].token_out <== slot_token_out[i];
        slot[i].amount <== slot_amount[i];
        slot[i].min_out <== slot_min_out[i];
        slot[i].operator_fee <== slot_operator_fee[i];
        slot[i].fill_fee <== slot_fill_fee[i];
        slot[i].deadline <== slot_deadline[i];
        slot[i].queued_at <== slot_queued_at[i];
        slot[i].recipient_hi <== slot_recipient_hi[i];
        slot[i].recipient_lo <== slot_recipient_lo[i];
        slot[i].sender_hi <== slot_sender_hi[i];
        slot[i].sender_lo <== slot_sender_lo[i];
        reserve[i + 1] <== slot[i].next_reserve;
        fees[i + 1] <== slot[i].next_fees;
        reserve_lower[i + 1] <== slot[i].next_pool_reserve_lower;
        reserve_higher[i + 1] <== slot[i].next_pool_reserve_higher;
    }

    // Rows are opened and replaced root to root; a pool's supply, fee and LP token stay as they were.
    signal new_token_root <== TokenRows(T, DT)(
        token_root, row_id, row_path, row_reserve, row_fees, reserve[S], fees[S]
    );
    signal new_pool_root <== PoolRows(P, DT)(
        pool_root, pool_lower, pool_higher, pool_path,
        pool_reserve_lower, pool_reserve_higher, pool_supply, pool_fee, pool_lp_token,
        reserve_lower[S], reserve_higher[S], pool_supply, pool_fee, pool_lp_token
    );
    signal root_before <== Poseidon(3)([account_root, token_root, pool_root]);
    signal root_after <== Poseidon(3)([account_root, new_token_root, new_pool_root]);
    root_before === old_root;
    root_after === new_root;

    // The slices: for each slot first the request, then the payout.
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
        request_value[i] <== Horner(SWAP_REQUEST_WORDS())(slot[i].request_words, z);
        payout_value[i] <== Horner(PAYOUT_WORDS())(slot[i].payout_words, z);
        slice[2 * i + 1] <== AppendRecord()(slot[i].is_source, slice[2 * i], z_5, request_value[i]);
        slice[2 * i + 2] <== AppendRecord()(slot[i].is_payer, slice[2 * i + 1], z_3, payout_value[i]);
        for (var k = 0; k < N; k++) {
            count[k] += SWAP_REQUEST_WORDS() * slot[i].is_source[k] + PAYOUT_WORDS() * slot[i].is_payer[k];
        }
    }

    // The header. Slice k's count starts at bit 16 * k; a count is at most 8 * 127 < 2^16, so the fields are disjoint.
    signal header[5];
    var counts = 0;
    for (var k = 0; k < N; k++) {
        counts += count[k] * (1 << (COUNT_BITS() * (k + 1)));
    }
    header[0] <== domain;
    header[1] <== number * (1 << TIME_BITS()) + timestamp;
    header[2] <== counts;
    header[3] <== old_root;
    header[4] <== new_root;

    // The commitment absorbs the header and all words of all slots.
    component sponge = Sponge(5 + RECORD_WORDS * S);
    for (var i = 0; i < 5; i++) {
        sponge.in[i] <== header[i];
    }
    for (var i = 0; i < S; i++) {
        for (var j = 0; j < SWAP_REQUEST_WORDS(); j++) {
            sponge.in[5 + RECORD_WORDS * i + j] <== slot[i].request_words[j];
        }
        for (var j = 0; j < PAYOUT_WORDS(); j++) {
            sponge.in[5 + RECORD_WORDS * i + SWAP_REQUEST_WORDS() + j] <== slot[i].payout_words[j];
        }
    }
    sponge.out === commitment;

    signal header_value <== Horner(5)(header, z);
    signal aggregate <== Aggregate()(header_value, 0, slice[2 * S], lambda);
    aggregate === y;
}
