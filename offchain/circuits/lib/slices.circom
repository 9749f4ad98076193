pragma circom 2.2.0;

// Slices as polynomials at z, and their sum at lambda (docs/protocol.md section 7).
// Takes the words of one record at a time and the selector of the chain it belongs to, or for slice 0 nothing more; gives the running
// value of every slice. Field arithmetic throughout: nothing here is an integer, so nothing can overflow.

include "../constants.circom";

// The record's own words as a polynomial: words[0] * z^(n-1) + .. + words[n-1].
template Horner(n) {
    signal input words[n];
    signal input z;
    signal output out;

    signal value[n];
    value[0] <== words[0];
    for (var i = 1; i < n; i++) {
        value[i] <== value[i - 1] * z + words[i];
    }
    out <== value[n - 1];
}

// Appends a record to the selected slice: value * factor + record, with factor = z^(words of the record). The others, and
// all of them if none is selected, stay as they are.
template AppendRecord() {
    var N = MAX_CHAINS();
    signal input selected[N];
    signal input value[N];
    signal input factor;
    signal input record;
    signal output next[N];

    signal growth[N];
    for (var k = 0; k < N; k++) {
        growth[k] <== value[k] * (factor - 1) + record;
        next[k] <== value[k] + selected[k] * growth[k];
    }
}

// y = header + sum over k in 0..N of lambda^(k+1) * slice_k. `data` is slice 0, value[k - 1] is slice k.
template Aggregate() {
    var N = MAX_CHAINS();
    signal input header;
    signal input data;
    signal input value[N];
    signal input lambda;
    signal output out;

    signal sum[N + 1];
    sum[N] <== value[N - 1];
    for (var k = N - 1; k >= 1; k--) {
        sum[k] <== sum[k + 1] * lambda + value[k - 1];
    }
    sum[0] <== sum[1] * lambda + data;
    out <== sum[0] * lambda + header;
}
