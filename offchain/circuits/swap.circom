pragma circom 2.2.0;

// One swap (docs/protocol.md section 5.1) on hot registers.
// SwapSlot takes the registers before it, the loaded indices, the block's timestamp and one request (or none: used = 0, all
// zero); gives the registers after it, the eight words it publishes and the chains they belong to.
// Never takes the outcome or the output amount from the prover: both follow from the request and the registers.
// Never touches a Merkle path.
//
// Bounds. Loaded reserves, fees and pool reserves are below 2^112 (every write-back checks it, and so does the check of the
// genesis). Within a block they are not checked again: S <= 127 slots add less than 2^112 each, so every register stays below
// 2^119 = REGISTER_LIMIT. Nothing becomes negative: a reserve is reduced only by out <= reserve, a pool only by out <= y.

include "lib/buses.circom";
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
    input Pair() pair[P];
    input Pool() pool[P];
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
    selected <== SelectPair(P)(1 - same, lower, higher, pair);

    var lowers[P];
    var highers[P];
    var rates[P];
    for (var p = 0; p < P; p++) {
        lowers[p] = pool[p].reserve_lower;
        highers[p] = pool[p].reserve_higher;
        rates[p] = pool[p].fee;
    }
    signal found_lower <== InnerProduct(P)(selected, lowers);
    signal found_higher <== InnerProduct(P)(selected, highers);
    fee <== InnerProduct(P)(selected, rates);
    x <== Choose()(is_higher, found_lower, found_higher);
    y <== found_lower + found_higher - x;
}

template SwapSlot(T, P) {
    var N = MAX_CHAINS();

    signal input timestamp;
    signal input row_id[T];
    input Pair() pair[P];
    input TokenRow() row[T];
    input Pool() pool[P];
    input SwapRequest() request;
    output TokenRow() next_row[T];
    output Pool() next_pool[P];
    output SwapRecords() records;

    // Which rows and chains. A token whose row is not loaded makes the slot unsatisfiable.
    BooleanCheck()(request.used);
    records.is_source <== SelectConstant(N)(request.used, request.source);
    signal is_destination[N] <== SelectConstant(N)(request.used, request.destination);
    signal is_row_in[T] <== SelectLoaded(T)(request.used, request.token_in, row_id);
    signal is_row_out[T] <== SelectLoaded(T)(request.used, request.token_out, row_id);

    // The request. Every field is bounded from here on.
    records.request <== SwapRequestWords()(request);
    // operator_fee < amount where used; both are 0 where not.
    signal dx <== request.amount - request.operator_fee;
    RangeCheck(AMOUNT_BITS())(dx - request.used);

    // No slot takes a route yet.
    request.via === 0;

    // The output. Equal tokens have no pool: x = 0 and fee = 0, so g = divisor = dx * D, and with y = dx the output is dx.
    component view = PoolView(P);
    view.token_in <== request.token_in;
    view.token_out <== request.token_out;
    view.pair <== pair;
    view.pool <== pool;
    signal transfer <== view.same * dx;
    signal out <== ConstantProduct()(view.x, view.y + transfer, view.fee, dx, 1 - request.used);

    // The outcome.
    signal row_out_reserve[N];
    for (var k = 0; k < N; k++) {
        var column[T];
        for (var t = 0; t < T; t++) {
            column[t] = row[t].reserve[k];
        }
        row_out_reserve[k] <== InnerProduct(T)(is_row_out, column);
    }
    signal available <== InnerProduct(N)(is_destination, row_out_reserve);
    signal paid <== SwapOutcome()(timestamp, request.deadline, out, request.min_out, request.fill_fee, available);

    // The effect: nothing if refunded. Changes are additive, so equal tokens and equal chains need no case of their own.
    signal paid_amount <== paid * request.amount;
    signal paid_fee <== paid * request.operator_fee;
    signal paid_out <== paid * out;
    signal amount_in[T];
    signal amount_out[T];
    signal added[T][N];
    signal removed[T][N];
    for (var t = 0; t < T; t++) {
        amount_in[t] <== is_row_in[t] * paid_amount;
        amount_out[t] <== is_row_out[t] * paid_out;
        for (var k = 0; k < N; k++) {
            added[t][k] <== records.is_source[k] * amount_in[t];
            removed[t][k] <== is_destination[k] * amount_out[t];
            next_row[t].reserve[k] <== row[t].reserve[k] + added[t][k] - removed[t][k];
        }
        next_row[t].fees <== row[t].fees + is_row_in[t] * paid_fee;
    }
    // The pool gains dx on token_in's side and loses out on the other. No pool is selected where the tokens are equal.
    // Supply, fee and LP token stay as they were.
    signal paid_dx <== paid_amount - paid_fee;
    signal change_lower <== Choose()(view.is_higher, paid_dx, -paid_out);
    signal change_higher <== paid_dx - paid_out - change_lower;
    for (var p = 0; p < P; p++) {
        next_pool[p].reserve_lower <== pool[p].reserve_lower + view.selected[p] * change_lower;
        next_pool[p].reserve_higher <== pool[p].reserve_higher + view.selected[p] * change_higher;
        next_pool[p].supply <== pool[p].supply;
        next_pool[p].fee <== pool[p].fee;
        next_pool[p].lp_token <== pool[p].lp_token;
    }

    // The payout and the chain it belongs to.
    records.payout <== SwapPayoutWords()(request, paid, out);
    for (var k = 0; k < N; k++) {
        records.is_payer[k] <== Choose()(paid, records.is_source[k], is_destination[k]);
    }
}
