pragma circom 2.1.6;

// What one serving of a full exit fixes (docs/protocol.md section 5.3): the paying chain, the amount, and whether the request is
// consumed. Takes the token's reserves before the slot, the chain that asked (one bit of is_source), the chains that may pay, the
// balance, and whether the account is the request's owner's. Gives no choice to the prover.
// A slot of another kind sets no bit of is_source and mask 0: then it gives no payer and amount 0.
//
// Bounds. balance < 2^112, reserves below 2^119 and not negative, mask < 2^8 is checked here: the bits of the mask are the circuit's
// only range check. Sums that are compared with 0 are of numbers that are not negative, so they are 0 only if each is.

include "bitify.circom";
include "compare.circom";
include "ratio.circom";
include "select.circom";
include "../constants.circom";

template FullExitServing() {
    var N = MAX_CHAINS();
    signal input is_source[N];
    signal input mask;
    signal input reserve[N];
    signal input balance;
    signal input is_own;
    signal output is_payer[N];
    signal output is_home; // the payer is the source
    signal output amount;
    signal output is_final;

    signal in_mask[N] <== Num2Bits(N)(mask);
    signal is_dry[N];
    signal can_pay[N];
    var count = 0;
    for (var k = 0; k < N; k++) {
        is_dry[k] <== IsNull()(reserve[k]);
        can_pay[k] <== in_mask[k] * (1 - is_dry[k]);
        count += can_pay[k];
    }

    // The first that can pay: from the source to the last chain, then from the first chain on. none[i] = 1 as long as none is found.
    signal is_behind[N];
    signal first[N];
    signal second[N];
    signal none[2 * N + 1];
    var started = 0;
    none[0] <== 1;
    for (var k = 0; k < N; k++) {
        started += is_source[k];
        is_behind[k] <== started * can_pay[k];
        first[k] <== is_behind[k] * none[k];
        none[k + 1] <== none[k] - first[k];
    }
    for (var k = 0; k < N; k++) {
        second[k] <== can_pay[k] * none[N + k];
        none[N + k + 1] <== none[N + k] - second[k];
    }
    signal stays[N];
    for (var k = 0; k < N; k++) {
        stays[k] <== is_source[k] * none[2 * N];
        is_payer[k] <== first[k] + second[k] + stays[k];
    }
    is_home <== InnerProduct(N)(is_payer, is_source);

    signal available <== InnerProduct(N)(is_payer, reserve);
    signal covered <== IsAtLeast(REGISTER_BITS())(available, balance);
    signal payable <== Choose()(covered, available, balance);
    amount <== is_own * payable;

    // Final: another's account; or the balance is gone; or no chain that may pay has a reserve, neither the payer nor another.
    var others = count - (1 - none[2 * N]);
    signal is_gone <== IsNull()(balance - amount);
    signal is_empty <== IsNull()(others + available - amount);
    signal is_open <== (1 - is_gone) * (1 - is_empty);
    is_final <== 1 - is_own * is_open;
}
