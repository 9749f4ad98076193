pragma circom 2.1.6;

// One ledger operation (docs/protocol.md sections 5.2 to 5.8) on hot registers and the account tree: deposit, full exit,
// transfer, withdrawal, forced exit, key change, claim of fees.
// LedgerSlot takes the registers before it, the loaded row indices, the account root and one operation (or none: kind 0, all
// zero); gives the registers and the account root after it, the words it publishes and the chains they belong to.
// Side A is the signer with one balance (of fee_token), side B the counterparty with one balance (of token), opened against the root
// that A left. Never leaves a choice to the prover but what the operation leaves to the sequencer: which of an owner's accounts, or
// which empty one, is credited.
//
// Bounds. Loaded reserves, fees and balances are below 2^112 (every write-back checks it). Registers stay below 2^119 within a block
// (lib/ratio.circom). Nothing becomes negative: what leaves a register is compared with it, what leaves a balance is checked there.

include "poseidon.circom";
include "bitify.circom";
include "lib/account.circom";
include "lib/compare.circom";
include "lib/fee.circom";
include "lib/ledger_words.circom";
include "lib/ratio.circom";
include "lib/select.circom";
include "lib/signature.circom";
include "constants.circom";

// The kind as bits of which at most one is set. kind = 0: none.
template LedgerKind() {
    signal input kind;
    signal output is_deposit;
    signal output is_full_exit;
    signal output is_transfer;
    signal output is_withdraw;
    signal output is_forced_exit;
    signal output is_change;
    signal output is_claim;
    signal output used;

    var KINDS[7] = [
        DEPOSIT_KIND(), FULL_EXIT_KIND(), TRANSFER_KIND(), WITHDRAW_KIND(), FORCED_EXIT_KIND(), CHANGE_PUB_KEY_KIND(),
        CLAIM_FEES_KIND()
    ];
    signal is_kind[7];
    var count = 0;
    var value = 0;
    for (var i = 0; i < 7; i++) {
        is_kind[i] <-- kind == KINDS[i] ? 1 : 0;
        BooleanCheck()(is_kind[i]);
        count += is_kind[i];
        value += KINDS[i] * is_kind[i];
    }
    used <== count;
    BooleanCheck()(used);
    kind === value;
    is_deposit <== is_kind[0];
    is_full_exit <== is_kind[1];
    is_transfer <== is_kind[2];
    is_withdraw <== is_kind[3];
    is_forced_exit <== is_kind[4];
    is_change <== is_kind[5];
    is_claim <== is_kind[6];
}

// What the target is to the party that the operation names. Gives same = 1 if the party owns it, absent = 1 if nobody does (owner 0), and
// named = 1 if the party is not 0. Relies on hi parts below 2^8.
template Ownership() {
    signal input owner_hi;
    signal input owner_lo;
    signal input party_hi;
    signal input party_lo;
    signal output same;
    signal output absent;
    signal output named;

    signal same_hi <== IsNull()(owner_hi - party_hi);
    signal same_lo <== IsNull()(owner_lo - party_lo);
    same <== same_hi * same_lo;
    signal absent_hi <== IsNull()(owner_hi);
    signal absent_lo <== IsNull()(owner_lo);
    absent <== absent_hi * absent_lo;
    signal null_hi <== IsNull()(party_hi);
    signal null_lo <== IsNull()(party_lo);
    named <== 1 - null_hi * null_lo;
}

template LedgerSlot(T, DT, DA) {
    var N = MAX_CHAINS();
    assert(DA >= 1 && DA <= 16); // account ids have 32 bits

    signal input domain;
    signal input timestamp;
    signal input row_id[T];

    signal input account_root;
    signal input reserve[T][N];
    signal input fees[T];

    signal input kind;
    signal input account;
    signal input target;
    signal input token;
    signal input fee_token;
    signal input fee_mantissa;
    signal input fee_exponent;
    signal input chain;
    signal input amount;
    signal input fill_fee;
    signal input nonce;
    signal input valid_until;
    signal input request_id;
    signal input queued_at;
    signal input party_hi;
    signal input party_lo;
    signal input second_hi;
    signal input second_lo;
    signal input key_x;
    signal input key_y;
    signal input r_x;
    signal input r_y;
    signal input s;

    signal input a_owner_hi;
    signal input a_owner_lo;
    signal input a_nonce;
    signal input a_key_hash;
    signal input a_order_root;
    signal input a_balance;
    signal input a_balance_path[DT][3];
    signal input a_path[DA][3];
    signal input b_owner_hi;
    signal input b_owner_lo;
    signal input b_nonce;
    signal input b_key_hash;
    signal input b_order_root;
    signal input b_balance;
    signal input b_balance_path[DT][3];
    signal input b_path[DA][3];

    signal output next_account_root;
    signal output next_reserve[T][N];
    signal output next_fees[T];
    signal output request_words[4]; // a request's or a key change's
    signal output payout_words[3];
    signal output data_words[2]; // (0, d0) or (d0, d1)
    signal output used;
    signal output is_new; // the data record has two words
    signal output is_source[N]; // the chain of the request or key change
    signal output is_payer[N]; // the chain that pays

    // What the kind makes of the slot. All are sums of kind bits, hence bits.
    component is = LedgerKind();
    is.kind <== kind;
    used <== is.used;
    var signed = is.is_transfer + is.is_withdraw + is.is_forced_exit + is.is_change + is.is_claim;
    var credits = is.is_deposit + is.is_transfer; // an owner's account, which may be new
    var requested = is.is_deposit + is.is_full_exit;
    var recorded = requested + is.is_change; // in the chain's slice
    var paid = is.is_full_exit + is.is_withdraw + is.is_forced_exit; // a payout; leaves the chain's reserve
    var has_target = credits + is.is_full_exit + is.is_forced_exit;
    var in_one_token = is.is_transfer + is.is_withdraw + is.is_claim; // the fee is in the same token

    // Every field is bounded.
    signal account_bits[2 * DA] <== Num2Bits(2 * DA)(account);
    signal target_bits[2 * DA] <== Num2Bits(2 * DA)(target);
    signal token_bits[2 * DT] <== Num2Bits(2 * DT)(token);
    signal fee_token_bits[2 * DT] <== Num2Bits(2 * DT)(fee_token);
    RangeCheck(AMOUNT_BITS())(amount);
    RangeCheck(AMOUNT_BITS())(fill_fee);
    RangeCheck(TIME_BITS())(valid_until);
    RangeCheck(REQUEST_ID_BITS())(request_id);
    RangeCheck(TIME_BITS())(queued_at);
    RangeCheck(ADDRESS_HI_BITS())(party_hi);
    RangeCheck(ADDRESS_HI_BITS())(second_hi);
    component fee = PackedFee();
    fee.mantissa <== fee_mantissa;
    fee.exponent <== fee_exponent;
    signal is_chain[N] <== SelectConstant(N)(requested + is.is_withdraw + is.is_forced_exit + is.is_change, chain);

    // What a kind does not use is 0, so that nothing is published or signed that means nothing.
    (1 - signed + is.is_claim) * account === 0; // fees are claimed for account 0
    (1 - has_target) * target === 0;
    (1 - used + is.is_change) * token === 0;
    (1 - signed) * fee_token === 0;
    (1 - signed) * fee.packed === 0;
    (1 - used + is.is_change) * amount === 0;
    (1 - is.is_withdraw) * fill_fee === 0;
    nonce === signed * a_nonce;
    (1 - signed) * valid_until === 0;
    (1 - requested) * request_id === 0;
    (1 - requested) * queued_at === 0;
    (1 - used + is.is_claim) * party_hi === 0;
    (1 - used + is.is_claim) * party_lo === 0;
    (1 - recorded) * second_hi === 0;
    (1 - recorded) * second_lo === 0;

    // Tokens. Row 0 counts pools and is no token's; LP tokens, whose ids have the top bit, are on no chain.
    signal is_no_token <== IsNull()(token);
    (used - is.is_change) * is_no_token === 0;
    (requested + is.is_withdraw + is.is_forced_exit) * token_bits[2 * DT - 1] === 0;
    in_one_token * (fee_token - token) === 0;

    // Parties. Whoever is credited, whoever is paid without asking, and whoever's key changes, is an owner (not 0). That the signer of
    // the other kinds exists follows from its key.
    component owner = Ownership();
    owner.owner_hi <== b_owner_hi;
    owner.owner_lo <== b_owner_lo;
    owner.party_hi <== party_hi;
    owner.party_lo <== party_lo;
    (credits + is.is_forced_exit + is.is_change) * (1 - owner.named) === 0;
    credits * (1 - owner.same - owner.absent) === 0; // not both, because the party is not 0
    is.is_forced_exit * (1 - owner.same) === 0;
    is.is_forced_exit * b_key_hash === 0;
    is.is_change * (a_owner_hi - party_hi) === 0;
    is.is_change * (a_owner_lo - party_lo) === 0;
    is.is_full_exit * (second_hi - party_hi) === 0;
    is.is_full_exit * (second_lo - party_lo) === 0;

    // The signer's will, by A's key or, for a key change, by the new one.
    signal in_time <== IsAtLeast(TIME_BITS())(valid_until, timestamp);
    signed * (1 - in_time) === 0;
    signal message <== LedgerMessage()(
        domain, kind, account, nonce, valid_until, token, fee.packed, fee_token, chain, target, amount, fill_fee, party_hi, party_lo,
        second_hi, second_lo, is.is_forced_exit, is.is_transfer + is.is_withdraw, is.is_change
    );
    signal signer <== CheckSignature()(signed, message, key_x, key_y, r_x, r_y, s);
    (signed - is.is_change) * (signer - a_key_hash) === 0;
    is.is_change * (signer - second_hi * WORD_LIMIT() - second_lo) === 0;

    // The registers that the operation works on: the token's row where a reserve moves, the fee token's row where a fee is paid.
    signal reserve_token <== (requested + is.is_withdraw + is.is_forced_exit) * token;
    signal is_row[T] <== SelectLoaded(T)(requested + is.is_withdraw + is.is_forced_exit, reserve_token, row_id);
    signal is_fee_row[T] <== SelectLoaded(T)(signed, fee_token, row_id);
    signal row_reserve[N];
    for (var k = 0; k < N; k++) {
        var column[T];
        for (var t = 0; t < T; t++) {
            column[t] = reserve[t][k];
        }
        row_reserve[k] <== InnerProduct(T)(is_row, column);
    }
    signal chain_reserve <== InnerProduct(N)(is_chain, row_reserve);
    signal accrued <== InnerProduct(T)(is_fee_row, fees);

    // The amount, and what it is taken from: a reserve, or accrued fees. A full exit takes what its owner has and the chain holds, a
    // forced exit everything that the target has.
    signal available <== chain_reserve + is.is_claim * accrued;
    signal wanted <== Choose()(is.is_full_exit, amount, b_balance);
    signal covered <== IsAtLeast(REGISTER_BITS())(available, wanted);
    (is.is_withdraw + is.is_forced_exit + is.is_claim) * (1 - covered) === 0;
    signal payable <== Choose()(covered, available, b_balance);
    signal owed <== owner.same * payable;
    is.is_full_exit * (amount - owed) === 0;
    is.is_forced_exit * (amount - b_balance) === 0;

    // Side A: the signer.
    signal key_change <== is.is_change * (signer - a_key_hash);
    signal spent <== (is.is_transfer + is.is_withdraw - is.is_claim) * amount;
    component a = AccountSide(DT, DA);
    a.account_root <== account_root;
    a.account_bits <== account_bits;
    a.path <== a_path;
    a.token_bits <== fee_token_bits;
    a.balance_path <== a_balance_path;
    a.order_root <== a_order_root;
    a.owner_hi <== a_owner_hi;
    a.owner_lo <== a_owner_lo;
    a.nonce <== a_nonce;
    a.key_hash <== a_key_hash;
    a.balance <== a_balance;
    a.next_owner_hi <== a_owner_hi;
    a.next_owner_lo <== a_owner_lo;
    a.next_nonce <== a_nonce + signed;
    RangeCheck(NONCE_BITS())(a_nonce + signed);
    a.next_key_hash <== a_key_hash + key_change;
    a.next_balance <== a_balance - spent - fee.value;

    // Side B: the counterparty, on the root that A left. An empty account that is credited becomes the party's.
    signal is_created <== credits * owner.absent;
    is_new <== is.is_transfer * owner.absent;
    signal received <== (credits - is.is_full_exit - is.is_forced_exit) * amount;
    component b = AccountSide(DT, DA);
    b.account_root <== a.next_account_root;
    b.account_bits <== target_bits;
    b.path <== b_path;
    b.token_bits <== token_bits;
    b.balance_path <== b_balance_path;
    b.order_root <== b_order_root;
    b.owner_hi <== b_owner_hi;
    b.owner_lo <== b_owner_lo;
    b.nonce <== b_nonce;
    b.key_hash <== b_key_hash;
    b.balance <== b_balance;
    b.next_owner_hi <== b_owner_hi + is_created * party_hi;
    b.next_owner_lo <== b_owner_lo + is_created * party_lo;
    b.next_nonce <== b_nonce;
    b.next_key_hash <== b_key_hash;
    b.next_balance <== b_balance + received;
    next_account_root <== b.next_account_root;

    // The registers after it. In a key change no row is selected for the chain.
    signal reserve_change <== (is.is_deposit - paid) * amount;
    signal claimed <== is.is_claim * amount;
    signal row_change[T];
    for (var t = 0; t < T; t++) {
        row_change[t] <== is_row[t] * reserve_change;
        for (var k = 0; k < N; k++) {
            next_reserve[t][k] <== reserve[t][k] + is_chain[k] * row_change[t];
        }
        next_fees[t] <== fees[t] + is_fee_row[t] * (fee.value - claimed);
    }

    // What is published, and where.
    request_words <== LedgerRequestWords()(
        is.is_deposit, is.is_full_exit, is.is_change, chain, request_id, account, nonce, token, target, amount, party_hi, party_lo,
        second_hi, second_lo, queued_at
    );
    payout_words <== LedgerPayoutWords()(
        is.is_full_exit, is.is_withdraw, is.is_forced_exit, chain, request_id, account, nonce, token, amount, party_hi, party_lo,
        fill_fee
    );
    data_words <== LedgerDataWords()(
        kind, is_new, account, target, token, fee.packed, fee_token, chain, amount, party_hi, party_lo
    );
    for (var k = 0; k < N; k++) {
        is_source[k] <== recorded * is_chain[k];
        is_payer[k] <== paid * is_chain[k];
    }
}
