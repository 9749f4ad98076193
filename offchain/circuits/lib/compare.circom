pragma circom 2.2.0;

// Range checks and comparisons of integers held in field elements.
// Takes values, gives bits; never compares a value whose size nothing bounds: every template states the bound it
// relies on, and where the bound does not hold the constraints have no solution (they fail, they never lie).

include "bitify.circom";

// Takes `in`; gives nothing. Satisfiable exactly when 0 <= in < 2^n. n <= 253, so that the bits are unique:
// 2^253 < r, hence two different bit strings are two different field elements.
template RangeCheck(n) {
    assert(n <= 253);
    signal input in;
    component bits = Num2Bits(n);
    bits.in <== in;
}

// Gives 1 if a >= b, else 0. Relies on -2^n <= a - b < 2^n; outside of that the n + 1 bits do not exist.
template IsAtLeast(n) {
    assert(n + 1 <= 253);
    signal input a;
    signal input b;
    signal output out;

    component bits = Num2Bits(n + 1);
    bits.in <== a - b + (1 << n);
    out <== bits.out[n];
}

// Gives 1 if in = 0, else 0. Unlike circomlib's template the inverse is pinned to 0 where in = 0, so that a witness is
// unique and the test "every wire is constrained" has no exception to make.
template IsNull() {
    signal input in;
    signal output out;

    signal inverse <-- in != 0 ? 1 / in : 0;
    out <== 1 - in * inverse;
    in * out === 0;
    inverse * out === 0;
}

// Takes `in`; satisfiable exactly when it is 0 or 1.
template BooleanCheck() {
    signal input in;
    in * (in - 1) === 0;
}
