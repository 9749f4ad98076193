pragma circom 2.2.0;

// One-hot selection of chains, token rows and pools, and reading through it.
// The selectors are hints that the constraints leave no freedom: each is a bit, their sum is `enabled`, and the selected
// index is the one asked for. So with enabled = 1 exactly one is set and "not found" is unsatisfiable; with enabled = 0
// none is (a sum of at most 16 bits cannot wrap to 0).

include "buses.circom";
include "compare.circom";

// Selects among the fixed indices 1..n. Gives selected[k - 1] = 1 for k = index. With enabled = 0 index must be 0.
template SelectConstant(n) {
    signal input enabled;
    signal input index;
    signal output selected[n];

    var count = 0;
    var value = 0;
    for (var k = 1; k <= n; k++) {
        selected[k - 1] <-- index == k ? 1 : 0;
        BooleanCheck()(selected[k - 1]);
        count += selected[k - 1];
        value += k * selected[k - 1];
    }
    count === enabled;
    value === index;
}

// Selects among the loaded indices, which the caller keeps distinct. Gives selected[i] = 1 for ids[i] = index.
// With enabled = 0 index must be 0: it is the inner product, so it has no other value.
template SelectLoaded(n) {
    signal input enabled;
    signal input index;
    signal input ids[n];
    signal output selected[n];

    var count = 0;
    for (var i = 0; i < n; i++) {
        selected[i] <-- ids[i] == index ? enabled : 0;
        BooleanCheck()(selected[i]);
        count += selected[i];
    }
    count === enabled;
    signal found <== InnerProduct(n)(selected, ids);
    found === index;
}

// Selects the loaded pool of the pair (lower, higher); the caller keeps the loaded pairs distinct.
// With enabled = 0 none is selected, whatever the pair.
template SelectPair(n) {
    signal input enabled;
    signal input lower;
    signal input higher;
    input Pair() pair[n];
    signal output selected[n];

    var count = 0;
    for (var i = 0; i < n; i++) {
        selected[i] <-- (pair[i].lower == lower && pair[i].higher == higher) ? enabled : 0;
        BooleanCheck()(selected[i]);
        selected[i] * (pair[i].lower - lower) === 0;
        selected[i] * (pair[i].higher - higher) === 0;
        count += selected[i];
    }
    count === enabled;
}

// Gives the sum of a[i] * b[i]: with a one-hot a, the selected b, and 0 if none is selected.
template InnerProduct(n) {
    signal input a[n];
    signal input b[n];
    signal output out;

    signal product[n];
    var sum = 0;
    for (var i = 0; i < n; i++) {
        product[i] <== a[i] * b[i];
        sum += product[i];
    }
    out <== sum;
}

// Gives `one` if the bit is 1, else `zero`. Relies on the bit being a bit.
template Choose() {
    signal input bit;
    signal input zero;
    signal input one;
    signal output out;
    out <== zero + bit * (one - zero);
}
