pragma circom 2.2.0;

// One change of one balance of an account: opened, changed, checked, replaced.
// Takes the token's bits, the balance before with its path and the change, which may be negative and is above -2^112 and below 2^112;
// gives the root of the account's balances before and after. Unsatisfiable if the balance becomes negative or reaches 2^112.

include "buses.circom";
include "compare.circom";
include "merkle4.circom";
include "../constants.circom";

template BalanceStep(DT) {
    signal input index_bits[2 * DT];
    input BalanceOpening(DT) before;
    signal input change;
    signal output root_before;
    signal output root_after;

    signal after <== before.amount + change;
    RangeCheck(AMOUNT_BITS())(after);
    (root_before, root_after) <== MerkleReplace(DT)(index_bits, before.path, before.amount, after);
}
