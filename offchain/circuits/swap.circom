pragma circom 2.2.0;

// One swap (docs/protocol.md section 5.1) on hot registers.
// SwapSlot takes the registers before it, the loaded indices, the block's timestamp and one request (or none: used = 0, all
// zero); gives the registers after it, the eight words it publishes and the chains they belong to.
// Never takes the outcome or an amount from the prover: all follow from the request and the registers.
// Never touches a Merkle path.
//
// Bounds. Loaded reserves, fees and pool reserves are below 2^112 (every write-back checks it, and so does the check of the
// genesis). Within a block they are not checked again: S <= 127 slots add less than 2^112 each, so every register stays below
// 2^119 = REGISTER_LIMIT. Nothing becomes negative: a reserve is reduced only by out <= reserve, a pool only by out <= y.
//
// Routes. A slot always makes two trades, token_in for `middle` and `middle` for token_out. With a token between, `middle` is that
// token and both pools are found, or the slot is unsatisfiable; without one it is token_out, and the second trade, between equal
// tokens, gives what it takes. So what the first trade gives is below 2^112, as everything that goes into a trade must be.

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

// What dx of token_in buys in the pool of the pair; dx itself if the tokens are equal. Gives what the effect needs as well.
// Takes dx < 2^112, and `padding`, which is 1 exactly where dx = 0. Equal tokens have no pool: x = 0 and fee = 0, so
// g = divisor = dx * D, and with y = dx the output is dx.
template Trade(P) {
    signal input token_in;
    signal input token_out;
    signal input dx;
    signal input padding;
    input Pair() pair[P];
    input Pool() pool[P];
    signal output same;
    signal output is_higher;
    signal output selected[P];
    signal output out;

    component view = PoolView(P);
    view.token_in <== token_in;
    view.token_out <== token_out;
    view.pair <== pair;
    view.pool <== pool;
    same <== view.same;
    is_higher <== view.is_higher;
    selected <== view.selected;
    signal transfer <== same * dx;
    out <== ConstantProduct()(view.x, view.y + transfer, view.fee, dx, padding);
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

    // The route: three different tokens, or no token between. `via` needs no range of its own: it is 0 or a loaded pool's token.
    signal is_direct <== IsNull()(request.via);
    signal middle <== Choose()(is_direct, request.via, request.token_out);
    signal is_circle <== IsNull()(request.token_in - request.token_out);
    is_circle * (1 - is_direct) === 0;

    // Two trades, the second with what the first gave; a trade of nothing gives nothing.
    component first = Trade(P);
    first.token_in <== request.token_in;
    first.token_out <== middle;
    first.dx <== dx;
    first.padding <== 1 - request.used;
    first.pair <== pair;
    first.pool <== pool;
    signal is_nothing <== IsNull()(first.out);
    component second = Trade(P);
    second.token_in <== middle;
    second.token_out <== request.token_out;
    second.dx <== first.out;
    second.padding <== is_nothing;
    second.pair <== pair;
    second.pool <== pool;
    // With a token between, neither trade is between equal tokens.
    first.same * (1 - is_direct) === 0;
    second.same === is_direct;
    signal out <== second.out;
    signal between <== (1 - is_direct) * first.out;

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
    // A pool gains what goes into its trade and loses what comes out. None is selected where the tokens are equal, and never one
    // twice: a route's pools are those of two different pairs. Supply, fee and LP token stay as they were.
    signal paid_dx <== paid_amount - paid_fee;
    signal paid_middle <== paid * first.out;
    signal first_lower <== Choose()(first.is_higher, paid_dx, -paid_middle);
    signal first_higher <== paid_dx - paid_middle - first_lower;
    signal second_lower <== Choose()(second.is_higher, paid_middle, -paid_out);
    signal second_higher <== paid_middle - paid_out - second_lower;
    signal after_first[P][2];
    for (var p = 0; p < P; p++) {
        after_first[p][0] <== pool[p].reserve_lower + first.selected[p] * first_lower;
        after_first[p][1] <== pool[p].reserve_higher + first.selected[p] * first_higher;
        next_pool[p].reserve_lower <== after_first[p][0] + second.selected[p] * second_lower;
        next_pool[p].reserve_higher <== after_first[p][1] + second.selected[p] * second_higher;
        next_pool[p].supply <== pool[p].supply;
        next_pool[p].fee <== pool[p].fee;
        next_pool[p].lp_token <== pool[p].lp_token;
    }

    // The payout and the chain it belongs to.
    records.payout <== SwapPayoutWords()(request, paid, out, between);
    for (var k = 0; k < N; k++) {
        records.is_payer[k] <== Choose()(paid, records.is_source[k], is_destination[k]);
    }
}
