pragma circom 2.1.6;

// Token rows and pools that a block works on: opened, and written back root to root (docs/protocol.md section 6).
// Takes indices, paths, and what the rows hold before and after the block; gives the root after. Everything that is written is
// checked to fit, so whatever a root binds fits. Never loads a row twice.

include "poseidon.circom";
include "bitify.circom";
include "compare.circom";
include "merkle4.circom";
include "../constants.circom";

// Token rows: indices strictly increasing and below 4^DT, so that no row is loaded twice; each row opened against the root
// that the rows before it have been written into, and replaced there; everything written is below 2^112.
template TokenRows(T, DT) {
    var N = MAX_CHAINS();
    signal input root_before;
    signal input id[T];
    signal input path[T][DT][3];
    signal input reserve_before[T][N];
    signal input fees_before[T];
    signal input reserve_after[T][N];
    signal input fees_after[T];
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
        for (var k = 0; k < N; k++) {
            RangeCheck(AMOUNT_BITS())(reserve_after[t][k]);
        }
        RangeCheck(AMOUNT_BITS())(fees_after[t]);

        row[t] = MerkleReplace(DT);
        row[t].index_bits <== bits[t].out;
        row[t].path <== path[t];
        row[t].leaf_before <== TokenLeaf()(reserve_before[t], fees_before[t]);
        row[t].leaf_after <== TokenLeaf()(reserve_after[t], fees_after[t]);
        row[t].root_before === root[t];
        root[t + 1] <== row[t].root_after;
    }
    root_after <== root[T];
}

template TokenLeaf() {
    var N = MAX_CHAINS();
    signal input reserve[N];
    signal input fees;
    signal output out;
    component hash = Poseidon(N + 1);
    for (var k = 0; k < N; k++) {
        hash.inputs[k] <== reserve[k];
    }
    hash.inputs[N] <== fees;
    out <== hash.out;
}

// Pools: the same, index = lower * 4^DT + higher with lower < higher. Reserves are below 2^112 and the fee is below D: the rule of a swap
// relies on it. A block that changes supplies or LP tokens checks them itself.
template PoolRows(P, DT) {
    signal input root_before;
    signal input lower[P];
    signal input higher[P];
    signal input path[P][2 * DT][3];
    signal input lower_before[P];
    signal input higher_before[P];
    signal input supply_before[P];
    signal input fee_before[P];
    signal input lp_token_before[P];
    signal input lower_after[P];
    signal input higher_after[P];
    signal input supply_after[P];
    signal input fee_after[P];
    signal input lp_token_after[P];
    signal output root_after;

    component lower_bits[P];
    component higher_bits[P];
    component row[P];
    signal root[P + 1];
    root[0] <== root_before;
    for (var p = 0; p < P; p++) {
        lower_bits[p] = Num2Bits(2 * DT);
        higher_bits[p] = Num2Bits(2 * DT);
        lower_bits[p].in <== lower[p];
        higher_bits[p].in <== higher[p];
        RangeCheck(2 * DT)(higher[p] - lower[p] - 1);
        if (p > 0) {
            RangeCheck(4 * DT)((lower[p] - lower[p - 1]) * (1 << (2 * DT)) + higher[p] - higher[p - 1] - 1);
        }
        RangeCheck(AMOUNT_BITS())(lower_after[p]);
        RangeCheck(AMOUNT_BITS())(higher_after[p]);
        RangeCheck(FEE_BITS())(fee_after[p]);
        RangeCheck(FEE_BITS())(FEE_DENOMINATOR() - 1 - fee_after[p]);

        row[p] = MerkleReplace(2 * DT);
        for (var i = 0; i < 2 * DT; i++) {
            row[p].index_bits[i] <== higher_bits[p].out[i];
            row[p].index_bits[2 * DT + i] <== lower_bits[p].out[i];
        }
        row[p].path <== path[p];
        row[p].leaf_before <== Poseidon(5)(
            [lower_before[p], higher_before[p], supply_before[p], fee_before[p], lp_token_before[p]]
        );
        row[p].leaf_after <== Poseidon(5)(
            [lower_after[p], higher_after[p], supply_after[p], fee_after[p], lp_token_after[p]]
        );
        row[p].root_before === root[p];
        root[p + 1] <== row[p].root_after;
    }
    root_after <== root[P];
}
