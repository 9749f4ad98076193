pragma circom 2.2.0;

// Token rows and pools that a block works on: opened, and written back root to root (docs/protocol.md section 6).
// Takes indices, openings, and what the rows hold after the block; gives the root after. Everything that is written is
// checked to fit, so whatever a root binds fits. Never loads a row twice.

include "poseidon.circom";
include "bitify.circom";
include "buses.circom";
include "compare.circom";
include "merkle4.circom";
include "../constants.circom";

// Token rows: indices strictly increasing and below 4^DT, so that no row is loaded twice; each row opened against the root
// that the rows before it have been written into, and replaced there; everything written is below 2^112.
template TokenRows(T, DT) {
    signal input root_before;
    signal input id[T];
    input TokenOpening(DT) opening[T];
    input TokenRow() after[T];
    signal output root_after;

    component bits[T];
    component row[T];
    signal root[T + 1];
    root[0] <== root_before;
    for (var t = 0; t < T; t++) {
        bits[t] = Num2Bits(2 * DT);
        bits[t].in <== id[t];
        if (t > 0) {
            RangeCheck(2 * DT)(id[t] - id[t - 1] - 1);
        }
        for (var k = 0; k < MAX_CHAINS(); k++) {
            RangeCheck(AMOUNT_BITS())(after[t].reserve[k]);
        }
        RangeCheck(AMOUNT_BITS())(after[t].fees);

        row[t] = MerkleReplace(DT);
        row[t].index_bits <== bits[t].out;
        row[t].path <== opening[t].path;
        row[t].leaf_before <== TokenLeaf()(opening[t].leaf);
        row[t].leaf_after <== TokenLeaf()(after[t]);
        row[t].root_before === root[t];
        root[t + 1] <== row[t].root_after;
    }
    root_after <== root[T];
}

template TokenLeaf() {
    var N = MAX_CHAINS();
    input TokenRow() row;
    signal output out;
    component hash = Poseidon(N + 1);
    for (var k = 0; k < N; k++) {
        hash.inputs[k] <== row.reserve[k];
    }
    hash.inputs[N] <== row.fees;
    out <== hash.out;
}

// Pools: the same, index = lower * 4^DT + higher with lower < higher. Reserves are below 2^112 and the fee is below D: the rule of a swap
// relies on it. A block that changes supplies or LP tokens checks them itself.
template PoolRows(P, DT) {
    signal input root_before;
    input Pair() pair[P];
    input PoolOpening(DT) opening[P];
    input Pool() after[P];
    signal output root_after;

    component bits[P];
    component row[P];
    signal root[P + 1];
    root[0] <== root_before;
    for (var p = 0; p < P; p++) {
        bits[p] = PairBits(DT);
        bits[p].pair <== pair[p];
        RangeCheck(2 * DT)(pair[p].higher - pair[p].lower - 1);
        if (p > 0) {
            RangeCheck(4 * DT)(
                (pair[p].lower - pair[p - 1].lower) * (1 << (2 * DT)) + pair[p].higher - pair[p - 1].higher - 1
            );
        }
        RangeCheck(AMOUNT_BITS())(after[p].reserve_lower);
        RangeCheck(AMOUNT_BITS())(after[p].reserve_higher);
        RangeCheck(FEE_BITS())(after[p].fee);
        RangeCheck(FEE_BITS())(FEE_DENOMINATOR() - 1 - after[p].fee);

        row[p] = MerkleReplace(2 * DT);
        row[p].index_bits <== bits[p].out;
        row[p].path <== opening[p].path;
        row[p].leaf_before <== PoolLeaf()(opening[p].leaf);
        row[p].leaf_after <== PoolLeaf()(after[p]);
        row[p].root_before === root[p];
        root[p + 1] <== row[p].root_after;
    }
    root_after <== root[P];
}

template PoolLeaf() {
    input Pool() pool;
    signal output out;
    out <== Poseidon(5)([pool.reserve_lower, pool.reserve_higher, pool.supply, pool.fee, pool.lp_token]);
}

// The bits of a pool's index. Satisfiable exactly when both tokens are below 4^DT.
template PairBits(DT) {
    input Pair() pair;
    signal output out[4 * DT];

    signal lower[2 * DT] <== Num2Bits(2 * DT)(pair.lower);
    signal higher[2 * DT] <== Num2Bits(2 * DT)(pair.higher);
    for (var i = 0; i < 2 * DT; i++) {
        out[i] <== higher[i];
        out[2 * DT + i] <== lower[i];
    }
}
