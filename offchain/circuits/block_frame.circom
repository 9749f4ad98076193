pragma circom 2.2.0;

// What the blocks of both lanes have in common (docs/protocol.md sections 6 and 7): hot rows and roots before and after, and what the
// public inputs say of header, words and slices.
// Takes what a block's slots made of the rows and what they publish. Never runs an operation.

include "poseidon.circom";
include "lib/buses.circom";
include "lib/compare.circom";
include "lib/rows.circom";
include "lib/slices.circom";
include "lib/sponge.circom";
include "constants.circom";

// Rows are opened under old_root and replaced under new_root; T token rows, P pools. All other rows stay as they were.
template BlockRoots(T, P, DT) {
    signal input old_root;
    signal input new_root;
    signal input account_root;
    signal input next_account_root;
    signal input token_root;
    signal input pool_root;
    signal input row_id[T];
    input TokenOpening(DT) row[T];
    input TokenRow() next_row[T];
    input Pair() pair[P];
    input PoolOpening(DT) pool[P];
    input Pool() next_pool[P];

    signal next_token_root <== TokenRows(T, DT)(token_root, row_id, row, next_row);
    signal next_pool_root <== PoolRows(P, DT)(pool_root, pair, pool, next_pool);
    signal root_before <== Poseidon(3)([account_root, token_root, pool_root]);
    signal root_after <== Poseidon(3)([next_account_root, next_token_root, next_pool_root]);
    root_before === old_root;
    root_after === new_root;
}

// The commitment absorbs the header and all n words of all slots; y is the aggregate of the header and of every slice at (z, lambda).
template BlockStatement(n) {
    signal input commitment;
    signal input z;
    signal input lambda;
    signal input y;
    signal input domain;
    signal input number;
    signal input timestamp;
    signal input old_root;
    signal input new_root;
    signal input counts;
    signal input words[n];
    signal input data_value; // slice 0
    signal input value[MAX_CHAINS()];

    RangeCheck(BLOCK_NUMBER_BITS())(number);
    RangeCheck(TIME_BITS())(timestamp);
    signal header[5] <== [domain, number * (1 << TIME_BITS()) + timestamp, counts, old_root, new_root];

    component sponge = Sponge(5 + n);
    for (var i = 0; i < 5; i++) {
        sponge.in[i] <== header[i];
    }
    for (var i = 0; i < n; i++) {
        sponge.in[5 + i] <== words[i];
    }
    sponge.out === commitment;

    signal header_value <== Horner(5)(header, z);
    signal aggregate <== Aggregate()(header_value, data_value, value, lambda);
    aggregate === y;
}
