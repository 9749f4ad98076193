pragma circom 2.2.0;

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
include "lib/buses.circom";
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
    output LedgerKinds() is;
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
    is.deposit <== is_kind[0];
    is.full_exit <== is_kind[1];
    is.transfer <== is_kind[2];
    is.withdraw <== is_kind[3];
    is.forced_exit <== is_kind[4];
    is.change <== is_kind[5];
    is.claim <== is_kind[6];
}

// What the target is to the party that the operation names. Gives same = 1 if the party owns it, absent = 1 if nobody does (owner 0), and
// named = 1 if the party is not 0. Relies on hi parts below 2^8.
template Ownership() {
    input Address() owner;
    input Address() party;
    signal output same;
    signal output absent;
    signal output named;

    signal same_hi <== IsNull()(owner.hi - party.hi);
    signal same_lo <== IsNull()(owner.lo - party.lo);
    same <== same_hi * same_lo;
    signal absent_hi <== IsNull()(owner.hi);
    signal absent_lo <== IsNull()(owner.lo);
    absent <== absent_hi * absent_lo;
    signal null_hi <== IsNull()(party.hi);
    signal null_lo <== IsNull()(party.lo);
    named <== 1 - null_hi * null_lo;
}

template LedgerSlot(T, DT, DA) {
    var N = MAX_CHAINS();
    assert(DA >= 1 && DA <= 16); // account ids have 32 bits

    signal input domain;
    signal input timestamp;
    signal input row_id[T];
    signal input account_root;
    input TokenRow() row[T];
    input LedgerOperation() op;
    input Signature() signature;
    input AccountOpening(DT, DA, 1) a;
    input AccountOpening(DT, DA, 1) b;

    signal output next_account_root;
    output TokenRow() next_row[T];
    output LedgerRecords() records;

    // What the kind makes of the slot. All are sums of kind bits, hence bits.
    LedgerKinds() is;
    signal used;
    (is, used) <== LedgerKind()(op.kind);
    var signed = is.transfer + is.withdraw + is.forced_exit + is.change + is.claim;
    var credits = is.deposit + is.transfer; // an owner's account, which may be new
    var requested = is.deposit + is.full_exit;
    var recorded = requested + is.change; // in the chain's slice
    var paid = is.full_exit + is.withdraw + is.forced_exit; // a payout; leaves the chain's reserve
    var has_target = credits + is.full_exit + is.forced_exit;
    var in_one_token = is.transfer + is.withdraw + is.claim; // the fee is in the same token

    // Every field is bounded.
    signal account_bits[2 * DA] <== Num2Bits(2 * DA)(op.account);
    signal target_bits[2 * DA] <== Num2Bits(2 * DA)(op.target);
    signal token_bits[2 * DT] <== Num2Bits(2 * DT)(op.token);
    signal fee_token_bits[2 * DT] <== Num2Bits(2 * DT)(op.fee_token);
    RangeCheck(AMOUNT_BITS())(op.amount);
    RangeCheck(AMOUNT_BITS())(op.fill_fee);
    RangeCheck(TIME_BITS())(op.valid_until);
    RangeCheck(REQUEST_ID_BITS())(op.request_id);
    RangeCheck(TIME_BITS())(op.queued_at);
    RangeCheck(ADDRESS_HI_BITS())(op.party.hi);
    RangeCheck(ADDRESS_HI_BITS())(op.second.hi);
    component fee = PackedFee();
    fee.mantissa <== op.fee_mantissa;
    fee.exponent <== op.fee_exponent;
    signal is_chain[N] <== SelectConstant(N)(requested + is.withdraw + is.forced_exit + is.change, op.chain);

    // What a kind does not use is 0, so that nothing is published or signed that means nothing.
    (1 - signed + is.claim) * op.account === 0; // fees are claimed for account 0
    (1 - has_target) * op.target === 0;
    (1 - used + is.change) * op.token === 0;
    (1 - signed) * op.fee_token === 0;
    (1 - signed) * fee.packed === 0;
    (1 - used + is.change) * op.amount === 0;
    (1 - is.withdraw) * op.fill_fee === 0;
    op.nonce === signed * a.account.nonce;
    (1 - signed) * op.valid_until === 0;
    (1 - requested) * op.request_id === 0;
    (1 - requested) * op.queued_at === 0;
    (1 - used + is.claim) * op.party.hi === 0;
    (1 - used + is.claim) * op.party.lo === 0;
    (1 - recorded) * op.second.hi === 0;
    (1 - recorded) * op.second.lo === 0;

    // Tokens. Row 0 counts pools and is no token's; LP tokens, whose ids have the top bit, are on no chain.
    signal is_no_token <== IsNull()(op.token);
    (used - is.change) * is_no_token === 0;
    (requested + is.withdraw + is.forced_exit) * token_bits[2 * DT - 1] === 0;
    in_one_token * (op.fee_token - op.token) === 0;

    // Parties. Whoever is credited, whoever is paid without asking, and whoever's key changes, is an owner (not 0). That the signer of
    // the other kinds exists follows from its key.
    component owner = Ownership();
    owner.owner <== b.account.owner;
    owner.party <== op.party;
    (credits + is.forced_exit + is.change) * (1 - owner.named) === 0;
    credits * (1 - owner.same - owner.absent) === 0; // not both, because the party is not 0
    is.forced_exit * (1 - owner.same) === 0;
    is.forced_exit * b.account.key_hash === 0;
    is.change * (a.account.owner.hi - op.party.hi) === 0;
    is.change * (a.account.owner.lo - op.party.lo) === 0;
    is.full_exit * (op.second.hi - op.party.hi) === 0;
    is.full_exit * (op.second.lo - op.party.lo) === 0;

    // The signer's will, by A's key or, for a key change, by the new one.
    signal in_time <== IsAtLeast(TIME_BITS())(op.valid_until, timestamp);
    signed * (1 - in_time) === 0;
    signal message <== LedgerMessage()(domain, is, op, fee.packed);
    signal signer <== CheckSignature()(signed, message, signature);
    (signed - is.change) * (signer - a.account.key_hash) === 0;
    is.change * (signer - op.second.hi * WORD_LIMIT() - op.second.lo) === 0;

    // The registers that the operation works on: the token's row where a reserve moves, the fee token's row where a fee is paid.
    signal reserve_token <== (requested + is.withdraw + is.forced_exit) * op.token;
    signal is_row[T] <== SelectLoaded(T)(requested + is.withdraw + is.forced_exit, reserve_token, row_id);
    signal is_fee_row[T] <== SelectLoaded(T)(signed, op.fee_token, row_id);
    signal row_reserve[N];
    for (var k = 0; k < N; k++) {
        var column[T];
        for (var t = 0; t < T; t++) {
            column[t] = row[t].reserve[k];
        }
        row_reserve[k] <== InnerProduct(T)(is_row, column);
    }
    signal chain_reserve <== InnerProduct(N)(is_chain, row_reserve);
    var fees[T];
    for (var t = 0; t < T; t++) {
        fees[t] = row[t].fees;
    }
    signal accrued <== InnerProduct(T)(is_fee_row, fees);

    // The amount, and what it is taken from: a reserve, or accrued fees. A full exit takes what its owner has and the chain holds, a
    // forced exit everything that the target has.
    signal available <== chain_reserve + is.claim * accrued;
    signal wanted <== Choose()(is.full_exit, op.amount, b.balance[0].amount);
    signal covered <== IsAtLeast(REGISTER_BITS())(available, wanted);
    (is.withdraw + is.forced_exit + is.claim) * (1 - covered) === 0;
    signal payable <== Choose()(covered, available, b.balance[0].amount);
    signal owed <== owner.same * payable;
    is.full_exit * (op.amount - owed) === 0;
    is.forced_exit * (op.amount - b.balance[0].amount) === 0;

    // Side A: the signer.
    signal key_change <== is.change * (signer - a.account.key_hash);
    signal spent <== (is.transfer + is.withdraw - is.claim) * op.amount;
    Account() a_next;
    a_next.owner <== a.account.owner;
    a_next.nonce <== a.account.nonce + signed;
    RangeCheck(NONCE_BITS())(a_next.nonce);
    a_next.key_hash <== a.account.key_hash + key_change;
    signal a_root <== AccountSide(DT, DA)(
        account_root, account_bits, fee_token_bits, a, a_next, a.balance[0].amount - spent - fee.value
    );

    // Side B: the counterparty, on the root that A left. An empty account that is credited becomes the party's.
    signal is_created <== credits * owner.absent;
    records.is_new <== is.transfer * owner.absent;
    signal received <== (credits - is.full_exit - is.forced_exit) * op.amount;
    Account() b_next;
    b_next.owner.hi <== b.account.owner.hi + is_created * op.party.hi;
    b_next.owner.lo <== b.account.owner.lo + is_created * op.party.lo;
    b_next.nonce <== b.account.nonce;
    b_next.key_hash <== b.account.key_hash;
    next_account_root <== AccountSide(DT, DA)(
        a_root, target_bits, token_bits, b, b_next, b.balance[0].amount + received
    );

    // The registers after it. In a key change no row is selected for the chain.
    signal reserve_change <== (is.deposit - paid) * op.amount;
    signal claimed <== is.claim * op.amount;
    signal row_change[T];
    for (var t = 0; t < T; t++) {
        row_change[t] <== is_row[t] * reserve_change;
        for (var k = 0; k < N; k++) {
            next_row[t].reserve[k] <== row[t].reserve[k] + is_chain[k] * row_change[t];
        }
        next_row[t].fees <== row[t].fees + is_fee_row[t] * (fee.value - claimed);
    }

    // What is published, and where.
    records.used <== used;
    records.request <== LedgerRequestWords()(is, op);
    records.payout <== LedgerPayoutWords()(is, op);
    records.data <== LedgerDataWords()(op, fee.packed, records.is_new);
    for (var k = 0; k < N; k++) {
        records.is_source[k] <== recorded * is_chain[k];
        records.is_payer[k] <== paid * is_chain[k];
    }
}
