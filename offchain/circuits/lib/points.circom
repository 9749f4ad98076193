pragma circom 2.2.0;

// Points of BabyJubjub: doubling, and a point of prime order times a scalar (docs/adr/0020-signed-digits.md).
// Takes points that the caller has checked, gives points; every wire follows from the inputs in one way. Never checks that a point is
// on the curve or has prime order.

include "babyjub.circom";
include "montgomery.circom";

// 2 * (x, y), for any point of the curve. By a * x^2 + y^2 = 1 + d * x^2 * y^2 the denominators are those of the addition law,
// which is complete: neither is 0 for a point of the curve.
template DoublePoint() {
    var A = 168700;
    signal input x;
    signal input y;
    signal output x_2;
    signal output y_2;

    signal product <== x * y;
    signal x_square <== x * x;
    signal y_square <== y * y;
    x_2 <-- 2 * product / (A * x_square + y_square);
    x_2 * (A * x_square + y_square) === 2 * product;
    y_2 <-- (y_square - A * x_square) / (2 - A * x_square - y_square);
    y_2 * (2 - A * x_square - y_square) === y_square - A * x_square;
}

// h * P. Takes the 254 bits of h, the lowest first, and P. Relies on h < r and on P having the prime order l (so it is not the identity).
//
// How: h = 16 * c + (its last four bits). An accumulator m * P runs over the 250 bits of c from the top, in Montgomery form:
//     m_0 = 3,  m_(j+1) = 2 * m_j + d_j,  d_j = 2 * bit - 1 + 2 * k_j,
// where the constants k_j, of -1, 0 and 1, are the non-adjacent form of (l + 1) / 2 below its first digit. So m_250 = 2 * c + 2 + l, and
// the accumulator ends as (2 * c + 2) * P. Minus P it is (2 * c + 1) * P. The next three bits follow in Edwards form, m -> 2 * m + 2 * bit - 1,
// which gives (2 * (h >> 1) + 1) * P; and if h is even, one P less.
//
// Why no step is exceptional: an addition in Montgomery form fails only where a term or the sum is the identity or the terms have the
// same x, that is where m_j = 0, m_j = d_j, m_j = -d_j or m_(j+1) = 0 modulo l. The k_j carry m past every such value: with c_j the
// first j bits of c, m_j - 2 * c_j depends on j alone, and c_j <= (r - 1) >> (254 - j); hence 3 < m_j < l - 3 for 0 < j < 250, m_0 = 3 meets
// d_0 = 1 or -1, and l + 1 < m_250 < 2 * l - 3 because r < 8 * l. Also 1 < 2 * c + 2 < l - 1, so minus P is none either. No point of odd
// order but the identity is exceptional for the change of form. The curve's own addition law has no exceptions.
template MultiplyPoint() {
    var STEPS = 250;
    var TAIL = 3;
    signal input bits[254];
    signal input point[2];
    signal output out[2];

    signal once[2] <== Edwards2Montgomery()(point);
    signal twice[2] <== MontgomeryDouble()(once);
    signal thrice[2] <== MontgomeryAdd()(once, twice);
    signal sum[STEPS + 1][2];
    sum[0] <== thrice;
    for (var j = 0; j < STEPS; j++) {
        sum[j + 1] <== DoubleAndAdd(OffsetDigit(STEPS - 1 - j))(bits[253 - j], once, thrice, sum[j]);
    }
    signal odd[2] <== MontgomeryAdd()(sum[STEPS], [once[0], -once[1]]);

    signal product[TAIL + 1][2];
    product[0] <== Montgomery2Edwards()(odd);
    signal doubled[TAIL][2];
    signal digit_x[TAIL];
    for (var j = 0; j < TAIL; j++) {
        (doubled[j][0], doubled[j][1]) <== DoublePoint()(product[j][0], product[j][1]);
        digit_x[j] <== (2 * bits[TAIL - j] - 1) * point[0]; // -(x, y) = (-x, y)
        (product[j + 1][0], product[j + 1][1]) <== BabyAdd()(doubled[j][0], doubled[j][1], digit_x[j], point[1]);
    }
    signal last_x <== (bits[0] - 1) * point[0]; // -P, or the identity (0, 1)
    signal last_y <== 1 + (1 - bits[0]) * (point[1] - 1);
    (out[0], out[1]) <== BabyAdd()(product[TAIL][0], product[TAIL][1], last_x, last_y);
}

// One step of MultiplyPoint: 2 * sum + d * P as (sum + d * P) + sum, without the y in between; d = 2 * bit - 1 + 2 * offset.
// `once` is P, `thrice` is 3 * P. Relies on sum, sum + d * P and the result not being the identity, and on sum not being d * P.
template DoubleAndAdd(offset) {
    var A = 168698; // y^2 = x^3 + A * x^2 + x
    signal input bit;
    signal input once[2];
    signal input thrice[2];
    signal input sum[2];
    signal output out[2];

    signal term[2];
    if (offset == 0) { // -1 or 1
        term <== [once[0], (2 * bit - 1) * once[1]];
    } else if (offset == 1) { // 1 or 3
        term <== [once[0] + bit * (thrice[0] - once[0]), once[1] + bit * (thrice[1] - once[1])];
    } else { // -3 or -1
        term <== [thrice[0] + bit * (once[0] - thrice[0]), -thrice[1] - bit * (once[1] - thrice[1])];
    }
    signal slope <-- (term[1] - sum[1]) / (term[0] - sum[0]);
    slope * (term[0] - sum[0]) === term[1] - sum[1];
    signal x <== slope * slope - A - sum[0] - term[0];
    signal next_slope <-- 2 * sum[1] / (sum[0] - x) - slope;
    (slope + next_slope) * (sum[0] - x) === 2 * sum[1];
    out[0] <== next_slope * next_slope - A - x - sum[0];
    out[1] <== next_slope * (sum[0] - out[0]) - sum[1];
}

// Digit i, that of 2^i, of the non-adjacent form of (l + 1) / 2: bit i + 1 of three times the number, less that bit of the number.
function OffsetDigit(i) {
    var L = 2736030358979909402780800718157159386076813972158567259200215660948447373041;
    var half = (L + 1) \ 2;
    return (((3 * half) >> (i + 1)) & 1) - ((half >> (i + 1)) & 1);
}
