pragma circom 2.2.0;

// The statement of the swap lane: one block, on every chain (docs/protocol.md sections 6 and 7).
// Takes the header, the roots, the loaded rows with their paths, and the requests; the four public inputs are commitment (C), z,
// lambda and y, in this order. Says: starting from old_root, these requests by the rule of section 5.1 end in new_root, C absorbs
// all of it, and y is the aggregate of the header and of every slice at (z, lambda).
// Never chooses an outcome; never changes a row that is not loaded; never moves account_root; never leaves a published element
// outside C.
//
// S slots, T token rows, P pools, DT the depth of the token tree; the pool tree has twice that depth.
// Used by the build step as `component main {public [commitment, z, lambda, y]} = SwapBlock(S, T, P, DT);`

include "block_frame.circom";
include "lib/buses.circom";
include "constants.circom";
include "swap.circom";
include "swap_slices.circom";

template SwapBlock(S, T, P, DT) {
    assert(S >= 1 && S <= 127); // registers stay below 2^119 (swap.circom), counts below 2^16
    assert(T >= 2 && P >= 2); // a route trades in two pools
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
    input TokenOpening(DT) row[T];
    input Pair() pair[P];
    input PoolOpening(DT) pool[P];
    input SwapRequest() request[S];

    // Every slot works on the registers that its predecessor left.
    TokenRow() rows[S + 1][T];
    Pool() pools[S + 1][P];
    for (var t = 0; t < T; t++) {
        rows[0][t] <== row[t].leaf;
    }
    for (var p = 0; p < P; p++) {
        pools[0][p] <== pool[p].leaf;
    }
    component slices = SwapSlices(S);
    slices.z <== z;
    component slot[S];
    for (var i = 0; i < S; i++) {
        slot[i] = SwapSlot(T, P);
        slot[i].timestamp <== timestamp;
        slot[i].row_id <== row_id;
        slot[i].pair <== pair;
        slot[i].row <== rows[i];
        slot[i].pool <== pools[i];
        slot[i].request <== request[i];
        rows[i + 1] <== slot[i].next_row;
        pools[i + 1] <== slot[i].next_pool;
        slices.records[i] <== slot[i].records;
    }

    BlockRoots(T, P, DT)(
        old_root, new_root, account_root, account_root, token_root, pool_root, row_id, row, rows[S], pair, pool, pools[S]
    );
    BlockStatement(SWAP_SLOT_WORDS() * S)(
        commitment, z, lambda, y, domain, number, timestamp, old_root, new_root, slices.counts, slices.words, 0, slices.value
    );
}
