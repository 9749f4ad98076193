pragma circom 2.2.0;

// Records and the signed message of a ledger slot as words (docs/protocol.md section 4).
// Takes fields that the slot has bounded and set to 0 where its kind does not use them, and kind bits of which at most one is set;
// gives words, all zero where the kind has no such record. Never checks a whole-word field (party.lo, second.lo): the chain whose slice
// holds it checks that it is below 2^248.

include "poseidon.circom";
include "buses.circom";
include "request_words.circom";
include "../constants.circom";

// M of section 4. The target is named by kind 9 only, the party by kinds 6 and 8 (`names_party`); the amount is the signer's choice in
// every kind but 9, where it is not known when it is signed. Kind 10 signs the new key.
template LedgerMessage() {
    signal input domain;
    input LedgerKinds() is;
    input LedgerOperation() op;
    signal input packed_fee;
    signal output out;

    signal named_target <== is.forced_exit * op.target;
    var names_party = is.transfer + is.withdraw;
    signal named_hi <== names_party * op.party.hi;
    signal named_lo <== names_party * op.party.lo;
    signal named_key <== is.change * (op.second.hi * WORD_LIMIT() + op.second.lo);
    signal named_amount <== (1 - is.forced_exit) * op.amount;
    var m0 = op.kind * (1 << LEDGER_MESSAGE_0_KIND_SHIFT())
        + op.account * (1 << LEDGER_MESSAGE_0_ACCOUNT_SHIFT())
        + op.nonce * (1 << LEDGER_MESSAGE_0_NONCE_SHIFT())
        + op.valid_until * (1 << LEDGER_MESSAGE_0_VALID_UNTIL_SHIFT())
        + op.token * (1 << LEDGER_MESSAGE_0_TOKEN_SHIFT())
        + packed_fee * (1 << LEDGER_MESSAGE_0_FEE_SHIFT())
        + op.fee_token * (1 << LEDGER_MESSAGE_0_FEE_TOKEN_SHIFT())
        + op.chain * (1 << LEDGER_MESSAGE_0_CHAIN_SHIFT())
        + named_hi * (1 << LEDGER_MESSAGE_0_PARTY_HI_SHIFT())
        + named_target * (1 << LEDGER_MESSAGE_0_TARGET_SHIFT());
    var m1 = named_amount * (1 << LEDGER_MESSAGE_1_AMOUNT_SHIFT()) + op.fill_fee * (1 << LEDGER_MESSAGE_1_FILL_FEE_SHIFT());
    out <== Poseidon(4)([domain, m0, m1, named_lo + named_key]);
}

// The request (kinds 4, 5 and 18; 19 for a full exit that is served in part) or the key change (kind 10). Only kind 4 carries an amount. The
// id of a key change is its account and nonce, its time the signature's end.
template LedgerRequestWords() {
    input LedgerKinds() is;
    input LedgerOperation() op;
    signal input is_part;
    signal output words[4];

    var requested = is.deposit + is.full_exit + is.key_request;
    var recorded = requested + is.change;
    signal operation_id <== is.change * (op.account * (1 << NONCE_BITS()) + op.nonce);
    signal source <== (recorded - is.full_exit) * op.chain + op.source;
    signal token <== (is.deposit + is.full_exit) * op.token;
    signal named <== (is.deposit + is.key_request) * op.account;
    signal exiting <== is.full_exit * op.target;
    signal amount <== is.deposit * op.amount;
    signal until <== is.change * op.valid_until;
    Address() owner;
    owner.hi <== recorded * op.party.hi;
    owner.lo <== recorded * op.party.lo;

    component record = AccountRequestWords();
    record.head <== (is.deposit * DEPOSIT_KIND() + is.full_exit * FULL_EXIT_KIND()
            + is_part * (FULL_EXIT_PART_KIND() - FULL_EXIT_KIND()) + is.key_request * KEY_REQUEST_KIND()
            + is.change * CHANGE_PUB_KEY_KIND()) * (1 << ACCOUNT_REQUEST_0_KIND_SHIFT())
        + source * (1 << ACCOUNT_REQUEST_0_SOURCE_SHIFT())
        + token * (1 << ACCOUNT_REQUEST_0_TOKEN_SHIFT())
        + (named + exiting) * (1 << ACCOUNT_REQUEST_0_ACCOUNT_SHIFT())
        + amount * (1 << ACCOUNT_REQUEST_0_AMOUNT_SHIFT());
    record.id <== op.request.id + operation_id;
    record.time <== op.request.queued_at + until;
    record.request <== op.request;
    record.owner <== owner;
    record.second <== op.second;
    words <== record.words;
}

// The payout (kinds 20, 21, 22). A full exit names its request, who asked, and its place in the history; the others account and nonce of the
// signer. Only kind 20 has a fill_fee.
template LedgerPayoutWords(SLOT) {
    input LedgerKinds() is;
    input LedgerOperation() op;
    signal input number;
    input Address() recipient;
    signal output words[3];

    var paid = is.full_exit + is.withdraw + is.forced_exit;
    signal payer <== paid * op.chain;
    signal own_request <== is.full_exit * op.request.id;
    signal operation_id <== (is.withdraw + is.forced_exit) * (op.account * (1 << NONCE_BITS()) + op.nonce);
    signal paid_token <== paid * op.token;
    signal paid_amount <== paid * op.amount;
    signal recipient_hi <== paid * recipient.hi;
    signal place <== is.full_exit * (number * (1 << PAYOUT_2_BLOCK_NUMBER_SHIFT()) + SLOT * (1 << PAYOUT_2_SLOT_SHIFT()));

    words[0] <== (is.full_exit * FULL_EXIT_PAYOUT_KIND() + is.withdraw * WITHDRAW_PAYOUT_KIND()
            + is.forced_exit * FORCED_EXIT_PAYOUT_KIND()) * (1 << PAYOUT_0_KIND_SHIFT())
        + op.source * (1 << PAYOUT_0_SOURCE_SHIFT())
        + payer * (1 << PAYOUT_0_CHAIN_SHIFT())
        + (own_request + operation_id) * (1 << PAYOUT_0_ID_SHIFT())
        + paid_token * (1 << PAYOUT_0_TOKEN_SHIFT())
        + paid_amount * (1 << PAYOUT_0_AMOUNT_SHIFT());
    words[1] <== paid * recipient.lo;
    words[2] <== place + recipient_hi * (1 << PAYOUT_2_RECIPIENT_HI_SHIFT()) + op.fill_fee * (1 << PAYOUT_2_FILL_FEE_SHIFT());
}

// The data record: (0, d0), or (d0, d1) for a transfer that creates its account (`is_new`), which has its own kind and names the owner. A
// full exit names who asked, and has its own kind where it is served in part.
template LedgerDataWords() {
    input LedgerOperation() op;
    signal input packed_fee;
    signal input is_new;
    signal input is_part;
    signal output words[2];

    signal owner_hi <== is_new * op.party.hi;
    signal d0 <== (op.kind + is_new * (TRANSFER_NEW_KIND() - TRANSFER_KIND()) + is_part * (FULL_EXIT_PART_KIND() - FULL_EXIT_KIND()))
            * (1 << LEDGER_DATA_0_KIND_SHIFT())
        + op.account * (1 << LEDGER_DATA_0_ACCOUNT_SHIFT())
        + op.target * (1 << LEDGER_DATA_0_TARGET_SHIFT())
        + op.token * (1 << LEDGER_DATA_0_TOKEN_SHIFT())
        + packed_fee * (1 << LEDGER_DATA_0_FEE_SHIFT())
        + op.fee_token * (1 << LEDGER_DATA_0_FEE_TOKEN_SHIFT())
        + op.chain * (1 << LEDGER_DATA_0_CHAIN_SHIFT())
        + (owner_hi + op.source) * (1 << LEDGER_DATA_0_OWNER_HI_OR_SOURCE_SHIFT())
        + op.amount * (1 << LEDGER_DATA_0_AMOUNT_SHIFT());
    words[0] <== is_new * d0;
    words[1] <== d0 + is_new * (op.party.lo - d0);
}
