pragma circom 2.1.6;

// One swap (docs/protocol.md section 5.1) on hot registers.
// SwapSlot takes the registers before it, the loaded indices, the block's timestamp and one request (or none: used = 0, all
// zero); gives the registers after it, the eight words it publishes and the chains they belong to.
// Never takes the outcome or the output amount from the prover: both follow from the request and the registers.
// Never touches a Merkle path.
//
// Bounds. Loaded reserves, fees and pool reserves are below 2^112 (every write-back checks it, and so does the check of the
// genesis). Within a block they are not checked again: S <= 127 slots add less than 2^112 each, so every register stays below
// 2^119 = REGISTER_LIMIT. Nothing becomes negative: a reserve is reduced only by out <= reserve, a pool only by out <= y.

include "lib/compare.circom";
include "lib/ratio.circom";
include "lib/select.circom";
include "lib/words.circom";
include "constants.circom";

// paid = timestamp <= deadline and out > 0 and out >= min_out + fill_fee and reserve >= out.
// Takes timestamp, deadline < 2^40; out, min_out, fill_fee < 2^112; reserve < 2^119. For an empty slot out = 0, so paid = 0.
template SwapOutcome() {
    signal input timestamp;
    signal input deadline;
    signal input out;
    signal input min_out;
    signal input fill_fee;
    signal input reserve;
    signal output paid;

    signal in_time <== IsAtLeast(TIME_BITS())(deadline, timestamp);
    signal nothing <== IsNull()(out);
    signal enough <== IsAtLeast(AMOUNT_BITS() + 1)(out, min_out + fill_fee);
    signal covered <== IsAtLeast(REGISTER_BITS())(reserve, out);

    signal wanted <== in_time * (1 - nothing);
    signal possible <== enough * covered;
    paid <== wanted * possible;
}

// The pool of the pair, seen from token_in: (x, y) = reserves on its side and the other, or zeros if the tokens are equal.
// Unsatisfiable if the tokens differ and the pool of the pair is not loaded. Gives what a write-back needs as well.
template PoolView(P) {
    signal input token_in;
    signal input token_out;
    signal input pool_lower[P];
    signal input pool_higher[P];
    signal input pool_fee[P];
    signal input reserve_lower[P];
    signal input reserve_higher[P];
    signal output same;
    signal output is_higher; // token_in is the pool's higher token
    signal output selected[P];
    signal output x;
    signal output y;
    signal output fee;

    same <== IsNull()(token_in - token_out);

    // A loaded pool has lower < higher, so only the right order of the pair can be found.
    is_higher <-- token_in > token_out ? 1 : 0;
    BooleanCheck()(is_higher);
    is_higher * same === 0;
    signal lower <== Choose()(is_higher, token_in, token_out);
    signal higher <== token_in + token_out - lower;
    selected <== SelectPair(P)(1 - same, lower, higher, pool_lower, pool_higher);

    signal found_lower <== InnerProduct(P)(selected, reserve_lower);
    signal found_higher <== InnerProduct(P)(selected, reserve_higher);
    fee <== InnerProduct(P)(selected, pool_fee);
    x <== Choose()(is_higher, found_lower, found_higher);
    y <== found_lower + found_higher - x;
}

template SwapSlot(T, P) {
    var N = MAX_CHAINS();

    signal input timestamp;
    signal input row_id[T];
    signal input pool_lower[P];
    signal input pool_higher[P];
    signal input pool_fee[P];

    signal input reserve[T][N];
    signal input fees[T];
    signal input pool_reserve_lower[P];
    signal input pool_reserve_higher[P];

    signal input used;
    signal input source;
    signal input destination;
    signal input request_id;
    signal input token_in;
    signal input token_out;
    signal input amount;
    signal input min_out;
    signal input operator_fee;
    signal input fill_fee;
    signal input deadline;
    signal input queued_at;
    signal input recipient_hi;
    signal input recipient_lo;
    signal input sender_hi;
    signal input sender_lo;

    signal output next_reserve[T][N];
    signal output next_fees[T];
    signal output next_pool_reserve_lower[P];
    signal output next_pool_reserve_higher[P];
    signal output request_words[5];
    signal output payout_words[3];
    signal output is_source[N]; // the chain of the request
    signal output is_payer[N]; // the chain that pays

    // Which rows and chains. A token whose row is not loaded makes the slot unsatisfiable.
    BooleanCheck()(used);
    is_source <== SelectConstant(N)(used, source);
    signal is_destination[N] <== SelectConstant(N)(used, destination);
    signal is_row_in[T] <== SelectLoaded(T)(used, token_in, row_id);
    signal is_row_out[T] <== SelectLoaded(T)(used, token_out, row_id);

    // The request. Every field is bounded from here on.
    request_words <== SwapRequestWords()(
        used, source, destination, request_id, token_in, token_out, amount, min_out, operator_fee, fill_fee, deadline,
        queued_at, recipient_hi, recipient_lo, sender_hi, sender_lo
    );
    // operator_fee < amount where used; both are 0 where not.
    signal dx <== amount - operator_fee;
    RangeCheck(AMOUNT_BITS())(dx - used);

    // The output. Equal tokens have no pool: x = 0 and fee = 0, so g = divisor = dx * D, and with y = dx the output is dx.
    component pool = PoolView(P);
    pool.token_in <== token_in;
    pool.token_out <== token_out;
    pool.pool_lower <== pool_lower;
    pool.pool_higher <== pool_higher;
    pool.pool_fee <== pool_fee;
    pool.reserve_lower <== pool_reserve_lower;
    pool.reserve_higher <== pool_reserve_higher;
    signal transfer <== pool.same * dx;
    signal out <== ConstantProduct()(pool.x, pool.y + transfer, pool.fee, dx, 1 - used);

    // The outcome.
    signal row_out_reserve[N];
    for (var k = 0; k < N; k++) {
        var column[T];
        for (var t = 0; t < T; t++) {
            column[t] = reserve[t][k];
        }
        row_out_reserve[k] <== InnerProduct(T)(is_row_out, column);
    }
    signal available <== InnerProduct(N)(is_destination, row_out_reserve);
    signal paid <== SwapOutcome()(timestamp, deadline, out, min_out, fill_fee, available);

    // The effect: nothing if refunded. Changes are additive, so equal tokens and equal chains need no case of their own.
    signal paid_amount <== paid * amount;
    signal paid_fee <== paid * operator_fee;
    signal paid_out <== paid * out;
    signal amount_in[T];
    signal amount_out[T];
    signal added[T][N];
    signal removed[T][N];
    for (var t = 0; t < T; t++) {
        amount_in[t] <== is_row_in[t] * paid_amount;
        amount_out[t] <== is_row_out[t] * paid_out;
        for (var k = 0; k < N; k++) {
            added[t][k] <== is_source[k] * amount_in[t];
            removed[t][k] <== is_destination[k] * amount_out[t];
            next_reserve[t][k] <== reserve[t][k] + added[t][k] - removed[t][k];
        }
        next_fees[t] <== fees[t] + is_row_in[t] * paid_fee;
    }
    // The pool gains dx on token_in's side and loses out on the other. No pool is selected where the tokens are equal.
    signal paid_dx <== paid_amount - paid_fee;
    signal change_lower <== Choose()(pool.is_higher, paid_dx, -paid_out);
    signal change_higher <== paid_dx - paid_out - change_lower;
    for (var p = 0; p < P; p++) {
        next_pool_reserve_lower[p] <== pool_reserve_lower[p] + pool.selected[p] * change_lower;
        next_pool_reserve_higher[p] <== pool_reserve_higher[p] + pool.selected[p] * change_higher;
    }

    // The payout and the chain it belongs to.
    payout_words <== SwapPayoutWords()(
        used, paid, source, destination, request_id, token_in, token_out, amount, out, fill_fee,
        recipient_hi, recipient_lo, sender_hi, sender_lo
    );
    for (var k = 0; k < N; k++) {
        is_payer[k] <== Choose()(paid, is_source[k], is_destination[k]);
    }
}
