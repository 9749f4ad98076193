pragma circom 2.2.0;

// One pool operation (docs/protocol.md sections 5.3 and 5.9 to 5.12) on hot registers and the account tree: create a pool, add
// liquidity, remove it, swap against a pool, or the full exit of shares, which a request asks for and nobody signs.
// PoolSlot takes the registers before it, the loaded indices, the account root and one operation (or none: kind 0, all
// zero); gives the registers and the account root after it and the words it publishes.
// Never takes an amount from the prover but the shares of kind 13, which may be fewer than the most that the limits allow; never
// lets a kind touch what is not its own: an amount that a kind does not have is zero, and so is its change.
//
// Bounds. Registers are below 2^119 (lib/ratio.circom). amount_a, amount_b, shares and the limits are below 2^112.
// Nothing becomes negative: a pool gives floor(shares * reserve / supply) <= reserve, because shares <= supply, or out <= reserve.

include "poseidon.circom";
include "bitify.circom";
include "lib/account.circom";
include "lib/balance.circom";
include "lib/buses.circom";
include "lib/compare.circom";
include "lib/fee.circom";
include "lib/ratio.circom";
include "lib/request_words.circom";
include "lib/select.circom";
include "lib/signature.circom";
include "constants.circom";

// The loaded pool of the pair as the slot sees it: x on token_a's side, y on token_b's, and what else it holds. is_descending is 1 where
// token_a is the higher. Unsatisfiable if used and no pool of the pair is loaded. A loaded pool has lower < higher, so the order has one answer,
// equal tokens have none, and where it must not be descending token_a < token_b.
template PairView(P) {
    signal input used;
    signal input may_descend;
    signal input token_a;
    signal input token_b;
    input Pair() pair[P];
    input Pool() pool[P];
    signal output selected[P];
    signal output is_descending;
    signal output x;
    signal output y;
    signal output supply;
    signal output fee;
    signal output lp_token;

    is_descending <-- may_descend == 1 && token_a > token_b ? 1 : 0;
    BooleanCheck()(is_descending);
    is_descending * (1 - may_descend) === 0;
    signal lower <== Choose()(is_descending, token_a, token_b);
    signal higher <== token_a + token_b - lower;
    selected <== SelectPair(P)(used, lower, higher, pair);

    var column[5][P];
    for (var p = 0; p < P; p++) {
        column[0][p] = pool[p].reserve_lower;
        column[1][p] = pool[p].reserve_higher;
        column[2][p] = pool[p].supply;
        column[3][p] = pool[p].fee;
        column[4][p] = pool[p].lp_token;
    }
    signal found_lower <== InnerProduct(P)(selected, column[0]);
    signal found_higher <== InnerProduct(P)(selected, column[1]);
    supply <== InnerProduct(P)(selected, column[2]);
    fee <== InnerProduct(P)(selected, column[3]);
    lp_token <== InnerProduct(P)(selected, column[4]);
    x <== Choose()(is_descending, found_lower, found_higher);
    y <== found_lower + found_higher - x;
}

// The amounts are what the kind's rule makes of pool and limits. Takes kind bits of which at most one is set, x, y and
// supply < 2^119, fee < D. Every product has a factor below 2^112 and one below 2^119, or is ConstantProduct's.
template PoolAmounts() {
    signal input is_add;
    signal input is_remove;
    signal input is_swap;
    signal input is_exit;
    signal input x;
    signal input y;
    signal input supply;
    signal input fee;
    input PoolOperation() op;

    RangeCheck(AMOUNT_BITS())(op.limit_a);
    RangeCheck(AMOUNT_BITS())(op.limit_b);
    RangeCheck(AMOUNT_BITS())(op.limit_shares);

    // What a kind does not have is zero; what it must have is not. Amounts and shares are below 2^112: where 1 is subtracted here they
    // are a limit (amount_a of 15, shares of 14), ConstantProduct's result (amount_b of 15), or checked with the LP balance
    // (shares of 13).
    // A full exit of shares takes what there is, also nothing; out of a pool without supply it takes nothing.
    var has_shares = is_add + is_remove;
    var has_limits = has_shares + is_swap;
    signal has_no_supply <== IsNull()(supply);
    signal is_worthless <== is_exit * has_no_supply;
    (1 - has_limits - is_exit + is_worthless) * op.amount_a === 0;
    (1 - has_limits - is_exit + is_worthless) * op.amount_b === 0;
    (1 - has_limits) * op.limit_a === 0;
    (1 - has_limits) * op.limit_b === 0;
    (1 - has_shares - is_exit) * op.shares === 0;
    (1 - has_shares) * op.limit_shares === 0;
    RangeCheck(AMOUNT_BITS())(op.amount_a - is_swap);
    RangeCheck(AMOUNT_BITS())(op.amount_b - is_swap);
    RangeCheck(AMOUNT_BITS())(op.shares - has_shares);

    // The limits. Nobody pays more than a limit (13) or exactly it (13 into an empty pool, 15), nobody gets less.
    signal is_first <== has_no_supply * is_add;
    (is_first + is_swap) * (op.amount_a - op.limit_a) === 0;
    is_first * (op.amount_b - op.limit_b) === 0;
    is_remove * (op.shares - op.limit_shares) === 0;
    signal margin_a <== (is_remove - is_add) * (op.amount_a - op.limit_a);
    signal margin_b <== (is_remove + is_swap - is_add) * (op.amount_b - op.limit_b);
    signal margin_shares <== is_add * (op.shares - op.limit_shares);
    RangeCheck(AMOUNT_BITS())(margin_a);
    RangeCheck(AMOUNT_BITS())(margin_b);
    RangeCheck(AMOUNT_BITS())(margin_shares);

    // The first shares are the square root; otherwise amounts are in proportion, rounded for the pool: up when it gets, down when it
    // gives. Where neither applies all terms are 0 and the divisor is 1.
    signal first_amount <== is_first * op.amount_a;
    signal square <== first_amount * op.amount_b;
    signal first_shares <== is_first * op.shares;
    IsSquareRoot()(square, first_shares);
    var is_proportional = has_shares - is_first + is_exit - is_worthless;
    signal divisor <== Choose()(is_proportional, 1, supply);
    signal proportional_shares <== op.shares - first_shares;
    signal dividend_a <== proportional_shares * x;
    signal dividend_b <== proportional_shares * y;
    signal proportional_a <== is_proportional * op.amount_a;
    signal proportional_b <== is_proportional * op.amount_b;
    IsQuotient(REGISTER_BITS())(is_add, dividend_a, divisor, proportional_a);
    IsQuotient(REGISTER_BITS())(is_add, dividend_b, divisor, proportional_b);

    // No more shares than there are.
    signal remaining <== (is_remove + is_exit) * (supply - op.shares);
    RangeCheck(REGISTER_BITS())(remaining);

    signal dx <== is_swap * op.amount_a;
    signal out <== ConstantProduct()(x, y, fee, dx, 1 - is_swap);
    out === is_swap * op.amount_b;
}

// The two data words. Relies on tokens, account, fee and lp_token being bounded by their decompositions, on amounts, shares and
// pool_fee by their rules.
template PoolWords() {
    signal input used;
    input PoolOperation() op;
    signal input packed_fee;
    signal output words[2];

    words[0] <== op.kind * (1 << POOL_DATA_0_KIND_SHIFT())
        + op.account * (1 << POOL_DATA_0_ACCOUNT_SHIFT())
        + op.token_a * (1 << POOL_DATA_0_TOKEN_A_SHIFT())
        + op.token_b * (1 << POOL_DATA_0_TOKEN_B_SHIFT())
        + packed_fee * (1 << POOL_DATA_0_FEE_SHIFT())
        + op.fee_token * (1 << POOL_DATA_0_FEE_TOKEN_SHIFT())
        + op.lp_token * (1 << POOL_DATA_0_LP_TOKEN_SHIFT())
        + op.pool_fee * (1 << POOL_DATA_0_POOL_FEE_SHIFT())
        + op.amount_a * (1 << POOL_DATA_0_AMOUNT_A_SHIFT());
    words[1] <== op.source * (1 << POOL_DATA_1_CHAIN_SHIFT()) + op.amount_b * (1 << POOL_DATA_1_AMOUNT_B_SHIFT()) + op.shares * (1 << POOL_DATA_1_SHARES_SHIFT());

    // An empty slot is all zero. The fields of a word are disjoint and bounded, so a zero word means zero fields.
    for (var i = 0; i < 2; i++) {
        words[i] * (1 - used) === 0;
    }
}

// The words of the request for a full exit of shares: kind 5, as it was queued.
template ShareExitWords() {
    signal input is_exit;
    input PoolOperation() op;
    signal output words[4];

    signal token <== is_exit * op.lp_token;
    signal account <== is_exit * op.account;
    component record = AccountRequestWords();
    record.head <== is_exit * FULL_EXIT_KIND() * (1 << ACCOUNT_REQUEST_0_KIND_SHIFT())
        + op.source * (1 << ACCOUNT_REQUEST_0_SOURCE_SHIFT())
        + token * (1 << ACCOUNT_REQUEST_0_TOKEN_SHIFT())
        + account * (1 << ACCOUNT_REQUEST_0_ACCOUNT_SHIFT());
    record.id <== op.request.id;
    record.time <== op.request.queued_at;
    record.request <== op.request;
    record.owner <== op.party;
    record.second <== op.second;
    words <== record.words;
}

template PoolSlot(T, P, DT, DA) {
    var N = MAX_CHAINS();
    var KINDS = 4; // those that are signed
    var FIRST_KIND = CREATE_POOL_KIND();
    var TOKENS = 4; // token_a, token_b, lp_token, fee_token

    signal input domain;
    signal input timestamp;
    signal input row_id[T];
    input Pair() pair[P];
    signal input account_root;
    signal input fees[T];
    input Pool() pool[P];
    input PoolOperation() op;
    input Signature() signature;
    input AccountOpening(DT, DA, 4) owner;

    signal output next_account_root;
    signal output next_fees[T];
    output Pool() next_pool[P];
    output PoolRecords() records;

    // The kind: one of four that are signed, a full exit of shares, or 0 and no operation.
    signal is_exit <-- op.kind == SHARE_EXIT_KIND() ? 1 : 0;
    signal signed <-- op.kind != 0 && op.kind != SHARE_EXIT_KIND() ? 1 : 0;
    signal used <== signed + is_exit;
    BooleanCheck()(is_exit);
    BooleanCheck()(signed);
    BooleanCheck()(used);
    signal is_kind[KINDS] <== SelectConstant(KINDS)(signed, op.kind - is_exit * SHARE_EXIT_KIND() - signed * (FIRST_KIND - 1));
    signal is_create <== is_kind[CREATE_POOL_KIND() - FIRST_KIND];
    signal is_add <== is_kind[ADD_LIQUIDITY_KIND() - FIRST_KIND];
    signal is_remove <== is_kind[REMOVE_LIQUIDITY_KIND() - FIRST_KIND];
    signal is_swap <== is_kind[POOL_SWAP_KIND() - FIRST_KIND];

    // What it works on. A full exit can name shares that no pool has issued: then there is no pool, and nothing happens.
    signal is_unissued_exit <-- is_exit == 1 && op.token_a == 0 && op.token_b == 0 ? 1 : 0;
    BooleanCheck()(is_unissued_exit);
    is_unissued_exit * (1 - is_exit) === 0;
    is_unissued_exit * op.token_a === 0;
    is_unissued_exit * op.token_b === 0;
    component view = PairView(P);
    view.used <== used - is_unissued_exit;
    view.may_descend <== is_swap;
    view.token_a <== op.token_a;
    view.token_b <== op.token_b;
    view.pair <== pair;
    view.pool <== pool;
    signal is_row_fee[T] <== SelectLoaded(T)(signed, op.fee_token, row_id);
    signal is_row_0[T] <== SelectLoaded(T)(is_create + is_unissued_exit, 0, row_id);

    // A pool exists iff it has an LP token: so must it for every kind but the one that creates it. A pool that does not exist is an
    // empty record.
    signal is_unissued <== IsNull()(view.lp_token);
    1 - is_unissued === used - is_create - is_unissued_exit;

    // Tokens. A new pool's tokens are below the LP tokens and not 0; its LP token has the next number. The bits of lp_token end the
    // numbers at the last token id.
    signal token_bits[TOKENS][2 * DT];
    token_bits[0] <== Num2Bits(2 * DT)(op.token_a);
    token_bits[1] <== Num2Bits(2 * DT)(op.token_b);
    token_bits[2] <== Num2Bits(2 * DT)(op.lp_token);
    token_bits[3] <== Num2Bits(2 * DT)(op.fee_token);
    signal is_no_token <== IsNull()(op.token_a);
    is_create * (is_no_token + token_bits[1][2 * DT - 1]) === 0;
    signal pool_count <== InnerProduct(T)(is_row_0, fees);
    signal next_number <== is_create * pool_count;
    signal kept_lp_token <== (is_add + is_remove + is_exit) * view.lp_token;
    (1 - is_unissued_exit) * (op.lp_token - is_create * (1 << (2 * DT - 1)) - next_number - kept_lp_token) === 0;

    // Shares that no pool has issued have a number that is still to come. A count is never negative.
    signal still_to_come <== is_unissued_exit * (op.lp_token - (1 << (2 * DT - 1)) - pool_count);
    RangeCheck(2 * DT)(still_to_come);
    (1 - is_create) * op.pool_fee === 0;
    RangeCheck(FEE_BITS())(op.pool_fee);
    RangeCheck(FEE_BITS())(FEE_DENOMINATOR() - 1 - op.pool_fee);

    PoolAmounts()(is_add, is_remove, is_swap, is_exit, view.x, view.y, view.supply, view.fee, op);
    component fee = PackedFee();
    fee.mantissa <== op.fee_mantissa;
    fee.exponent <== op.fee_exponent;
    is_exit * op.fee_token === 0;
    is_exit * fee.packed === 0;
    is_exit * op.valid_until === 0;

    // The request. All shares leave if the account is the asker's, else none.
    signal is_asker[N] <== SelectConstant(N)(is_exit, op.source);
    signal mask_bits[N] <== Num2Bits(N)(op.request.mask);
    signal asker_may_pay <== InnerProduct(N)(is_asker, mask_bits);
    is_exit * (1 - asker_may_pay) === 0;
    CheckRequest()(is_exit, op.request);
    RangeCheck(ADDRESS_HI_BITS())(op.party.hi);
    RangeCheck(ADDRESS_HI_BITS())(op.second.hi);
    op.request.by_owner === 0;
    (1 - is_exit) * op.request.mask === 0;
    (1 - is_exit) * op.party.hi === 0;
    (1 - is_exit) * op.party.lo === 0;
    (1 - is_exit) * op.second.hi === 0;
    (1 - is_exit) * op.second.lo === 0;
    signal is_asked_by_nobody <== IsNobody()(op.party);
    is_exit * is_asked_by_nobody === 0;
    signal is_own <== IsOwner()(owner.account.owner, op.party);
    signal leaves <== is_exit * is_own;
    signal leaving <== leaves * owner.balance[2].amount;
    is_exit * (op.shares - leaving) === 0;

    // The owner's will.
    RangeCheck(TIME_BITS())(op.valid_until);
    signal time_left <== signed * (op.valid_until - timestamp);
    RangeCheck(TIME_BITS())(time_left);
    var m0 = op.kind * (1 << POOL_MESSAGE_0_KIND_SHIFT())
        + op.account * (1 << POOL_MESSAGE_0_ACCOUNT_SHIFT())
        + owner.account.nonce * (1 << POOL_MESSAGE_0_NONCE_SHIFT())
        + op.valid_until * (1 << POOL_MESSAGE_0_VALID_UNTIL_SHIFT())
        + op.token_a * (1 << POOL_MESSAGE_0_TOKEN_A_SHIFT())
        + op.token_b * (1 << POOL_MESSAGE_0_TOKEN_B_SHIFT())
        + fee.packed * (1 << POOL_MESSAGE_0_FEE_SHIFT())
        + op.fee_token * (1 << POOL_MESSAGE_0_FEE_TOKEN_SHIFT())
        + op.pool_fee * (1 << POOL_MESSAGE_0_POOL_FEE_SHIFT());
    var m1 = op.limit_a * (1 << POOL_MESSAGE_1_LIMIT_A_SHIFT()) + op.limit_b * (1 << POOL_MESSAGE_1_LIMIT_B_SHIFT());
    signal message <== Poseidon(4)([domain, m0, m1, op.limit_shares]);
    signal signer <== CheckSignature()(signed, message, signature);
    signed * (signer - owner.account.key_hash) === 0;

    // The account: its four balances in turn, then its leaf.
    signal change[TOKENS];
    change[0] <== (is_remove + is_exit - is_add - is_swap) * op.amount_a;
    change[1] <== (is_remove + is_exit + is_swap - is_add) * op.amount_b;
    change[2] <== (is_add - is_remove - is_exit) * op.shares;
    change[3] <== -fee.value;
    component step[TOKENS];
    for (var i = 0; i < TOKENS; i++) {
        step[i] = BalanceStep(DT);
        step[i].index_bits <== token_bits[i];
        step[i].before <== owner.balance[i];
        step[i].change <== change[i];
        if (i > 0) {
            step[i].root_before === step[i - 1].root_after;
        }
    }
    signal known_bits[N] <== Num2Bits(N)(owner.account.known);
    Account() next;
    next.owner <== owner.account.owner;
    next.known <== AddKnown()(leaves, is_asker, known_bits);
    next.nonce <== owner.account.nonce + signed;
    next.key_hash <== owner.account.key_hash;
    RangeCheck(ADDRESS_HI_BITS())(owner.account.owner.hi);
    RangeCheck(NONCE_BITS())(owner.account.nonce);
    RangeCheck(NONCE_BITS())(next.nonce);
    component leaf = AccountReplace(DA);
    leaf.account_root <== account_root;
    leaf.index_bits <== Num2Bits(2 * DA)(op.account);
    leaf.path <== owner.path;
    leaf.leaf_before <== AccountLeaf()(owner.account, step[0].root_before, owner.order_root);
    leaf.leaf_after <== AccountLeaf()(next, step[TOKENS - 1].root_after, owner.order_root);
    next_account_root <== leaf.next_account_root;

    // The registers. What leaves the account enters the pool.
    signal counted[T];
    for (var t = 0; t < T; t++) {
        counted[t] <== is_create * is_row_0[t];
        next_fees[t] <== fees[t] + counted[t] + is_row_fee[t] * fee.value;
    }
    signal change_lower <== Choose()(view.is_descending, -change[0], -change[1]);
    var change_higher = -change[0] - change[1] - change_lower;
    signal is_created[P];
    for (var p = 0; p < P; p++) {
        is_created[p] <== is_create * view.selected[p];
        next_pool[p].reserve_lower <== pool[p].reserve_lower + view.selected[p] * change_lower;
        next_pool[p].reserve_higher <== pool[p].reserve_higher + view.selected[p] * change_higher;
        next_pool[p].supply <== pool[p].supply + view.selected[p] * change[2];
        next_pool[p].fee <== pool[p].fee + is_created[p] * op.pool_fee;
        next_pool[p].lp_token <== pool[p].lp_token + is_created[p] * op.lp_token;
    }

    records.used <== used;
    records.is_source <== is_asker;
    records.request <== ShareExitWords()(is_exit, op);
    records.data <== PoolWords()(used, op, fee.packed);
}
