pragma circom 2.2.0;

// EdDSA over Poseidon on BabyJubjub (circomlib's scheme), and the hash that names a key (docs/protocol.md section 4).
// Takes a message, a key A, a signature (R, S) and whether it has to hold; gives H_2(A). Satisfiable exactly when A and R are on the
// curve, neither has small order, S is below the order of the subgroup, and, where enabled, S * B = R + 8 * H_5(R, A, message) * A.
// Never decides whose key it is: the caller compares the hash.
//
// The parts are circomlib's but for the multiplication of the key (points.circom); its own EdDSAPoseidonVerifier is not used because it
// accepts points off the curve and leaves an inverse free in every valid witness.
// Why the parts are complete here: the curve's addition law has no exceptions for points on the curve, and 8 * A, which is not the identity,
// has the prime order that the multiplication relies on.

include "poseidon.circom";
include "bitify.circom";
include "compconstant.circom";
include "babyjub.circom";
include "escalarmulfix.circom";
include "buses.circom";
include "compare.circom";
include "points.circom";

template CheckSignature() {
    var BASE_X = 5299619240641551281634865583518297030282874472190772894086521144482721001553;
    var BASE_Y = 16950150798460657717958625567821834550301663161624707787222815936182638968203;
    var LARGEST_SCALAR = 2736030358979909402780800718157159386076813972158567259200215660948447373040;

    signal input enabled;
    signal input message;
    input Signature() signature;
    signal output key_hash;

    key_hash <== Poseidon(2)([signature.key_x, signature.key_y]);

    // S has 253 bits, unique because 2^253 < r, and is at most LARGEST_SCALAR: one signature has one S.
    signal s_bits[253] <== Num2Bits(253)(signature.s);
    component excess = CompConstant(LARGEST_SCALAR);
    for (var i = 0; i < 253; i++) {
        excess.in[i] <== s_bits[i];
    }
    excess.in[253] <== 0;
    excess.out === 0;

    signal key_8[2] <== CheckPoint()(signature.key_x, signature.key_y);
    signal r_8[2] <== CheckPoint()(signature.r_x, signature.r_y);
    _ <== r_8;

    signal challenge <== Poseidon(5)([signature.r_x, signature.r_y, signature.key_x, signature.key_y, message]);
    signal challenge_bits[254] <== Num2Bits_strict()(challenge);

    signal left[2] <== EscalarMulFix(253, [BASE_X, BASE_Y])(s_bits);
    signal product[2] <== MultiplyPoint()(challenge_bits, key_8);
    signal (right_x, right_y) <== BabyAdd()(signature.r_x, signature.r_y, product[0], product[1]);
    enabled * (left[0] - right_x) === 0;
    enabled * (left[1] - right_y) === 0;
}

// Satisfiable exactly when the point is on the curve and has no small order; gives 8 times the point. The curve has 8 * suborder
// points, so that multiple lies in the subgroup of prime order, where only the identity has x = 0.
template CheckPoint() {
    signal input x;
    signal input y;
    signal output times_8[2];

    BabyCheck()(x, y);
    signal (x_2, y_2) <== DoublePoint()(x, y);
    signal (x_4, y_4) <== DoublePoint()(x_2, y_2);
    signal (x_8, y_8) <== DoublePoint()(x_4, y_4);
    signal is_small <== IsNull()(x_8);
    is_small === 0;
    times_8 <== [x_8, y_8];
}
