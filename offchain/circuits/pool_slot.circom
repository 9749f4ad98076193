pragma circom 2.1.6;

// One pool operation (docs/protocol.md sections 5.9 to 5.12) on hot registers and the account tree: create a pool, add
// liquidity, remove it, swap against a pool.
// PoolSlot takes the registers before it, the loaded indices, the account root and one signed operation (or none: kind 0, all
// zero); gives the registers and the account root after it and the two words it publishes.
// Never takes an amount from the prover but the shares of kind 13, which may be fewer than the most that the limits allow; never
// lets a kind touch what is not its own: an amount that a kind does not have is zero, and so is its change.
//
// Bounds. Registers are below 2^119 (lib/ratio.circom). amount_a, amount_b, shares and the limits are below 2^112.
// Nothing becomes negative: a pool gives floor(shares * reserve / supply) <= reserve, because shares <= supply, or out <= reserve.

include "poseidon.circom";
include "bitify.circom";
include "lib/account.circom";
include "lib/balance.circom";
include "lib/compare.circom";
include "lib/fee.circom";
include "lib/ratio.circom";
include "lib/select.circom";
include "lib/signature.circom";
include "constants.circom";

// The loaded pool of the pair as the slot sees it: x on token_a's side, y on token_b's. is_descending is 1 where token_a is the
// higher. Unsatisfiable if used and no pool of the pair is loaded. A loaded pool has lower < higher, so the order has one answer,
// equal tokens have none, and where it must not be descending token_a < token_b.
template PairView(P) {
    signal input used;
    signal input may_descend;
    signal input token_a;
    signal input token_b;
    signal input pool_lower[P];
    signal input pool_higher[P];
    signal input reserve_lower[P];
    signal input reserve_higher[P];
    signal output selected[P];
    signal output is_descending;
    signal output x;
    signal output y;

    is_descending <-- may_descend == 1 && token_a > token_b ? 1 : 0;
    BooleanCheck()(is_descending);
    is_descending * (1 - may_descend) === 0;
    signal lower <== Choose()(is_descending, token_a, token_b);
    signal higher <== token_a + token_b - lower;
    selected <== SelectPair(P)(used, lower, higher, pool_lower, pool_higher);

    signal found_lower <== InnerProduct(P)(selected, reserve_lower);
    signal found_higher <== InnerProduct(P)(selected, reserve_higher);
    x <== Choose()(is_descending, found_lower, found_higher);
    y <== found_lower + found_higher - x;
}

// The amounts are what the kind's rule makes of pool and limits. Takes kind bits of which at most one is set, x, y and
// supply < 2^119, fee < D. Every product has a factor below 2^112 and one below 2^119, or is ConstantProduct's.
template PoolAmounts() {
    signal input is_add;
    signal input is_remove;
    signal input is_swap;
    signal input x;
    signal input y;
    signal input supply;
    signal input fee;
    signal input amount_a;
    signal input amount_b;
    signal input shares;
    signal input limit_a;
    signal input limit_b;
    signal input limit_shares;

    RangeCheck(AMOUNT_BITS())(limit_a);
    RangeCheck(AMOUNT_BITS())(limit_b);
    RangeCheck(AMOUNT_BITS())(limit_shares);

    // What a kind does not have is zero; what it must have is not. Amounts and shares are below 2^112: where 1 is subtracted here they
    // are a limit (amount_a of 15, shares of 14), ConstantProduct's result (amount_b of 15), or checked with the LP balance
    // (shares of 13).
    var has_shares = is_add + is_remove;
    var has_amounts = has_shares + is_swap;
    (1 - has_amounts) * amount_a === 0;
    (1 - has_amounts) * amount_b === 0;
    (1 - has_amounts) * limit_a === 0;
    (1 - has_amounts) * limit_b === 0;
    (1 - has_shares) * shares === 0;
    (1 - has_shares) * limit_shares === 0;
    RangeCheck(AMOUNT_BITS())(amount_a - is_swap);
    RangeCheck(AMOUNT_BITS())(amount_b - is_swap);
    RangeCheck(AMOUNT_BITS())(shares - has_shares);

    // The limits. Nobody pays more than a limit (13) or exactly it (13 into an empty pool, 15), nobody gets less.
    signal has_no_supply <== IsNull()(supply);
    signal is_first <== has_no_supply * is_add;
    (is_first + is_swap) * (amount_a - limit_a) === 0;
    is_first * (amount_b - limit_b) === 0;
    is_remove * (shares - limit_shares) === 0;
    signal margin_a <== (is_remove - is_add) * (amount_a - limit_a);
    signal margin_b <== (is_remove + is_swap - is_add) * (amount_b - limit_b);
    signal margin_shares <== is_add * (shares - limit_shares);
    RangeCheck(AMOUNT_BITS())(margin_a);
    RangeCheck(AMOUNT_BITS())(margin_b);
    RangeCheck(AMOUNT_BITS())(margin_shares);

    // The first shares are the square root; otherwise amounts are in proportion, rounded for the pool: up when it gets, down when it
    // gives. Where neither applies all terms are 0 and the divisor is 1.
    signal first_amount <== is_first * amount_a;
    signal square <== first_amount * amount_b;
    signal first_shares <== is_first * shares;
    IsSquareRoot()(square, first_shares);
    var is_proportional = has_shares - is_first;
    signal divisor <== Choose()(is_proportional, 1, supply);
    signal proportional_shares <== shares - first_shares;
    signal dividend_a <== proportional_shares * x;
    signal dividend_b <== proportional_shares * y;
    signal proportional_a <== is_proportional * amount_a;
    signal proportional_b <== is_proportional * amount_b;
    IsQuotient(REGISTER_BITS())(is_add, dividend_a, divisor, proportional_a);
    IsQuotient(REGISTER_BITS())(is_add, dividend_b, divisor, proportional_b);

    // No more shares than there are.
    signal remaining <== is_remove * (supply - shares);
    RangeCheck(REGISTER_BITS())(remaining);

    signal dx <== is_swap * amount_a;
    signal out <== ConstantProduct()(x, y, fee, dx, 1 - is_swap);
    out === is_swap * amount_b;
}

// The two data words. Relies on tokens, account, fee and lp_token being bounded by their decompositions, on amounts, shares and
// pool_fee by their rules.
template PoolWords() {
    signal input used;
    signal input kind;
    signal input account;
    signal input token_a;
    signal input token_b;
    signal input packed_fee;
    signal input fee_token;
    signal input lp_token;
    signal input pool_fee;
    signal input amount_a;
    signal input amount_b;
    signal input shares;
    signal output words[2];

    words[0] <== kind * (1 << POOL_DATA_0_KIND_SHIFT())
        + account * (1 << POOL_DATA_0_ACCOUNT_SHIFT())
        + token_a * (1 << POOL_DATA_0_TOKEN_A_SHIFT())
        + token_b * (1 << POOL_DATA_0_TOKEN_B_SHIFT())
        + packed_fee * (1 << POOL_DATA_0_FEE_SHIFT())
        + fee_token * (1 << POOL_DATA_0_FEE_TOKEN_SHIFT())
        + lp_token * (1 << POOL_DATA_0_LP_TOKEN_SHIFT())
        + pool_fee * (1 << POOL_DATA_0_POOL_FEE_SHIFT())
        + amount_a * (1 << POOL_DATA_0_AMOUNT_A_SHIFT());
    words[1] <== amount_b * (1 << POOL_DATA_1_AMOUNT_B_SHIFT()) + shares * (1 << POOL_DATA_1_SHARES_SHIFT());

    // An empty slot is all zero. The fields of a word are disjoint and bounded, so a zero word means zero fields.
    for (var i = 0; i < 2; i++) {
        words[i] * (1 - used) === 0;
    }
}

template PoolSlot(T, P, DT, DA) {
    var KINDS = 4;
    var FIRST_KIND = CREATE_POOL_KIND();
    var TOKENS = 4; // token_a, token_b, lp_token, fee_token

    signal input domain;
    signal input timestamp;
    signal input row_id[T];
    signal input pool_lower[P];
    signal input pool_higher[P];

    signal input account_root;
    signal input fees[T];
    signal input pool_reserve_lower[P];
    signal input pool_reserve_higher[P];
    signal input pool_supply[P];
    signal input pool_fees[P];
    signal input pool_lp_token[P];

    signal input kind;
    signal input account;
    signal input token_a;
    signal input token_b;
    signal input fee_token;
    signal input fee_mantissa;
    signal input fee_exponent;
    signal input lp_token;
    signal input pool_fee;
    signal input amount_a;
    signal input amount_b;
    signal input shares;
    signal input limit_a;
    signal input limit_b;
    signal input limit_shares;
    signal input nonce;
    signal input valid_until;
    signal input key_x;
    signal input key_y;
    signal input r_x;
    signal input r_y;
    signal input s;
    signal input owner_hi;
    signal input owner_lo;
    signal input key_hash;
    signal input order_root;
    signal input path[DA][3];
    signal input balance[TOKENS];
    signal input balance_path[TOKENS][DT][3];

    signal output next_account_root;
    signal output next_fees[T];
    signal output next_pool_reserve_lower[P];
    signal output next_pool_reserve_higher[P];
    signal output next_pool_supply[P];
    signal output next_pool_fees[P];
    signal output next_pool_lp_token[P];
    signal output used;
    signal output words[2];

    // The kind: one of four, or 0 and no operation.
    used <-- kind != 0 ? 1 : 0;
    BooleanCheck()(used);
    signal is_kind[KINDS] <== SelectConstant(KINDS)(used, kind - used * (FIRST_KIND - 1));
    signal is_create <== is_kind[CREATE_POOL_KIND() - FIRST_KIND];
    signal is_add <== is_kind[ADD_LIQUIDITY_KIND() - FIRST_KIND];
    signal is_remove <== is_kind[REMOVE_LIQUIDITY_KIND() - FIRST_KIND];
    signal is_swap <== is_kind[POOL_SWAP_KIND() - FIRST_KIND];

    // What it works on.
    component pool = PairView(P);
    pool.used <== used;
    pool.may_descend <== is_swap;
    pool.token_a <== token_a;
    pool.token_b <== token_b;
    pool.pool_lower <== pool_lower;
    pool.pool_higher <== pool_higher;
    pool.reserve_lower <== pool_reserve_lower;
    pool.reserve_higher <== pool_reserve_higher;
    signal supply <== InnerProduct(P)(pool.selected, pool_supply);
    signal fee_of_pool <== InnerProduct(P)(pool.selected, pool_fees);
    signal issued <== InnerProduct(P)(pool.selected, pool_lp_token);
    signal is_row_fee[T] <== SelectLoaded(T)(used, fee_token, row_id);
    signal is_row_0[T] <== SelectLoaded(T)(is_create, 0, row_id);

    // A pool exists iff it has an LP token: so must it for every kind but the one that creates it. A pool that does not exist is an
    // empty record.
    signal is_unissued <== IsNull()(issued);
    1 - is_unissued === used - is_create;

    // Tokens. A new pool's tokens are below the LP tokens and not 0; its LP token has the next number. The bits of lp_token end the
    // numbers at the last token id.
    signal token_bits[TOKENS][2 * DT];
    token_bits[0] <== Num2Bits(2 * DT)(token_a);
    token_bits[1] <== Num2Bits(2 * DT)(token_b);
    token_bits[2] <== Num2Bits(2 * DT)(lp_token);
    token_bits[3] <== Num2Bits(2 * DT)(fee_token);
    signal is_no_token <== IsNull()(token_a);
    is_create * (is_no_token + token_bits[1][2 * DT - 1]) === 0;
    signal pool_count <== InnerProduct(T)(is_row_0, fees);
    signal kept_lp_token <== (is_add + is_remove) * issued;
    lp_token === is_create * (1 << (2 * DT - 1)) + pool_count + kept_lp_token;
    (1 - is_create) * pool_fee === 0;
    RangeCheck(FEE_BITS())(pool_fee);
    RangeCheck(FEE_BITS())(FEE_DENOMINATOR() - 1 - pool_fee);

    PoolAmounts()(
        is_add, is_remove, is_swap, pool.x, pool.y, supply, fee_of_pool, amount_a, amount_b, shares, limit_a, limit_b, limit_shares
    );
    component fee = PackedFee();
    fee.mantissa <== fee_mantissa;
    fee.exponent <== fee_exponent;

    // The owner's will.
    RangeCheck(TIME_BITS())(valid_until);
    signal time_left <== used * (valid_until - timestamp);
    RangeCheck(TIME_BITS())(time_left);
    var m0 = kind * (1 << POOL_MESSAGE_0_KIND_SHIFT())
        + account * (1 << POOL_MESSAGE_0_ACCOUNT_SHIFT())
        + nonce * (1 << POOL_MESSAGE_0_NONCE_SHIFT())
        + valid_until * (1 << POOL_MESSAGE_0_VALID_UNTIL_SHIFT())
        + token_a * (1 << POOL_MESSAGE_0_TOKEN_A_SHIFT())
        + token_b * (1 << POOL_MESSAGE_0_TOKEN_B_SHIFT())
        + fee.packed * (1 << POOL_MESSAGE_0_FEE_SHIFT())
        + fee_token * (1 << POOL_MESSAGE_0_FEE_TOKEN_SHIFT())
        + pool_fee * (1 << POOL_MESSAGE_0_POOL_FEE_SHIFT());
    var m1 = limit_a * (1 << POOL_MESSAGE_1_LIMIT_A_SHIFT()) + limit_b * (1 << POOL_MESSAGE_1_LIMIT_B_SHIFT());
    signal message <== Poseidon(4)([domain, m0, m1, limit_shares]);
    signal signer <== CheckSignature()(used, message, key_x, key_y, r_x, r_y, s);
    used * (signer - key_hash) === 0;

    // The account: its four balances in turn, then its leaf.
    signal change[TOKENS];
    change[0] <== (is_remove - is_add - is_swap) * amount_a;
    change[1] <== (is_remove + is_swap - is_add) * amount_b;
    change[2] <== (is_add - is_remove) * shares;
    change[3] <== -fee.value;
    component step[TOKENS];
    for (var i = 0; i < TOKENS; i++) {
        step[i] = BalanceStep(DT);
        step[i].index_bits <== token_bits[i];
        step[i].path <== balance_path[i];
        step[i].before <== balance[i];
        step[i].change <== change[i];
        if (i > 0) {
            step[i].root_before === step[i - 1].root_after;
        }
    }
    RangeCheck(ADDRESS_HI_BITS())(owner_hi);
    RangeCheck(NONCE_BITS())(nonce);
    RangeCheck(NONCE_BITS())(nonce + used);
    component leaf = AccountReplace(DA);
    leaf.account_root <== account_root;
    leaf.index_bits <== Num2Bits(2 * DA)(account);
    leaf.path <== path;
    leaf.leaf_before <== AccountLeaf()(owner_hi, owner_lo, nonce, key_hash, step[0].root_before, order_root);
    leaf.leaf_after <== AccountLeaf()(owner_hi, owner_lo, nonce + used, key_hash, step[TOKENS - 1].root_after, order_root);
    next_account_root <== leaf.next_account_root;

    // The registers. What leaves the account enters the pool.
    for (var t = 0; t < T; t++) {
        next_fees[t] <== fees[t] + is_row_0[t] + is_row_fee[t] * fee.value;
    }
    signal change_lower <== Choose()(pool.is_descending, -change[0], -change[1]);
    var change_higher = -change[0] - change[1] - change_lower;
    signal is_created[P];
    for (var p = 0; p < P; p++) {
        is_created[p] <== is_create * pool.selected[p];
        next_pool_reserve_lower[p] <== pool_reserve_lower[p] + pool.selected[p] * change_lower;
        next_pool_reserve_higher[p] <== pool_reserve_higher[p] + pool.selected[p] * change_higher;
        next_pool_supply[p] <== pool_supply[p] + pool.selected[p] * change[2];
        next_pool_fees[p] <== pool_fees[p] + is_created[p] * pool_fee;
        next_pool_lp_token[p] <== pool_lp_token[p] + is_created[p] * lp_token;
    }

    words <== PoolWords()(
        used, kind, account, token_a, token_b, fee.packed, fee_token, lp_token, pool_fee, amount_a, amount_b, shares
    );
}
