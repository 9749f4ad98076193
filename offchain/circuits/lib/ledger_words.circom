pragma circom 2.1.6;

// Records and the signed message of a ledger slot as words (docs/protocol.md section 4).
// Takes fields that the slot has bounded and set to 0 where its kind does not use them, and kind bits of which at most one is set;
// gives words, all zero where the kind has no such record. Never checks a whole-word field (party_lo, second_lo): the chain whose slice
// holds it checks that it is below 2^248.

include "poseidon.circom";
include "../constants.circom";

// M of section 4. The target is named by kind 9 only, the party by kinds 6 and 8 (`names_party`); the amount is the signer's choice in
// every kind but 9, where it is not known when it is signed. Kind 10 signs the new key.
template LedgerMessage() {
    signal input domain;
    signal input kind;
    signal input account;
    signal input nonce;
    signal input valid_until;
    signal input token;
    signal input packed_fee;
    signal input fee_token;
    signal input chain;
    signal input target;
    signal input amount;
    signal input fill_fee;
    signal input party_hi;
    signal input party_lo;
    signal input second_hi;
    signal input second_lo;
    signal input is_forced_exit;
    signal input names_party;
    signal input is_change;
    signal output out;

    signal named_target <== is_forced_exit * target;
    signal named_hi <== names_party * party_hi;
    signal named_lo <== names_party * party_lo;
    signal named_key <== is_change * (second_hi * WORD_LIMIT() + second_lo);
    signal named_amount <== (1 - is_forced_exit) * amount;
    var m0 = kind * (1 << LEDGER_MESSAGE_0_KIND_SHIFT())
        + account * (1 << LEDGER_MESSAGE_0_ACCOUNT_SHIFT())
        + nonce * (1 << LEDGER_MESSAGE_0_NONCE_SHIFT())
        + valid_until * (1 << LEDGER_MESSAGE_0_VALID_UNTIL_SHIFT())
        + token * (1 << LEDGER_MESSAGE_0_TOKEN_SHIFT())
        + packed_fee * (1 << LEDGER_MESSAGE_0_FEE_SHIFT())
        + fee_token * (1 << LEDGER_MESSAGE_0_FEE_TOKEN_SHIFT())
        + chain * (1 << LEDGER_MESSAGE_0_CHAIN_SHIFT())
        + named_hi * (1 << LEDGER_MESSAGE_0_PARTY_HI_SHIFT())
        + named_target * (1 << LEDGER_MESSAGE_0_TARGET_SHIFT());
    var m1 = named_amount * (1 << LEDGER_MESSAGE_1_AMOUNT_SHIFT()) + fill_fee * (1 << LEDGER_MESSAGE_1_FILL_FEE_SHIFT());
    out <== Poseidon(4)([domain, m0, m1, named_lo + named_key]);
}

// The request (kinds 4 and 5) or the key change (kind 10). Kind 5 carries its account and no amount, kind 4 the reverse; the id of a key
// change is its account and nonce. Only these kinds have second_hi, second_lo and queued_at.
template LedgerRequestWords() {
    signal input is_deposit;
    signal input is_full_exit;
    signal input is_change;
    signal input chain;
    signal input request_id;
    signal input account;
    signal input nonce;
    signal input token;
    signal input target;
    signal input amount;
    signal input party_hi;
    signal input party_lo;
    signal input second_hi;
    signal input second_lo;
    signal input queued_at;
    signal output words[4];

    var recorded = is_deposit + is_full_exit + is_change;
    signal operation_id <== is_change * (account * (1 << NONCE_BITS()) + nonce);
    signal source <== recorded * chain;
    signal requested_token <== (is_deposit + is_full_exit) * token;
    signal requested_account <== is_full_exit * target;
    signal requested_amount <== is_deposit * amount;
    signal owner_hi <== recorded * party_hi;

    words[0] <== (is_deposit * DEPOSIT_KIND() + is_full_exit * FULL_EXIT_KIND() + is_change * CHANGE_PUB_KEY_KIND())
            * (1 << ACCOUNT_REQUEST_0_KIND_SHIFT())
        + source * (1 << ACCOUNT_REQUEST_0_SOURCE_SHIFT())
        + (request_id + operation_id) * (1 << ACCOUNT_REQUEST_0_ID_SHIFT())
        + requested_token * (1 << ACCOUNT_REQUEST_0_TOKEN_SHIFT())
        + requested_account * (1 << ACCOUNT_REQUEST_0_ACCOUNT_SHIFT())
        + requested_amount * (1 << ACCOUNT_REQUEST_0_AMOUNT_SHIFT());
    words[1] <== recorded * party_lo;
    words[2] <== owner_hi * (1 << ACCOUNT_REQUEST_2_OWNER_HI_SHIFT())
        + second_hi * (1 << ACCOUNT_REQUEST_2_SECOND_HI_SHIFT())
        + queued_at * (1 << ACCOUNT_REQUEST_2_QUEUED_AT_SHIFT());
    words[3] <== second_lo;
}

// The payout (kinds 20, 21, 22). A full exit names its request and its chain, the others account and nonce of the signer.
// Only kind 20 has a fill_fee.
template LedgerPayoutWords() {
    signal input is_full_exit;
    signal input is_withdraw;
    signal input is_forced_exit;
    signal input chain;
    signal input request_id;
    signal input account;
    signal input nonce;
    signal input token;
    signal input amount;
    signal input party_hi;
    signal input party_lo;
    signal input fill_fee;
    signal output words[3];

    var paid = is_full_exit + is_withdraw + is_forced_exit;
    signal source <== is_full_exit * chain;
    signal payer <== paid * chain;
    signal own_request <== is_full_exit * request_id;
    signal operation_id <== (is_withdraw + is_forced_exit) * (account * (1 << NONCE_BITS()) + nonce);
    signal paid_token <== paid * token;
    signal paid_amount <== paid * amount;
    signal recipient_hi <== paid * party_hi;

    words[0] <== (is_full_exit * FULL_EXIT_PAYOUT_KIND() + is_withdraw * WITHDRAW_PAYOUT_KIND()
            + is_forced_exit * FORCED_EXIT_PAYOUT_KIND()) * (1 << PAYOUT_0_KIND_SHIFT())
        + source * (1 << PAYOUT_0_SOURCE_SHIFT())
        + payer * (1 << PAYOUT_0_CHAIN_SHIFT())
        + (own_request + operation_id) * (1 << PAYOUT_0_ID_SHIFT())
        + paid_token * (1 << PAYOUT_0_TOKEN_SHIFT())
        + paid_amount * (1 << PAYOUT_0_AMOUNT_SHIFT());
    words[1] <== paid * party_lo;
    words[2] <== recipient_hi * (1 << PAYOUT_2_RECIPIENT_HI_SHIFT()) + fill_fee * (1 << PAYOUT_2_FILL_FEE_SHIFT());
}

// The data record: (0, d0), or (d0, d1) for a transfer that creates its account (`is_new`), which has its own kind and names the owner.
template LedgerDataWords() {
    signal input kind;
    signal input is_new;
    signal input account;
    signal input target;
    signal input token;
    signal input packed_fee;
    signal input fee_token;
    signal input chain;
    signal input amount;
    signal input party_hi;
    signal input party_lo;
    signal output words[2];

    signal owner_hi <== is_new * party_hi;
    signal d0 <== (kind + is_new * (TRANSFER_NEW_KIND() - TRANSFER_KIND())) * (1 << LEDGER_DATA_0_KIND_SHIFT())
        + account * (1 << LEDGER_DATA_0_ACCOUNT_SHIFT())
        + target * (1 << LEDGER_DATA_0_TARGET_SHIFT())
        + token * (1 << LEDGER_DATA_0_TOKEN_SHIFT())
        + packed_fee * (1 << LEDGER_DATA_0_FEE_SHIFT())
        + fee_token * (1 << LEDGER_DATA_0_FEE_TOKEN_SHIFT())
        + chain * (1 << LEDGER_DATA_0_CHAIN_SHIFT())
        + owner_hi * (1 << LEDGER_DATA_0_OWNER_HI_SHIFT())
        + amount * (1 << LEDGER_DATA_0_AMOUNT_SHIFT());
    words[0] <== is_new * d0;
    words[1] <== d0 + is_new * (party_lo - d0);
}
