pragma circom 2.1.6;

// The statement of the account lane: one block, on every chain (docs/protocol.md sections 6 and 7).
// Takes the header, the roots, the loaded rows with their paths, and the operations with theirs; the four public inputs are commitment
// (C), z, lambda and y, in this order. Says: starting from old_root, these operations by the rules of section 5 end in new_root, C absorbs
// all of them, and y is the aggregate of the header and of every slice at (z, lambda).
// Never lets an operation pass that its rule refuses; never changes a row that is not loaded; never leaves a published element outside C.
//
// SL ledger slots, then SP pool slots, then SO order slots, on one running account root; T token rows, P pools; DT, DA, DO the depths of the
// token, account and order trees; the pool tree has twice the depth of the token tree.
// Used by the build step as `component main {public [commitment, z, lambda, y]} = AccountBlock(SL, SP, SO, T, P, DT, DA, DO);`

include "poseidon.circom";
include "lib/compare.circom";
include "lib/rows.circom";
include "lib/slices.circom";
include "lib/sponge.circom";
include "constants.circom";
include "ledger_slot.circom";
include "pool_slot.circom";
include "order_slot.circom";

template AccountBlock(SL, SP, SO, T, P, DT, DA, DO) {
    var N = MAX_CHAINS();
    var TOKENS = 4; // balances of a pool slot
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

    signal input ledger_kind[SL];
    signal input ledger_account[SL];
    signal input ledger_target[SL];
    signal input ledger_token[SL];
    signal input ledger_fee_token[SL];
    signal input ledger_fee_mantissa[SL];
    signal input ledger_fee_exponent[SL];
    signal input ledger_chain[SL];
    signal input ledger_amount[SL];
    signal input ledger_fill_fee[SL];
    signal input ledger_nonce[SL];
    signal input ledger_valid_until[SL];
    signal input ledger_request_id[SL];
    signal input ledger_queued_at[SL];
    signal input ledger_party_hi[SL];
    signal input ledger_party_lo[SL];
    signal input ledger_second_hi[SL];
    signal input ledger_second_lo[SL];
    signal input ledger_key_x[SL];
    signal input ledger_key_y[SL];
    signal input ledger_r_x[SL];
    signal input ledger_r_y[SL];
    signal input ledger_s[SL];
    signal input ledger_a_owner_hi[SL];
    signal input ledger_a_owner_lo[SL];
    signal input ledger_a_nonce[SL];
    signal input ledger_a_key_hash[SL];
    signal input ledger_a_order_root[SL];
    signal input ledger_a_balance[SL];
    signal input ledger_a_balance_path[SL][DT][3];
    signal input ledger_a_path[SL][DA][3];
    signal input ledger_b_owner_hi[SL];
    signal input ledger_b_owner_lo[SL];
    signal input ledger_b_nonce[SL];
    signal input ledger_b_key_hash[SL];
    signal input ledger_b_order_root[SL];
    signal input ledger_b_balance[SL];
    signal input ledger_b_balance_path[SL][DT][3];
    signal input ledger_b_path[SL][DA][3];

    signal input amm_kind[SP];
    signal input amm_account[SP];
    signal input amm_token_a[SP];
    signal input amm_token_b[SP];
    signal input amm_fee_token[SP];
    signal input amm_fee_mantissa[SP];
    signal input amm_fee_exponent[SP];
    signal input amm_lp_token[SP];
    signal input amm_pool_fee[SP];
    signal input amm_amount_a[SP];
    signal input amm_amount_b[SP];
    signal input amm_shares[SP];
    signal input amm_limit_a[SP];
    signal input amm_limit_b[SP];
    signal input amm_limit_shares[SP];
    signal input amm_nonce[SP];
    signal input amm_valid_until[SP];
    signal input amm_key_x[SP];
    signal input amm_key_y[SP];
    signal input amm_r_x[SP];
    signal input amm_r_y[SP];
    signal input amm_s[SP];
    signal input amm_owner_hi[SP];
    signal input amm_owner_lo[SP];
    signal input amm_key_hash[SP];
    signal input amm_order_root[SP];
    signal input amm_path[SP][DA][3];
    signal input amm_balance[SP][TOKENS];
    signal input amm_balance_path[SP][TOKENS][DT][3];

    signal input order_used[SO];
    signal input order_amount[SO][2];
    signal input order_token[SO][2];
    signal input order_account[SO][2];
    signal input order_slot[SO][2];
    signal input order_nonce[SO][2];
    signal input order_valid_until[SO][2];
    signal input order_fee_rate[SO][2];
    signal input order_sell[SO][2];
    signal input order_buy[SO][2];
    signal input order_key_x[SO][2];
    signal input order_key_y[SO][2];
    signal input order_r_x[SO][2];
    signal input order_r_y[SO][2];
    signal input order_s[SO][2];
    signal input order_owner_hi[SO][2];
    signal input order_owner_lo[SO][2];
    signal input order_account_nonce[SO][2];
    signal input order_key_hash[SO][2];
    signal input order_path[SO][2][DA][3];
    signal input order_balance[SO][2][2];
    signal input order_balance_path[SO][2][2][DT][3];
    signal input order_leaf_nonce[SO][2];
    signal input order_leaf_filled[SO][2];
    signal input order_leaf_path[SO][2][DO][3];

    RangeCheck(BLOCK_NUMBER_BITS())(number);
    RangeCheck(TIME_BITS())(timestamp);

    // Every slot works on the account root and the registers that its predecessor left. Only ledger slots move reserves, only pool slots
    // move pools.
    signal root[SL + SP + SO + 1];
    signal fees[SL + SP + SO + 1][T];
    signal reserve[SL + 1][T][N];
    signal reserve_lower[SP + 1][P];
    signal reserve_higher[SP + 1][P];
    signal supply[SP + 1][P];
    signal pool_fees[SP + 1][P];
    signal lp_token[SP + 1][P];
    root[0] <== account_root;
    fees[0] <== row_fees;
    reserve[0] <== row_reserve;
    reserve_lower[0] <== pool_reserve_lower;
    reserve_higher[0] <== pool_reserve_higher;
    supply[0] <== pool_supply;
    pool_fees[0] <== pool_fee;
    lp_token[0] <== pool_lp_token;

    component ledger[SL];
    for (var i = 0; i < SL; i++) {
        ledger[i] = LedgerSlot(T, DT, DA);
        ledger[i].domain <== domain;
        ledger[i].timestamp <== timestamp;
        ledger[i].row_id <== row_id;
        ledger[i].account_root <== root[i];
        ledger[i].reserve <== reserve[i];
        ledger[i].fees <== fees[i];
        ledger[i].kind <== ledger_kind[i];
        ledger[i].account <== ledger_account[i];
        ledger[i].target <== ledger_target[i];
        ledger[i].token <== ledger_token[i];
        ledger[i].fee_token <== ledger_fee_token[i];
        ledger[i].fee_mantissa <== ledger_fee_mantissa[i];
        ledger[i].fee_exponent <== ledger_fee_exponent[i];
        ledger[i].chain <== ledger_chain[i];
        ledger[i].amount <== ledger_amount[i];
        ledger[i].fill_fee <== ledger_fill_fee[i];
        ledger[i].nonce <== ledger_nonce[i];
        ledger[i].valid_until <== ledger_valid_until[i];
        ledger[i].request_id <== ledger_request_id[i];
        ledger[i].queued_at <== ledger_queued_at[i];
        ledger[i].party_hi <== ledger_party_hi[i];
        ledger[i].party_lo <== ledger_party_lo[i];
        ledger[i].second_hi <== ledger_second_hi[i];
        ledger[i].second_lo <== ledger_second_lo[i];
        ledger[i].key_x <== ledger_key_x[i];
        ledger[i].key_y <== ledger_key_y[i];
        ledger[i].r_x <== ledger_r_x[i];
        ledger[i].r_y <== ledger_r_y[i];
        ledger[i].s <== ledger_s[i];
        ledger[i].a_owner_hi <== ledger_a_owner_hi[i];
        ledger[i].a_owner_lo <== ledger_a_owner_lo[i];
        ledger[i].a_nonce <== ledger_a_nonce[i];
        ledger[i].a_key_hash <== ledger_a_key_hash[i];
        ledger[i].a_order_root <== ledger_a_order_root[i];
        ledger[i].a_balance <== ledger_a_balance[i];
        ledger[i].a_balance_path <== ledger_a_balance_path[i];
        ledger[i].a_path <== ledger_a_path[i];
        ledger[i].b_owner_hi <== ledger_b_owner_hi[i];
        ledger[i].b_owner_lo <== ledger_b_owner_lo[i];
        ledger[i].b_nonce <== ledger_b_nonce[i];
        ledger[i].b_key_hash <== ledger_b_key_hash[i];
        ledger[i].b_order_root <== ledger_b_order_root[i];
        ledger[i].b_balance <== ledger_b_balance[i];
        ledger[i].b_balance_path <== ledger_b_balance_path[i];
        ledger[i].b_path <== ledger_b_path[i];
        root[i + 1] <== ledger[i].next_account_root;
        reserve[i + 1] <== ledger[i].next_reserve;
        fees[i + 1] <== ledger[i].next_fees;
    }

    component amm[SP];
    for (var i = 0; i < SP; i++) {
        amm[i] = PoolSlot(T, P, DT, DA);
        amm[i].domain <== domain;
        amm[i].timestamp <== timestamp;
        amm[i].row_id <== row_id;
        amm[i].pool_lower <== pool_lower;
        amm[i].pool_higher <== pool_higher;
        amm[i].account_root <== root[SL + i];
        amm[i].fees <== fees[SL + i];
        amm[i].pool_reserve_lower <== reserve_lower[i];
        amm[i].pool_reserve_higher <== reserve_higher[i];
        amm[i].pool_supply <== supply[i];
        amm[i].pool_fees <== pool_fees[i];
        amm[i].pool_lp_token <== lp_token[i];
        amm[i].kind <== amm_kind[i];
        amm[i].account <== amm_account[i];
        amm[i].token_a <== amm_token_a[i];
        amm[i].token_b <== amm_token_b[i];
        amm[i].fee_token <== amm_fee_token[i];
        amm[i].fee_mantissa <== amm_fee_mantissa[i];
        amm[i].fee_exponent <== amm_fee_exponent[i];
        amm[i].lp_token <== amm_lp_token[i];
        amm[i].pool_fee <== amm_pool_fee[i];
        amm[i].amount_a <== amm_amount_a[i];
        amm[i].amount_b <== amm_amount_b[i];
        amm[i].shares <== amm_shares[i];
        amm[i].limit_a <== amm_limit_a[i];
        amm[i].limit_b <== amm_limit_b[i];
        amm[i].limit_shares <== amm_limit_shares[i];
        amm[i].nonce <== amm_nonce[i];
        amm[i].valid_until <== amm_valid_until[i];
        amm[i].key_x <== amm_key_x[i];
        amm[i].key_y <== amm_key_y[i];
        amm[i].r_x <== amm_r_x[i];
        amm[i].r_y <== amm_r_y[i];
        amm[i].s <== amm_s[i];
        amm[i].owner_hi <== amm_owner_hi[i];
        amm[i].owner_lo <== amm_owner_lo[i];
        amm[i].key_hash <== amm_key_hash[i];
        amm[i].order_root <== amm_order_root[i];
        amm[i].path <== amm_path[i];
        amm[i].balance <== amm_balance[i];
        amm[i].balance_path <== amm_balance_path[i];
        root[SL + i + 1] <== amm[i].next_account_root;
        fees[SL + i + 1] <== amm[i].next_fees;
        reserve_lower[i + 1] <== amm[i].next_pool_reserve_lower;
        reserve_higher[i + 1] <== amm[i].next_pool_reserve_higher;
        supply[i + 1] <== amm[i].next_pool_supply;
        pool_fees[i + 1] <== amm[i].next_pool_fees;
        lp_token[i + 1] <== amm[i].next_pool_lp_token;
    }

    component order[SO];
    for (var i = 0; i < SO; i++) {
        order[i] = OrderSlot(T, DT, DA, DO);
        order[i].domain <== domain;
        order[i].timestamp <== timestamp;
        order[i].row_id <== row_id;
        order[i].account_root <== root[SL + SP + i];
        order[i].fees <== fees[SL + SP + i];
        order[i].used <== order_used[i];
        order[i].amount <== order_amount[i];
        order[i].token <== order_token[i];
        order[i].account <== order_account[i];
        order[i].slot <== order_slot[i];
        order[i].nonce <== order_nonce[i];
        order[i].valid_until <== order_valid_until[i];
        order[i].fee_rate <== order_fee_rate[i];
        order[i].sell <== order_sell[i];
        order[i].buy <== order_buy[i];
        order[i].key_x <== order_key_x[i];
        order[i].key_y <== order_key_y[i];
        order[i].r_x <== order_r_x[i];
        order[i].r_y <== order_r_y[i];
        order[i].s <== order_s[i];
        order[i].owner_hi <== order_owner_hi[i];
        order[i].owner_lo <== order_owner_lo[i];
        order[i].account_nonce <== order_account_nonce[i];
        order[i].key_hash <== order_key_hash[i];
        order[i].path <== order_path[i];
        order[i].balance <== order_balance[i];
        order[i].balance_path <== order_balance_path[i];
        order[i].leaf_nonce <== order_leaf_nonce[i];
        order[i].leaf_filled <== order_leaf_filled[i];
        order[i].leaf_path <== order_leaf_path[i];
        root[SL + SP + i + 1] <== order[i].next_account_root;
        fees[SL + SP + i + 1] <== order[i].next_fees;
    }

    // Rows are opened and replaced root to root. Supplies are below 2^112 like all amounts; a new LP token is an id (PoolSlot).
    for (var p = 0; p < P; p++) {
        RangeCheck(AMOUNT_BITS())(supply[SP][p]);
    }
    signal new_token_root <== TokenRows(T, DT)(
        token_root, row_id, row_path, row_reserve, row_fees, reserve[SL], fees[SL + SP + SO]
    );
    signal new_pool_root <== PoolRows(P, DT)(
        pool_root, pool_lower, pool_higher, pool_path,
        pool_reserve_lower, pool_reserve_higher, pool_supply, pool_fee, pool_lp_token,
        reserve_lower[SP], reserve_higher[SP], supply[SP], pool_fees[SP], lp_token[SP]
    );
    signal root_before <== Poseidon(3)([account_root, token_root, pool_root]);
    signal root_after <== Poseidon(3)([root[SL + SP + SO], new_token_root, new_pool_root]);
    root_before === old_root;
    root_after === new_root;

    component slices = AccountSlices(SL, SP + SO);
    slices.z <== z;
    for (var i = 0; i < SL; i++) {
        slices.request[i] <== ledger[i].request_words;
        slices.payout[i] <== ledger[i].payout_words;
        slices.ledger_data[i] <== ledger[i].data_words;
        slices.is_source[i] <== ledger[i].is_source;
        slices.is_payer[i] <== ledger[i].is_payer;
        slices.ledger_used[i] <== ledger[i].used;
        slices.is_new[i] <== ledger[i].is_new;
    }
    for (var i = 0; i < SP; i++) {
        slices.trade[i] <== amm[i].words;
        slices.trade_used[i] <== amm[i].used;
    }
    for (var i = 0; i < SO; i++) {
        slices.trade[SP + i] <== order[i].words;
        slices.trade_used[SP + i] <== order_used[i];
    }

    // The header.
    signal header[5];
    header[0] <== domain;
    header[1] <== number * (1 << TIME_BITS()) + timestamp;
    header[2] <== slices.counts;
    header[3] <== old_root;
    header[4] <== new_root;

    // The commitment absorbs the header and all words of all slots.
    var LEDGER_WORDS = LEDGER_SLOT_WORDS();
    component sponge = Sponge(5 + LEDGER_WORDS * SL + 2 * (SP + SO));
    for (var i = 0; i < 5; i++) {
        sponge.in[i] <== header[i];
    }
    for (var i = 0; i < SL; i++) {
        for (var j = 0; j < 4; j++) {
            sponge.in[5 + LEDGER_WORDS * i + j] <== ledger[i].request_words[j];
        }
        for (var j = 0; j < 2; j++) {
            sponge.in[5 + LEDGER_WORDS * i + 4 + j] <== ledger[i].data_words[j];
        }
        for (var j = 0; j < 3; j++) {
            sponge.in[5 + LEDGER_WORDS * i + 6 + j] <== ledger[i].payout_words[j];
        }
    }
    for (var i = 0; i < SP + SO; i++) {
        for (var j = 0; j < 2; j++) {
            sponge.in[5 + LEDGER_WORDS * SL + 2 * i + j] <== slices.trade[i][j];
        }
    }
    sponge.out === commitment;

    signal header_value <== Horner(5)(header, z);
    signal aggregate <== Aggregate()(header_value, slices.data_value, slices.value, lambda);
    aggregate === y;
}

// The slices of the account lane at z, and the header's word of counts. Takes the words of every slot and where they belong: per ledger
// slot the request's, the payout's and the data record's; then the two data words of each pool and order slot ("trade").
// Relies on selectors with at most one bit set, and on words that are zero where a slot has no such record.
template AccountSlices(SL, trades) {
    var N = MAX_CHAINS();
    signal input z;
    signal input request[SL][4];
    signal input payout[SL][3];
    signal input ledger_data[SL][2];
    signal input is_source[SL][N];
    signal input is_payer[SL][N];
    signal input ledger_used[SL];
    signal input is_new[SL];
    signal input trade[trades][2];
    signal input trade_used[trades];
    signal output value[N];
    signal output data_value;
    signal output counts;

    signal z_2 <== z * z;
    signal z_3 <== z_2 * z;
    signal z_4 <== z_2 * z_2;
    var count[N + 1];
    for (var k = 0; k <= N; k++) {
        count[k] = 0;
    }

    // The chains' slices: for each ledger slot first the request, then the payout.
    signal slice[2 * SL + 1][N];
    signal request_value[SL];
    signal payout_value[SL];
    for (var k = 0; k < N; k++) {
        slice[0][k] <== 0;
    }
    for (var i = 0; i < SL; i++) {
        request_value[i] <== Horner(ACCOUNT_REQUEST_WORDS())(request[i], z);
        payout_value[i] <== Horner(PAYOUT_WORDS())(payout[i], z);
        slice[2 * i + 1] <== AppendRecord()(is_source[i], slice[2 * i], z_4, request_value[i]);
        slice[2 * i + 2] <== AppendRecord()(is_payer[i], slice[2 * i + 1], z_3, payout_value[i]);
        for (var k = 0; k < N; k++) {
            count[k + 1] += ACCOUNT_REQUEST_WORDS() * is_source[i][k] + PAYOUT_WORDS() * is_payer[i][k];
        }
    }
    value <== slice[2 * SL];

    // Slice 0: the data records. One word, or two where the record is new; none from an empty slot, whose words are zero.
    signal data[SL + trades + 1];
    signal record[SL + trades];
    signal growth[SL];
    signal factor[SL];
    signal grown[trades];
    data[0] <== 0;
    for (var i = 0; i < SL; i++) {
        record[i] <== ledger_data[i][0] * z + ledger_data[i][1];
        growth[i] <== ledger_used[i] * (z - 1);
        factor[i] <== 1 + growth[i] + is_new[i] * (z_2 - z);
        data[i + 1] <== data[i] * factor[i] + record[i];
        count[0] += ledger_used[i] + is_new[i];
    }
    for (var i = 0; i < trades; i++) {
        record[SL + i] <== trade[i][0] * z + trade[i][1];
        grown[i] <== data[SL + i] * (z_2 - 1);
        data[SL + i + 1] <== data[SL + i] + trade_used[i] * grown[i] + record[SL + i];
        count[0] += 2 * trade_used[i];
    }
    data_value <== data[SL + trades];

    // Slice k's count starts at bit 16 * k; a count is at most 7 * 127 < 2^16, so the fields are disjoint.
    var packed = 0;
    for (var k = 0; k <= N; k++) {
        packed += count[k] * (1 << (COUNT_BITS() * k));
    }
    counts <== packed;
}
