pragma circom 2.2.0;

// One ledger operation (docs/protocol.md sections 5.2 to 5.8) on hot registers and the account tree: deposit, one serving of a full exit,
// transfer, withdrawal, forced exit, key change, claim of fees, key request.
// LedgerSlot takes the registers before it, the loaded row indices, the account root and one operation (or none: kind 0, all
// zero); gives the registers and the account root after it, the words it publishes and the chains they belong to.
// Side A is the signer, or the account that a deposit or a key request names, with one balance (of fee_token); side B the counterparty
// with one balance (of token), opened against the root that A left. Never leaves a choice to the prover but what the operation leaves to the sequencer: which of an owner's accounts, or
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
include "lib/request_words.circom";
include "lib/select.circom";
include "lib/serving.circom";
include "lib/signature.circom";
include "constants.circom";

// The kind as bits of which at most one is set. kind = 0: none.
template LedgerKind() {
    signal input kind;
    output LedgerKinds() is;
    signal output used;

    var KINDS[8] = [
        DEPOSIT_KIND(), FULL_EXIT_KIND(), TRANSFER_KIND(), WITHDRAW_KIND(), FORCED_EXIT_KIND(), CHANGE_PUB_KEY_KIND(),
        CLAIM_FEES_KIND(), KEY_REQUEST_KIND()
    ];
    signal is_kind[8];
    var count = 0;
    var value = 0;
    for (var i = 0; i < 8; i++) {
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
    is.key_request <== is_kind[7];
}

// SLOT is its place among the block's ledger slots, from 0.
template LedgerSlot(SLOT, T, DT, DA) {
    var N = MAX_CHAINS();
    assert(DA >= 1 && DA <= 16); // account ids have 32 bits

    signal input domain;
    signal input number;
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
    var requested = is.deposit + is.full_exit + is.key_request;
    var recorded = requested + is.change; // in a chain's slice
    var paid = is.full_exit + is.withdraw + is.forced_exit; // a payout; leaves the chain's reserve
    var has_account = signed + is.deposit + is.key_request;
    var has_target = credits + is.full_exit + is.forced_exit;
    var has_token = used - is.change - is.key_request;
    var moves_reserve = is.deposit + paid;
    var in_one_token = is.transfer + is.withdraw + is.claim; // the fee is in the same token

    // Every field is bounded.
    signal account_bits[2 * DA] <== Num2Bits(2 * DA)(op.account);
    signal target_bits[2 * DA] <== Num2Bits(2 * DA)(op.target);
    signal token_bits[2 * DT] <== Num2Bits(2 * DT)(op.token);
    signal fee_token_bits[2 * DT] <== Num2Bits(2 * DT)(op.fee_token);
    signal mask_bits[N] <== Num2Bits(N)(op.request.mask);
    signal a_known[N] <== Num2Bits(N)(a.account.known);
    signal b_known[N] <== Num2Bits(N)(b.account.known);
    RangeCheck(AMOUNT_BITS())(op.amount);
    RangeCheck(AMOUNT_BITS())(op.fill_fee);
    RangeCheck(TIME_BITS())(op.valid_until);
    CheckRequest()(requested, op.request);
    BooleanCheck()(op.request.by_owner);
    RangeCheck(ADDRESS_HI_BITS())(op.party.hi);
    RangeCheck(ADDRESS_HI_BITS())(op.second.hi);
    component fee = PackedFee();
    fee.mantissa <== op.fee_mantissa;
    fee.exponent <== op.fee_exponent;
    signal is_chain[N] <== SelectConstant(N)(moves_reserve + is.change + is.key_request, op.chain);
    signal is_asker[N] <== SelectConstant(N)(is.full_exit, op.source);

    // What a kind does not use is 0, so that nothing is published or signed that means nothing.
    (1 - has_account + is.claim) * op.account === 0; // fees are claimed for account 0
    (1 - has_target) * op.target === 0;
    (1 - has_token) * op.token === 0;
    (1 - signed) * op.fee_token === 0;
    (1 - signed) * fee.packed === 0;
    (1 - has_token) * op.amount === 0;
    (1 - is.withdraw) * op.fill_fee === 0;
    op.nonce === signed * a.account.nonce;
    (1 - signed) * op.valid_until === 0;
    (1 - is.deposit) * op.request.by_owner === 0;
    (1 - is.full_exit) * op.request.mask === 0;
    (1 - used + is.claim) * op.party.hi === 0;
    (1 - used + is.claim) * op.party.lo === 0;
    (1 - recorded) * op.second.hi === 0;
    (1 - recorded) * op.second.lo === 0;

    // Tokens. Row 0 counts pools and is no token's; LP tokens, whose ids have the top bit, are on no chain.
    signal is_no_token <== IsNull()(op.token);
    has_token * is_no_token === 0;
    moves_reserve * token_bits[2 * DT - 1] === 0;
    in_one_token * (op.fee_token - op.token) === 0;

    // Parties. Whoever is credited, asks, is paid without asking, or gets a new key, is an owner (not 0). That the signer of the other
    // kinds exists follows from its key. A deposit goes to the account that it names if this is the owner's.
    signal is_named_by_nobody <== IsNobody()(op.party);
    (recorded + is.transfer + is.forced_exit) * is_named_by_nobody === 0;
    signal a_is_own <== IsOwner()(a.account.owner, op.party);
    signal b_is_own <== IsOwner()(b.account.owner, op.party);
    signal b_is_free <== IsNobody()(b.account.owner);
    credits * (1 - b_is_own - b_is_free) === 0; // not both, because the party is not 0
    signal credits_named <== is.deposit * a_is_own;
    credits_named * (op.target - op.account) === 0;
    is.forced_exit * (1 - b_is_own) === 0;
    is.forced_exit * b.account.key_hash === 0;
    is.change * (1 - a_is_own) === 0;

    // The signer's will, by A's key or, for a key change, by the new one.
    signal in_time <== IsAtLeast(TIME_BITS())(op.valid_until, timestamp);
    signed * (1 - in_time) === 0;
    signal message <== LedgerMessage()(domain, is, op, fee.packed);
    signal signer <== CheckSignature()(signed, message, signature);
    (signed - is.change) * (signer - a.account.key_hash) === 0;
    var new_key_hash = op.second.hi * WORD_LIMIT() + op.second.lo;
    is.change * (signer - new_key_hash) === 0;

    // The registers that the operation works on: the token's row where a reserve moves, the fee token's row where a fee is paid.
    signal reserve_token <== moves_reserve * op.token;
    signal is_row[T] <== SelectLoaded(T)(moves_reserve, reserve_token, row_id);
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

    // A full exit is paid by the chain that follows from the reserves. A forced exit, which a stranger signs, only where the owner has acted.
    component serving = PayingChain();
    serving.is_asker <== is_asker;
    serving.mask <== mask_bits;
    serving.reserve <== row_reserve;
    var payer = 0;
    for (var k = 0; k < N; k++) {
        payer += (k + 1) * serving.is_payer[k];
    }
    is.full_exit * (op.chain - payer) === 0;
    signal asker_may_pay <== InnerProduct(N)(is_asker, mask_bits);
    is.full_exit * (1 - asker_may_pay) === 0;
    signal is_known <== InnerProduct(N)(is_chain, b_known);
    is.forced_exit * (1 - is_known) === 0;

    // The amount, and what it is taken from: a reserve, or accrued fees. A full exit takes what its owner has and the chain holds, a
    // forced exit everything that the target has.
    signal available <== chain_reserve + is.claim * accrued;
    signal wanted <== Choose()(is.full_exit, op.amount, b.balance[0].amount);
    signal covered <== IsAtLeast(REGISTER_BITS())(available, wanted);
    (is.withdraw + is.forced_exit + is.claim) * (1 - covered) === 0;
    signal payable <== Choose()(covered, available, b.balance[0].amount);
    signal owed <== b_is_own * payable;
    is.full_exit * (op.amount - owed) === 0;
    is.forced_exit * (op.amount - b.balance[0].amount) === 0;
    signal in_part <== IsServedInPart()(b_is_own, covered, serving.has_reserve, serving.is_dry);
    signal is_part <== is.full_exit * in_part;

    // Where the record stands, and where its owner is known from now on.
    for (var k = 0; k < N; k++) {
        records.is_source[k] <== (recorded - is.full_exit) * is_chain[k] + is_asker[k];
        records.is_payer[k] <== paid * is_chain[k];
    }

    // Side A: the signer, or the account of a key request, which uses its nonce as long as there is another one.
    signal rekeys <== is.key_request * a_is_own;
    signal key_change <== (is.change + rekeys) * (new_key_hash - a.account.key_hash);
    signal spent <== (is.transfer + is.withdraw - is.claim) * op.amount;
    signal is_last_nonce <== IsNull()(a.account.nonce - (1 << NONCE_BITS()) + 1);
    signal nonce_step <== rekeys * (1 - is_last_nonce);
    Account() a_next;
    a_next.owner <== a.account.owner;
    a_next.known <== AddKnown()(rekeys, records.is_source, a_known);
    a_next.nonce <== a.account.nonce + signed + nonce_step;
    RangeCheck(NONCE_BITS())(a_next.nonce);
    a_next.key_hash <== a.account.key_hash + key_change;
    signal a_root <== AccountSide(DT, DA)(
        account_root, account_bits, fee_token_bits, a, a_next, a.balance[0].amount - spent - fee.value
    );

    // Side B: the counterparty, on the root that A left. An empty account that is credited becomes the party's.
    signal is_created <== credits * b_is_free;
    records.is_new <== is.transfer * b_is_free;
    signal received <== (credits - is.full_exit - is.forced_exit) * op.amount;
    signal shows_b <== is.full_exit * b_is_own + op.request.by_owner;
    Account() b_next;
    b_next.owner.hi <== b.account.owner.hi + is_created * op.party.hi;
    b_next.owner.lo <== b.account.owner.lo + is_created * op.party.lo;
    b_next.known <== AddKnown()(shows_b, records.is_source, b_known);
    b_next.nonce <== b.account.nonce;
    b_next.key_hash <== b.account.key_hash;
    next_account_root <== AccountSide(DT, DA)(
        a_root, target_bits, token_bits, b, b_next, b.balance[0].amount + received
    );

    // The registers after it. Where a chain's reserve does not move, no row is selected for it.
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

    // What is published. A full exit pays its owner on the chain that asked, elsewhere the second recipient.
    signal is_home <== InnerProduct(N)(is_asker, is_chain);
    signal is_away <== is.full_exit - is_home;
    Address() recipient;
    recipient.hi <== Choose()(is_away, op.party.hi, op.second.hi);
    recipient.lo <== Choose()(is_away, op.party.lo, op.second.lo);
    records.used <== used;
    records.request <== LedgerRequestWords()(is, op, is_part);
    records.payout <== LedgerPayoutWords(SLOT)(is, op, number, recipient);
    records.data <== LedgerDataWords()(op, fee.packed, records.is_new, is_part);
}
