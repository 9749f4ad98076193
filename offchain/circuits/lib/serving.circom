pragma circom 2.2.0;

// One serving of a full exit (docs/protocol.md section 5.3): which chain pays, and whether that consumes the request.
// Takes who asked, the chains that may pay and the reserves before; gives what follows from them. Never leaves a choice.

include "compare.circom";
include "select.circom";
include "../constants.circom";

// The chain that pays: the first one from the one that asked on, cyclically, that may pay and has a reserve; the one that asked if
// none has. Takes selectors with at most one bit and bits of the mask; with nothing asked and an empty mask it gives no chain. `has_reserve`
// counts the chains that may pay and have a reserve, `is_dry` says that none has.
//
// The order is gone through twice, first the chains from the one that asked on, then those before it: a chain belongs to the first round
// iff the sum of `is_asker` up to it is 1.
template PayingChain() {
    var N = MAX_CHAINS();
    signal input is_asker[N];
    signal input mask[N];
    signal input reserve[N];
    signal output is_payer[N];
    signal output has_reserve;
    signal output is_dry;

    signal is_empty[N];
    signal can_pay[N];
    signal first[N];
    var count = 0;
    var reached = 0;
    for (var k = 0; k < N; k++) {
        is_empty[k] <== IsNull()(reserve[k]);
        can_pay[k] <== mask[k] * (1 - is_empty[k]);
        reached += is_asker[k];
        first[k] <== reached * can_pay[k];
        count += can_pay[k];
    }
    has_reserve <== count;

    signal none[2 * N + 1]; // no chain so far can pay
    none[0] <== 1;
    for (var k = 0; k < N; k++) {
        none[k + 1] <== none[k] * (1 - first[k]);
    }
    for (var k = 0; k < N; k++) {
        none[N + k + 1] <== none[N + k] * (1 - can_pay[k] + first[k]);
    }
    is_dry <== none[2 * N];
    for (var k = 0; k < N; k++) {
        is_payer[k] <== none[k] - none[k + 1] + none[N + k] - none[N + k + 1] + is_dry * is_asker[k];
    }
}

// Whether a serving leaves the request in its queue: the account is the asker's, its balance is not gone, and another chain that may pay
// has a reserve. Where the balance is not `covered` the serving empties the paying chain's reserve.
template IsServedInPart() {
    signal input is_own;
    signal input covered;
    signal input has_reserve;
    signal input is_dry;
    signal output out;

    signal is_last <== IsNull()(has_reserve - 1 + is_dry);
    signal has_more <== (1 - covered) * (1 - is_last);
    out <== is_own * has_more;
}
