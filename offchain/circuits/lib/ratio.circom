pragma circom 2.2.0;

// Quotients and roots of integers, exact to the unit, with both inequalities of every rounding.
// Takes operands that the caller has bounded; each template states the bounds and why its products cannot wrap r > 2^253. Gives a
// result or accepts one, and never leaves a choice: within the bounds there is exactly one solution.

include "compare.circom";
include "../constants.circom";

// Registers (reserves, fees, supplies) within a block. Loaded values are below 2^112: every write-back checks it. A block has at
// most 127 changes of one register of less than 2^112 each, so a register stays below 2^119.
function REGISTER_BITS() { return AMOUNT_BITS() + 7; }

// out = floor(y * g / (x * D + g)) with g = dx * (D - fee).
// Takes x, y < 2^119, dx < 2^112, fee < D, and `padding`, which is 1 exactly where dx = 0 (an empty slot) and keeps the
// divisor positive there. Both inequalities of the floor: 0 <= remainder < divisor.
// No wrap: g < 2^126; divisor < 2^119 * 10^4 + 2^112 * 10^4 + 1 < 2^133; y * g < 2^245; out * divisor < 2^245;
// all far below r > 2^253, so y * g = out * divisor + remainder holds in the integers and has one solution.
template ConstantProduct() {
    var D = FEE_DENOMINATOR();
    var DIVISOR_BITS = REGISTER_BITS() + FEE_BITS();
    signal input x;
    signal input y;
    signal input fee;
    signal input dx;
    signal input padding;
    signal output out;

    signal g <== dx * (D - fee);
    signal divisor <== x * D + g + padding;
    signal dividend <== y * g;
    out <-- dividend \ divisor;
    signal remainder <== dividend - out * divisor;
    RangeCheck(AMOUNT_BITS())(out);
    RangeCheck(DIVISOR_BITS)(remainder);
    RangeCheck(DIVISOR_BITS)(divisor - 1 - remainder);
}

// quotient = ceil(dividend / divisor) where up = 1, floor(dividend / divisor) where up = 0; unsatisfiable for any other quotient
// and for divisor = 0. Takes divisor < 2^n <= 2^119, |quotient| < 2^114, dividend < 2^238 and a bit.
// No wrap: |quotient * divisor - dividend| < 2^239, so the remainder is an integer in 0..divisor - 1 and the equation holds in the
// integers.
template IsQuotient(n) {
    signal input up;
    signal input dividend;
    signal input divisor;
    signal input quotient;

    signal excess <== quotient * divisor - dividend;
    signal remainder <== (2 * up - 1) * excess;
    RangeCheck(n)(remainder);
    RangeCheck(n)(divisor - 1 - remainder);
}

// out = floor(dividend / divisor) for a result below 2^112; unsatisfiable for a larger one and for divisor = 0.
// Takes divisor < 2^119 and dividend < 2^238. No wrap: out * divisor < 2^231.
template Floor() {
    signal input dividend;
    signal input divisor;
    signal output out;

    out <-- divisor == 0 ? 0 : dividend \ divisor;
    RangeCheck(AMOUNT_BITS())(out);
    IsQuotient(REGISTER_BITS())(0, dividend, divisor, out);
}

// root = floor(sqrt(square)): root^2 <= square < (root + 1)^2, that is 0 <= square - root^2 <= 2 * root.
// Takes square < 2^224 and root < 2^112. No wrap: root^2 < 2^224, and the bounds of the difference are below 2^113.
template IsSquareRoot() {
    signal input square;
    signal input root;

    signal difference <== square - root * root;
    RangeCheck(AMOUNT_BITS() + 1)(difference);
    RangeCheck(AMOUNT_BITS() + 1)(2 * root - difference);
}

// fee = floor(amount * rate / D). Takes amount < 2^112 and rate < 2^14.
// No wrap: amount * rate < 2^126, fee * D < 2^126.
template RateFee() {
    var D = FEE_DENOMINATOR();
    signal input amount;
    signal input rate;
    signal output fee;

    signal dividend <== amount * rate;
    fee <-- dividend \ D;
    RangeCheck(AMOUNT_BITS())(fee);
    RangeCheck(FEE_BITS())(dividend - fee * D);
    RangeCheck(FEE_BITS())(D - 1 - (dividend - fee * D));
}
