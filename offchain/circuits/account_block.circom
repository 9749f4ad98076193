pragma circom 2.2.0;

// The statement of the account lane: one block, on every chain (docs/protocol.md sections 6 and 7).
// Takes the header, the roots, the loaded rows with their paths, and the operations with theirs; the four public inputs are commitment
// (C), z, lambda and y, in this order. Says: starting from old_root, these operations by the rules of section 5 end in new_root, C absorbs
// all of them, and y is the aggregate of the header and of every slice at (z, lambda).
// Never lets an operation pass that its rule refuses; never changes a row that is not loaded; never leaves a published element outside C.
//
// SL ledger slots, then SP pool slots, then SO order slots, on one running account root; T token rows, P pools; DT, DA, DO the depths of the
// token, account and order trees; the pool tree has twice the depth of the token tree.
// Used by the build step as `component main {public [commitment, z, lambda, y]} = AccountBlock(SL, SP, SO, T, P, DT, DA, DO);`

include "account_slices.circom";
include "block_frame.circom";
include "lib/buses.circom";
include "lib/compare.circom";
include "constants.circom";
include "ledger_slot.circom";
include "order_slot.circom";
include "pool_slot.circom";

template AccountBlock(SL, SP, SO, T, P, DT, DA, DO) {
    var SLOTS = SL + SP + SO;
    // A slot adds at most two amounts to one register (an order match its two fees), so registers stay below 2^119
    // (lib/ratio.circom), and counts below 2^16.
    assert(SL >= 1 && SP >= 1 && SO >= 1 && SL + SP + 2 * SO <= 127);
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
    input TokenOpening(DT) row[T];
    input Pair() pair[P];
    input PoolOpening(DT) pool[P];
    input LedgerInput(DT, DA) ledger_input[SL];
    input PoolInput(DT, DA) pool_input[SP];
    input MatchInput(DT, DA, DO) match_input[SO];

    // Every slot works on the account root and the registers that its predecessor left: ledger slots on token rows, pool slots on fees and
    // pools, order slots on fees.
    signal root[SLOTS + 1];
    TokenRow() rows[SL + 1][T];
    signal fees[SP + SO + 1][T];
    Pool() pools[SP + 1][P];
    root[0] <== account_root;
    for (var t = 0; t < T; t++) {
        rows[0][t] <== row[t].leaf;
    }
    for (var p = 0; p < P; p++) {
        pools[0][p] <== pool[p].leaf;
    }
    component slices = AccountSlices(SL, SP, SO);
    slices.z <== z;

    component ledger_slot[SL];
    for (var i = 0; i < SL; i++) {
        ledger_slot[i] = LedgerSlot(i, T, DT, DA);
        ledger_slot[i].domain <== domain;
        ledger_slot[i].number <== number;
        ledger_slot[i].timestamp <== timestamp;
        ledger_slot[i].row_id <== row_id;
        ledger_slot[i].account_root <== root[i];
        ledger_slot[i].row <== rows[i];
        ledger_slot[i].op <== ledger_input[i].op;
        ledger_slot[i].signature <== ledger_input[i].signature;
        ledger_slot[i].a <== ledger_input[i].a;
        ledger_slot[i].b <== ledger_input[i].b;
        root[i + 1] <== ledger_slot[i].next_account_root;
        rows[i + 1] <== ledger_slot[i].next_row;
        slices.ledger[i] <== ledger_slot[i].records;
    }
    for (var t = 0; t < T; t++) {
        fees[0][t] <== rows[SL][t].fees;
    }

    component pool_slot[SP];
    for (var i = 0; i < SP; i++) {
        pool_slot[i] = PoolSlot(T, P, DT, DA);
        pool_slot[i].domain <== domain;
        pool_slot[i].timestamp <== timestamp;
        pool_slot[i].row_id <== row_id;
        pool_slot[i].pair <== pair;
        pool_slot[i].account_root <== root[SL + i];
        pool_slot[i].fees <== fees[i];
        pool_slot[i].pool <== pools[i];
        pool_slot[i].op <== pool_input[i].op;
        pool_slot[i].signature <== pool_input[i].signature;
        pool_slot[i].owner <== pool_input[i].owner;
        root[SL + i + 1] <== pool_slot[i].next_account_root;
        fees[i + 1] <== pool_slot[i].next_fees;
        pools[i + 1] <== pool_slot[i].next_pool;
        slices.pool[i] <== pool_slot[i].records;
    }

    component order_slot[SO];
    for (var i = 0; i < SO; i++) {
        order_slot[i] = OrderSlot(T, DT, DA, DO);
        order_slot[i].domain <== domain;
        order_slot[i].timestamp <== timestamp;
        order_slot[i].row_id <== row_id;
        order_slot[i].account_root <== root[SL + SP + i];
        order_slot[i].fees <== fees[SP + i];
        order_slot[i].match <== match_input[i];
        root[SL + SP + i + 1] <== order_slot[i].next_account_root;
        fees[SP + i + 1] <== order_slot[i].next_fees;
        slices.order[i] <== order_slot[i].records;
    }

    TokenRow() next_row[T];
    for (var t = 0; t < T; t++) {
        next_row[t].reserve <== rows[SL][t].reserve;
        next_row[t].fees <== fees[SP + SO][t];
    }
    // Supplies are below 2^112 like all amounts; a new LP token is an id (PoolSlot).
    for (var p = 0; p < P; p++) {
        RangeCheck(AMOUNT_BITS())(pools[SP][p].supply);
    }
    BlockRoots(T, P, DT)(
        old_root, new_root, account_root, root[SLOTS], token_root, pool_root, row_id, row, next_row, pair, pool, pools[SP]
    );
    BlockStatement(LEDGER_SLOT_WORDS() * SL + POOL_SLOT_WORDS() * SP + ORDER_DATA_WORDS() * SO)(
        commitment, z, lambda, y, domain, number, timestamp, old_root, new_root, slices.counts, slices.words, slices.data_value,
        slices.value
    );
}
