pragma circom 2.2.0;

// The statement of an exit in exodus (docs/protocol.md section 11): what one chain owes one account in one token.
// Takes the common root with the openings of the account, its balance, three token rows and a pool; the public inputs are domain,
// root, x0, recipient_lo and x1, in this order. Says: under root, this account's side of this token, converted by its pool where
// the token is an LP token, is worth amount_a and amount_b on this chain, and the owner's key named the recipient, or the
// recipient is the owner.
// Never changes a leaf; never chooses an amount: both are floors of values that root binds.
//
// Bounds. Every balance, reserve, fee, pool reserve and supply under a proven root is below 2^112 (checked at each write-back).
// Used by the build step as `component main {public [domain, root, x0, recipient_lo, x1]} = Exit(DT, DA);`

include "poseidon.circom";
include "bitify.circom";
include "lib/account.circom";
include "lib/buses.circom";
include "lib/compare.circom";
include "lib/merkle4.circom";
include "lib/ratio.circom";
include "lib/rows.circom";
include "lib/select.circom";
include "lib/signature.circom";
include "constants.circom";

template Exit(DT, DA) {
    var N = MAX_CHAINS();
    var ROWS = 3; // of the token, of token_a, of token_b
    assert(DT >= 1 && DT <= 8); // token ids have 16 bits
    assert(DA >= 1 && DA <= 16); // account ids have 32 bits

    signal input domain;
    signal input root;
    signal input x0;
    signal input recipient_lo;
    signal input x1;

    signal input account_root;
    signal input token_root;
    signal input pool_root;

    signal input account;
    signal input token;
    signal input chain;
    signal input recipient_hi;
    signal input is_signed;
    signal input token_a;
    signal input token_b;
    signal input amount_a;
    signal input amount_b;

    input AccountOpening(DT, DA, 1) owner;
    input TokenOpening(DT) row[ROWS];
    input Pair() pair;
    input PoolOpening(DT) pool;
    input Signature() signature;

    signal state_root <== Poseidon(3)([account_root, token_root, pool_root]);
    state_root === root;

    // The account and its balance of the token.
    signal account_bits[2 * DA] <== Num2Bits(2 * DA)(account);
    signal token_bits[2 * DT] <== Num2Bits(2 * DT)(token);
    signal is_no_token <== IsNull()(token);
    is_no_token === 0;
    RangeCheck(ADDRESS_HI_BITS())(owner.account.owner.hi);
    RangeCheck(CHAIN_SET_BITS())(owner.account.known);
    RangeCheck(NONCE_BITS())(owner.account.nonce); // so that the leaf has one reading
    signal balance_root <== MerkleOpen(DT)(token_bits, owner.balance[0].path, owner.balance[0].amount);
    signal leaf <== AccountLeaf()(owner.account, balance_root, owner.order_root);
    signal opened_root <== MerkleOpen(DA)(account_bits, owner.path, leaf);
    opened_root === account_root;

    // The rows. An LP token, whose id has the top bit, names the two tokens of the pool that issued it.
    signal is_lp <== token_bits[2 * DT - 1];
    token_a === token + is_lp * (pair.lower - token);
    token_b === is_lp * pair.higher;
    OpenRows(ROWS, DT)(token_root, [token, token_a, token_b], row);
    OpenPool(DT)(pool_root, pair, pool);
    is_lp * (pool.leaf.lp_token - token) === 0;

    // What it is worth here.
    signal (side_a, side_b) <== ExitSides()(
        account, is_lp, owner.balance[0].amount, row[0].leaf.fees, pool.leaf.reserve_lower, pool.leaf.reserve_higher, pool.leaf.supply
    );
    signal is_chain[N] <== SelectConstant(N)(1, chain);
    signal share_a <== ChainShare()(side_a, row[1].leaf.reserve, is_chain);
    signal share_b <== ChainShare()(side_b, row[2].leaf.reserve, is_chain);
    amount_a === share_a;
    amount_b === share_b;

    // Who is paid.
    BooleanCheck()(is_signed);
    RangeCheck(ADDRESS_HI_BITS())(recipient_hi);
    OwnRecipient()(1 - is_signed, recipient_hi, recipient_lo, owner.account.owner);
    var m0 = account * (1 << EXIT_MESSAGE_0_ACCOUNT_SHIFT())
        + token * (1 << EXIT_MESSAGE_0_TOKEN_SHIFT())
        + chain * (1 << EXIT_MESSAGE_0_CHAIN_SHIFT())
        + recipient_hi * (1 << EXIT_MESSAGE_0_RECIPIENT_HI_SHIFT());
    signal message <== Poseidon(4)([domain, m0, recipient_lo, root]);
    signal signer <== CheckSignature()(is_signed, message, signature);
    is_signed * (signer - owner.account.key_hash) === 0;

    // The words: every field is bounded above, the amounts by their floors.
    x0 === account * (1 << EXIT_0_ACCOUNT_SHIFT())
        + token * (1 << EXIT_0_TOKEN_SHIFT())
        + chain * (1 << EXIT_0_CHAIN_SHIFT())
        + recipient_hi * (1 << EXIT_0_RECIPIENT_HI_SHIFT())
        + is_signed * (1 << EXIT_0_IS_SIGNED_SHIFT())
        + token_a * (1 << EXIT_0_TOKEN_A_SHIFT())
        + token_b * (1 << EXIT_0_TOKEN_B_SHIFT());
    x1 === amount_a * (1 << EXIT_1_AMOUNT_A_SHIFT()) + amount_b * (1 << EXIT_1_AMOUNT_B_SHIFT());
}

// The sides of a balance: itself, and nothing; or, for an LP token, its floors of the pool's two reserves. For account 0 the accrued
// fees count with the balance. By conservation a balance with the fees is at most the sum of the token's reserves, or the supply
// of an LP token; both terms are below 2^112, so it is below 2^113 and every dividend below 2^225.
// A pool without supply has no reserves, and nobody has its shares.
template ExitSides() {
    signal input account;
    signal input is_lp;
    signal input balance;
    signal input fees;
    signal input reserve_lower;
    signal input reserve_higher;
    signal input supply;
    signal output side_a;
    signal output side_b;

    signal is_operator <== IsNull()(account);
    signal side <== balance + is_operator * fees;
    signal shares <== is_lp * side;
    signal has_no_supply <== IsNull()(supply);
    signal dividend_lower <== shares * reserve_lower;
    signal dividend_higher <== shares * reserve_higher;
    signal part_lower <== Floor()(dividend_lower, supply + has_no_supply);
    signal part_higher <== Floor()(dividend_higher, supply + has_no_supply);
    side_a <== side - shares + part_lower;
    side_b <== part_higher;
}

// Where it has to hold, the recipient is the owner.
template OwnRecipient() {
    signal input enabled;
    signal input recipient_hi;
    signal input recipient_lo;
    input Address() owner;
    enabled * (recipient_hi - owner.hi) === 0;
    enabled * (recipient_lo - owner.lo) === 0;
}

// out = floor(side * reserve of the selected chain / sum of reserves), 0 if there are no reserves.
// Takes side < 2^113 and reserves < 2^112: the dividend is below 2^225, the sum below 2^115 and zero only if every reserve is.
template ChainShare() {
    var N = MAX_CHAINS();
    signal input side;
    signal input reserve[N];
    signal input is_chain[N];
    signal output out;

    var sum = 0;
    for (var k = 0; k < N; k++) {
        sum += reserve[k];
    }
    signal is_empty <== IsNull()(sum);
    signal own <== InnerProduct(N)(is_chain, reserve);
    signal dividend <== side * own;
    out <== Floor()(dividend, sum + is_empty);
}

// Token rows opened against one root, in any order and any number of times.
template OpenRows(n, DT) {
    signal input root;
    signal input id[n];
    input TokenOpening(DT) row[n];

    signal bits[n][2 * DT];
    signal opened[n];
    signal leaf[n];
    for (var i = 0; i < n; i++) {
        bits[i] <== Num2Bits(2 * DT)(id[i]);
        leaf[i] <== TokenLeaf()(row[i].leaf);
        opened[i] <== MerkleOpen(DT)(bits[i], row[i].path, leaf[i]);
        opened[i] === root;
    }
}

// One pool opened. Only pairs with lower < higher hold a pool; any other place is an empty record.
template OpenPool(DT) {
    signal input root;
    input Pair() pair;
    input PoolOpening(DT) pool;

    signal bits[4 * DT] <== PairBits(DT)(pair);
    signal leaf <== PoolLeaf()(pool.leaf);
    signal opened <== MerkleOpen(2 * DT)(bits, pool.path, leaf);
    opened === root;
}
