pragma circom 2.1.6;

// Accounts in their tree (docs/protocol.md section 3): the leaf, and one side of an operation.
// Takes what the account holds before and after; gives the account root after. Everything in the account that is not named stays as
// it was, because both leaves are made with the same siblings and the same other fields.
// Never decides what may change.

include "poseidon.circom";
include "compare.circom";
include "merkle4.circom";
include "../constants.circom";

// The leaf. Relies on owner_hi < 2^8 and nonce < 2^32, so that the second field has one reading.
template AccountLeaf() {
    signal input owner_hi;
    signal input owner_lo;
    signal input nonce;
    signal input key_hash;
    signal input balance_root;
    signal input order_root;
    signal output out;
    out <== Poseidon(5)([owner_lo, owner_hi * (1 << NONCE_BITS()) + nonce, key_hash, balance_root, order_root]);
}

// Replaces an account's leaf in a tree whose root is known.
template AccountReplace(DA) {
    signal input index_bits[2 * DA];
    signal input path[DA][3];
    signal input leaf_before;
    signal input leaf_after;
    signal input account_root;
    signal output next_account_root;

    signal root_before;
    (root_before, next_account_root) <== MerkleReplace(DA)(index_bits, path, leaf_before, leaf_after);
    root_before === account_root;
}

// One side of an operation: an account with one balance. Takes bits of both indices; checks the width of owner_hi and nonce, so
// that the leaf has one reading, and of the balance after. The caller checks the width of an owner and a nonce that it changes.
template AccountSide(DT, DA) {
    signal input account_root;
    signal input account_bits[2 * DA];
    signal input path[DA][3];
    signal input token_bits[2 * DT];
    signal input balance_path[DT][3];
    signal input order_root;

    signal input owner_hi;
    signal input owner_lo;
    signal input nonce;
    signal input key_hash;
    signal input balance;

    signal input next_owner_hi;
    signal input next_owner_lo;
    signal input next_nonce;
    signal input next_key_hash;
    signal input next_balance;
    signal output next_account_root;

    RangeCheck(ADDRESS_HI_BITS())(owner_hi);
    RangeCheck(NONCE_BITS())(nonce);
    RangeCheck(AMOUNT_BITS())(next_balance);

    signal (balance_root, next_balance_root) <== MerkleReplace(DT)(token_bits, balance_path, balance, next_balance);
    signal leaf <== AccountLeaf()(owner_hi, owner_lo, nonce, key_hash, balance_root, order_root);
    signal next_leaf <== AccountLeaf()(
        next_owner_hi, next_owner_lo, next_nonce, next_key_hash, next_balance_root, order_root
    );
    next_account_root <== AccountReplace(DA)(account_bits, path, leaf, next_leaf, account_root);
}
