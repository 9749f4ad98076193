pragma circom 2.2.0;

// One match of two signed orders (docs/protocol.md section 5.13) on hot registers and the account tree.
// OrderSlot takes the registers before it, the loaded indices, the account root, two signed orders (index 0 the maker, 1 the
// taker) and amount_a, which the matcher chooses (or nothing: used = 0, published fields zero); gives the registers and the
// account root after it and the two words it publishes.
// Never takes amount_b, a fee or what is filled from the prover: they follow from amount_a, the orders and the order leaves.
// Never looks at who the accounts are: the same account, even the same order slot, may be on both sides.
//
// Bounds. sell, buy, filled and what is left of an order are checked to be below 2^112; hence amount_a and amount_b are
// (OrderFill), and every product is below 2^225.

include "poseidon.circom";
include "bitify.circom";
include "lib/account.circom";
include "lib/balance.circom";
include "lib/buses.circom";
include "lib/compare.circom";
include "lib/merkle4.circom";
include "lib/ratio.circom";
include "lib/select.circom";
include "lib/signature.circom";
include "constants.circom";

// The price: amount_b = ceil(amount_a * maker's buy / maker's sell), and the taker's price or better, exactly.
// Takes sell, buy < 2^112, amount_a < 2^112 and amount_b > -2^113 (what is left of the taker's order is not negative and below 2^112).
// No wrap: |amount_b * sell| < 2^225. Hence amount_b * sell = amount_a * buy + remainder >= 0 in the integers, and amount_b >= 0.
// An unused slot has amounts 0; its orders may be anything.
template MatchPrice() {
    signal input used;
    signal input amount_a;
    signal input amount_b;
    signal input sell[2];
    signal input buy[2];

    signal asked <== amount_a * buy[0];
    IsQuotient(AMOUNT_BITS())(1, asked, sell[0] + 1 - used, amount_b);

    signal offered <== amount_a * sell[1];
    signal advantage <== offered - amount_b * buy[1];
    RangeCheck(2 * AMOUNT_BITS())(advantage);
}

// The order's leaf (nonce, filled), and what this match makes of it. Takes order_nonce, sell < 2^112 and amount; gives the leaf
// before and after. An order continues its leaf, or replaces that of an older one; an older order has no solution.
// The leaf is read one way only: filled < 2^112, and order_nonce - leaf_nonce lies in 0..2^32 - 1 with order_nonce < 2^32, so
// leaf_nonce > -2^32. An unused slot writes what it read.
template OrderFill() {
    signal input used;
    signal input order_nonce;
    signal input sell;
    signal input amount;
    signal input leaf_nonce;
    signal input leaf_filled;
    signal output leaf_before;
    signal output leaf_after;

    RangeCheck(AMOUNT_BITS())(leaf_filled);
    signal newer <== used * (order_nonce - leaf_nonce);
    RangeCheck(NONCE_BITS())(newer);
    signal is_same <== IsNull()(newer);
    signal continued <== used * is_same;
    signal filled <== continued * leaf_filled;

    // What is left; so filled + amount <= sell < 2^112.
    RangeCheck(AMOUNT_BITS())(sell - filled - amount);
    leaf_before <== leaf_nonce * (1 << AMOUNT_BITS()) + leaf_filled;
    leaf_after <== Choose()(used, leaf_before, order_nonce * (1 << AMOUNT_BITS()) + filled + amount);
}

// One side: the order's signature and time, the sold and the bought balance, the order's leaf, the account's leaf.
template OrderSide(DT, DA, DO) {
    signal input domain;
    signal input timestamp;
    signal input used;
    signal input account_root;
    signal input token_sell;
    signal input token_buy;
    signal input sell_bits[2 * DT];
    signal input buy_bits[2 * DT];
    signal input amount_out; // given, of token_sell
    signal input amount_in; // received before the fee, of token_buy

    input Order() order;
    input Signature() signature;
    input AccountOpening(DT, DA, 2) owner;
    input OrderLeaf(DO) leaf;

    signal output fee;
    signal output next_account_root;

    // The order. Every field is bounded.
    signal account_bits[2 * DA] <== Num2Bits(2 * DA)(order.account);
    signal slot_bits[2 * DO] <== Num2Bits(2 * DO)(order.slot);
    RangeCheck(NONCE_BITS())(order.nonce);
    RangeCheck(TIME_BITS())(order.valid_until);
    RangeCheck(FEE_BITS())(order.fee_rate);
    RangeCheck(FEE_BITS())(FEE_DENOMINATOR() - 1 - order.fee_rate);
    RangeCheck(AMOUNT_BITS())(order.sell);
    RangeCheck(AMOUNT_BITS())(order.buy);
    signal time_left <== used * (order.valid_until - timestamp);
    RangeCheck(TIME_BITS())(time_left);

    // The owner's will.
    var m0 = used * ORDER_KIND() * (1 << ORDER_MESSAGE_0_KIND_SHIFT())
        + order.account * (1 << ORDER_MESSAGE_0_ACCOUNT_SHIFT())
        + order.slot * (1 << ORDER_MESSAGE_0_SLOT_SHIFT())
        + order.nonce * (1 << ORDER_MESSAGE_0_ORDER_NONCE_SHIFT())
        + order.valid_until * (1 << ORDER_MESSAGE_0_VALID_UNTIL_SHIFT())
        + token_sell * (1 << ORDER_MESSAGE_0_TOKEN_SELL_SHIFT())
        + token_buy * (1 << ORDER_MESSAGE_0_TOKEN_BUY_SHIFT())
        + order.fee_rate * (1 << ORDER_MESSAGE_0_FEE_RATE_SHIFT());
    var m1 = order.sell * (1 << ORDER_MESSAGE_1_AMOUNT_SELL_SHIFT()) + order.buy * (1 << ORDER_MESSAGE_1_AMOUNT_BUY_SHIFT());
    signal message <== Poseidon(4)([domain, m0, m1, 0]);
    signal signer <== CheckSignature()(used, message, signature);
    used * (signer - owner.account.key_hash) === 0;

    // The order's leaf.
    component fill = OrderFill();
    fill.used <== used;
    fill.order_nonce <== order.nonce;
    fill.sell <== order.sell;
    fill.amount <== amount_out;
    fill.leaf_nonce <== leaf.nonce;
    fill.leaf_filled <== leaf.filled;
    component orders = MerkleReplace(DO);
    orders.index_bits <== slot_bits;
    orders.path <== leaf.path;
    orders.leaf_before <== fill.leaf_before;
    orders.leaf_after <== fill.leaf_after;
    orders.root_before === owner.order_root;

    // The balances: the sold one first.
    fee <== RateFee()(amount_in, order.fee_rate);
    component sold = BalanceStep(DT);
    sold.index_bits <== sell_bits;
    sold.before <== owner.balance[0];
    sold.change <== -amount_out;
    component bought = BalanceStep(DT);
    bought.index_bits <== buy_bits;
    bought.before <== owner.balance[1];
    bought.change <== amount_in - fee;
    bought.root_before === sold.root_after;

    // known, owner.hi and the account's nonce are not read: only their sum in the leaf counts, which stays as it was.
    component replaced = AccountReplace(DA);
    replaced.account_root <== account_root;
    replaced.index_bits <== account_bits;
    replaced.path <== owner.path;
    replaced.leaf_before <== AccountLeaf()(owner.account, sold.root_before, owner.order_root);
    replaced.leaf_after <== AccountLeaf()(owner.account, bought.root_after, orders.root_after);
    next_account_root <== replaced.next_account_root;
}

template OrderSlot(T, DT, DA, DO) {
    assert(DO >= 1 && DO <= 4); // order slots have 8 bits

    signal input domain;
    signal input timestamp;
    signal input row_id[T];
    signal input account_root;
    signal input fees[T];
    input MatchInput(DT, DA, DO) match;

    signal output next_account_root;
    signal output next_fees[T];
    output OrderRecords() records;

    signal used <== match.used;
    BooleanCheck()(used);
    signal is_same_token <== IsNull()(match.token[0] - match.token[1]);
    signal is_no_token[2];
    is_no_token[0] <== IsNull()(match.token[0]);
    is_no_token[1] <== IsNull()(match.token[1]);
    used * (is_same_token + is_no_token[0] + is_no_token[1]) === 0;
    RangeCheck(AMOUNT_BITS())(match.amount[0] - used); // amount_a > 0; what is left of the maker's order bounds it by 2^112
    MatchPrice()(
        used, match.amount[0], match.amount[1], [match.side[0].order.sell, match.side[1].order.sell],
        [match.side[0].order.buy, match.side[1].order.buy]
    );

    // The maker gives token_a and takes token_b; then the taker the reverse, on the root that the maker's side left.
    signal bits[2][2 * DT];
    signal is_row[2][T];
    for (var i = 0; i < 2; i++) {
        bits[i] <== Num2Bits(2 * DT)(match.token[i]);
        is_row[i] <== SelectLoaded(T)(used, match.token[i], row_id);
    }
    component side[2];
    signal root[3];
    root[0] <== account_root;
    for (var i = 0; i < 2; i++) {
        side[i] = OrderSide(DT, DA, DO);
        side[i].domain <== domain;
        side[i].timestamp <== timestamp;
        side[i].used <== used;
        side[i].account_root <== root[i];
        side[i].token_sell <== match.token[i];
        side[i].token_buy <== match.token[1 - i];
        side[i].sell_bits <== bits[i];
        side[i].buy_bits <== bits[1 - i];
        side[i].amount_out <== match.amount[i];
        side[i].amount_in <== match.amount[1 - i];
        side[i].order <== match.side[i].order;
        side[i].signature <== match.side[i].signature;
        side[i].owner <== match.side[i].owner;
        side[i].leaf <== match.side[i].leaf;
        root[i + 1] <== side[i].next_account_root;
    }
    next_account_root <== root[2];

    // The maker's fee is in token_b, the taker's in token_a.
    signal taker_fee[T];
    for (var t = 0; t < T; t++) {
        taker_fee[t] <== is_row[0][t] * side[1].fee;
        next_fees[t] <== fees[t] + taker_fee[t] + is_row[1][t] * side[0].fee;
    }

    records.used <== used;
    records.data <== OrderWords()(used, match.amount, match.token, match.side[0].order, match.side[1].order);
}

// The two data words. Relies on every field being bounded.
template OrderWords() {
    signal input used;
    signal input amount[2];
    signal input token[2];
    input Order() maker;
    input Order() taker;
    signal output words[2];

    words[0] <== used * ORDER_MATCH_KIND() * (1 << ORDER_DATA_0_KIND_SHIFT())
        + maker.account * (1 << ORDER_DATA_0_MAKER_SHIFT())
        + taker.account * (1 << ORDER_DATA_0_TAKER_SHIFT())
        + token[0] * (1 << ORDER_DATA_0_TOKEN_A_SHIFT())
        + token[1] * (1 << ORDER_DATA_0_TOKEN_B_SHIFT())
        + maker.slot * (1 << ORDER_DATA_0_MAKER_SLOT_SHIFT())
        + taker.slot * (1 << ORDER_DATA_0_TAKER_SLOT_SHIFT())
        + amount[0] * (1 << ORDER_DATA_0_AMOUNT_A_SHIFT());
    words[1] <== maker.nonce * (1 << ORDER_DATA_1_MAKER_NONCE_SHIFT())
        + taker.nonce * (1 << ORDER_DATA_1_TAKER_NONCE_SHIFT())
        + maker.fee_rate * (1 << ORDER_DATA_1_MAKER_FEE_RATE_SHIFT())
        + taker.fee_rate * (1 << ORDER_DATA_1_TAKER_FEE_RATE_SHIFT())
        + amount[1] * (1 << ORDER_DATA_1_AMOUNT_B_SHIFT());

    // An empty slot is all zero. The fields of a word are disjoint and bounded, so a zero word means zero fields.
    for (var i = 0; i < 2; i++) {
        words[i] * (1 - used) === 0;
    }
}
