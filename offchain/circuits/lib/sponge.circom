pragma circom 2.2.0;

// The commitment C: s = 0, then s = H_16(s, chunk) for each chunk of 15 elements, the last padded with zeros.
// Takes n elements, gives the last s. Never absorbs a length: n is fixed by the circuit.

include "poseidon.circom";

template Sponge(n) {
    var RATE = 15;
    var chunks = (n + RATE - 1) \ RATE;
    signal input in[n];
    signal output out;

    signal state[chunks + 1];
    state[0] <== 0;
    component hash[chunks];
    for (var i = 0; i < chunks; i++) {
        hash[i] = Poseidon(RATE + 1);
        hash[i].inputs[0] <== state[i];
        for (var j = 0; j < RATE; j++) {
            if (RATE * i + j < n) {
                hash[i].inputs[1 + j] <== in[RATE * i + j];
            } else {
                hash[i].inputs[1 + j] <== 0;
            }
        }
        state[i + 1] <== hash[i].out;
    }
    out <== state[chunks];
}
