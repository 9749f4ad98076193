pragma circom 2.2.0;

// Accounts in their tree (docs/protocol.md section 3): the leaf, and one side of an operation.
// Takes what the account holds before and after; gives the account root after. Everything in the account that is not named stays as
// it was, because both leaves are made with the same siblings and the same other fields.
// Never decides what may change.

include "poseidon.circom";
include "buses.circom";
include "compare.circom";
include "merkle4.circom";
include "../constants.circom";

// The leaf. Relies on known < 2^8, owner.hi < 2^8 and nonce < 2^32, so that the second field has one reading.
template AccountLeaf() {
    input Account() account;
    signal input balance_root;
    signal input order_root;
    signal output out;
    out <== Poseidon(5)([
        account.owner.lo,
        account.known * (1 << ACCOUNT_LEAF_1_KNOWN_SHIFT()) + account.owner.hi * (1 << ACCOUNT_LEAF_1_OWNER_HI_SHIFT())
            + account.nonce * (1 << ACCOUNT_LEAF_1_NONCE_SHIFT()),
        account.key_hash, balance_root, order_root
    ]);
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

// The known chains with one chain more, if `enabled`. Takes the bits of `known` and a selector with at most one bit; gives them again
// where none is set.
template AddKnown() {
    var N = MAX_CHAINS();
    signal input enabled;
    signal input is_chain[N];
    signal input bits[N];
    signal output out;

    var known = 0;
    var added = 0;
    signal has[N];
    for (var k = 0; k < N; k++) {
        has[k] <== is_chain[k] * bits[k];
        known += bits[k] * (1 << k);
        added += (is_chain[k] - has[k]) * (1 << k);
    }
    out <== known + enabled * added;
}

// Whether an account's owner is the party. Relies on hi parts below 2^8.
template IsOwner() {
    input Address() owner;
    input Address() party;
    signal output out;
    signal same_hi <== IsNull()(owner.hi - party.hi);
    signal same_lo <== IsNull()(owner.lo - party.lo);
    out <== same_hi * same_lo;
}

// Whether an address is the zero address.
template IsNobody() {
    input Address() address;
    signal output out;
    signal null_hi <== IsNull()(address.hi);
    signal null_lo <== IsNull()(address.lo);
    out <== null_hi * null_lo;
}

// One side of an operation: an account with one balance. Takes bits of both indices; checks the width of owner.hi and nonce, so
// that the leaf has one reading, and of the balance after. The caller has the bits of `known`, and checks the width of an owner and a
// nonce that it changes.
template AccountSide(DT, DA) {
    signal input account_root;
    signal input account_bits[2 * DA];
    signal input token_bits[2 * DT];
    input AccountOpening(DT, DA, 1) before;
    input Account() next;
    signal input next_balance;
    signal output next_account_root;

    RangeCheck(ADDRESS_HI_BITS())(before.account.owner.hi);
    RangeCheck(NONCE_BITS())(before.account.nonce);
    RangeCheck(AMOUNT_BITS())(next_balance);

    signal (balance_root, next_balance_root) <== MerkleReplace(DT)(
        token_bits, before.balance[0].path, before.balance[0].amount, next_balance
    );
    signal leaf <== AccountLeaf()(before.account, balance_root, before.order_root);
    signal next_leaf <== AccountLeaf()(next, next_balance_root, before.order_root);
    next_account_root <== AccountReplace(DA)(account_bits, before.path, leaf, next_leaf, account_root);
}
