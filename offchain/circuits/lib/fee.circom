pragma circom 2.2.0;

// The packed fee of a signed operation: mantissa * 10^exponent (docs/protocol.md section 1).
// Takes both parts; gives the value, below 2^112, and the 16 bits that are signed and published. Never asks for the canonical
// form: the signature binds the form that the signer chose.

include "bitify.circom";
include "compare.circom";
include "../constants.circom";

template PackedFee() {
    var BITS = FEE_EXPONENT_BITS();
    signal input mantissa;
    signal input exponent;
    signal output value;
    signal output packed;

    RangeCheck(FEE_MANTISSA_BITS())(mantissa);
    signal bits[BITS] <== Num2Bits(BITS)(exponent);

    // 10^exponent and whether the exponent is the largest one, both as products over the bits.
    signal power[BITS];
    signal all[BITS];
    power[0] <== 1 + bits[0] * 9;
    all[0] <== bits[0];
    for (var i = 1; i < BITS; i++) {
        power[i] <== power[i - 1] * (1 + bits[i] * (10 ** (1 << i) - 1));
        all[i] <== all[i - 1] * bits[i];
    }
    value <== mantissa * power[BITS - 1];

    // 2047 * 10^30 < 2^112, so only the largest exponent, 31, can pass the limit: there the mantissa is at most 519.
    var LARGEST_MANTISSA = (AMOUNT_LIMIT() - 1) \ (10 ** ((1 << BITS) - 1));
    signal bounded <== all[BITS - 1] * mantissa;
    RangeCheck(10)(LARGEST_MANTISSA - bounded);

    packed <== exponent * (1 << FEE_MANTISSA_BITS()) + mantissa;
}
