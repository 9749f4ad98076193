pragma circom 2.2.0;

// What a prover hands in and what slots hand on, as buses: every field is named here once, with its range.
// A range is checked by the circuits, or bound by a proven root whose write-back checked it. "Element": any field element, which only a
// hash or a chain binds. Never says what a field means or what an operation does with it (docs/protocol.md does).

include "../constants.circom";

// 32 bytes: an owner, a recipient, a key's hash.
bus Address() {
    signal hi; // 8 bits
    signal lo; // element; the chain whose slice holds it checks that it is below 2^248
}

// A key and a signature by it (lib/signature.circom).
bus Signature() {
    signal key_x; // (key_x, key_y) is a point of the curve
    signal key_y;
    signal r_x; // so is (r_x, r_y)
    signal r_y;
    signal s; // below the order of the subgroup
}

// Rows. Amounts are below 2^112 under a proven root, and below 2^119 between the slots of a block (lib/ratio.circom).
bus TokenRow() {
    signal reserve[MAX_CHAINS()]; // amounts
    signal fees; // amount; in row 0 the number of pools
}

bus TokenOpening(DT) {
    TokenRow() leaf;
    signal path[DT][3]; // elements
}

bus Pair() {
    signal lower; // token id, below 4^DT
    signal higher; // the same
}

bus Pool() {
    signal reserve_lower; // amount
    signal reserve_higher; // amount
    signal supply; // amount
    signal fee; // below FEE_DENOMINATOR
    signal lp_token; // token id; 0 if there is no pool
}

bus PoolOpening(DT) {
    Pool() leaf;
    signal path[2 * DT][3]; // elements
}

// Accounts. What a leaf holds besides its two roots.
bus Account() {
    Address() owner;
    signal known; // 8 bits: the chains where the owner has acted
    signal nonce; // 32 bits
    signal key_hash; // element
}

bus BalanceOpening(DT) {
    signal amount; // amount
    signal path[DT][3]; // elements
}

// An account with n of its balances, of tokens that the operation names.
bus AccountOpening(DT, DA, n) {
    Account() account;
    signal order_root; // element
    signal path[DA][3]; // elements
    BalanceOpening(DT) balance[n];
}

bus OrderLeaf(DO) {
    signal nonce; // 32 bits
    signal filled; // amount
    signal path[DO][3]; // elements
}

// One slot of the swap lane. An empty one is all zero.
bus SwapRequest() {
    signal used; // bit
    signal source; // chain id, 1 to 8
    signal destination; // chain id
    signal request_id; // 64 bits
    signal token_in; // token id
    signal token_out; // token id
    signal via; // token id; 0 if the swap names no token between
    signal amount; // amount
    signal min_out; // amount
    signal operator_fee; // amount, below `amount`
    signal fill_fee; // amount
    signal deadline; // 40 bits
    signal queued_at; // 40 bits
    signal native_fee; // 40 bits
    Address() recipient;
    Address() refund_to;
}

// What every request of the account lane has besides its parties. All 0 where a slot has no request.
bus AccountRequest() {
    signal id; // 64 bits
    signal queued_at; // 40 bits
    signal native_fee; // 40 bits
    signal by_owner; // bit; of a deposit
    signal mask; // 8 bits: chains; of a full exit
}

// One ledger slot. What a kind does not use is 0.
bus LedgerOperation() {
    signal kind; // DEPOSIT_KIND to CLAIM_FEES_KIND without TRANSFER_NEW_KIND, or KEY_REQUEST_KIND, or 0
    signal account; // of the signer, or named by the request; below 4^DA
    signal target; // of the counterparty, below 4^DA
    signal token; // token id
    signal fee_token; // token id
    signal fee_mantissa; // 11 bits
    signal fee_exponent; // 5 bits
    signal chain; // chain id
    signal source; // chain id: who asked for a full exit
    signal amount; // amount
    signal fill_fee; // amount
    signal nonce; // 32 bits
    signal valid_until; // 40 bits
    AccountRequest() request;
    Address() party;
    Address() second;
}

bus LedgerInput(DT, DA) {
    LedgerOperation() op;
    Signature() signature;
    AccountOpening(DT, DA, 1) a; // the signer or the account that a request names, with its balance of fee_token
    AccountOpening(DT, DA, 1) b; // the counterparty, with its balance of token
}

// The kind of a ledger operation: bits of which at most one is set.
bus LedgerKinds() {
    signal deposit;
    signal full_exit;
    signal transfer;
    signal withdraw;
    signal forced_exit;
    signal change;
    signal claim;
    signal key_request;
}

// One pool slot. What a kind does not use is 0.
bus PoolOperation() {
    signal kind; // CREATE_POOL_KIND to POOL_SWAP_KIND, SHARE_EXIT_KIND, or 0
    signal account; // below 4^DA
    signal token_a; // token id
    signal token_b; // token id
    signal fee_token; // token id
    signal fee_mantissa; // 11 bits
    signal fee_exponent; // 5 bits
    signal lp_token; // token id
    signal pool_fee; // below FEE_DENOMINATOR
    signal amount_a; // amount
    signal amount_b; // amount
    signal shares; // amount
    signal limit_a; // amount
    signal limit_b; // amount
    signal limit_shares; // amount
    signal valid_until; // 40 bits
    signal source; // chain id: who asked for a full exit of shares
    AccountRequest() request;
    Address() party;
    Address() second;
}

bus PoolInput(DT, DA) {
    PoolOperation() op;
    Signature() signature;
    AccountOpening(DT, DA, 4) owner; // with its balances of token_a, token_b, lp_token, fee_token
}

bus Order() {
    signal account; // below 4^DA
    signal slot; // below 4^DO
    signal nonce; // 32 bits
    signal valid_until; // 40 bits
    signal fee_rate; // below FEE_DENOMINATOR
    signal sell; // amount
    signal buy; // amount
}

bus OrderInput(DT, DA, DO) {
    Order() order;
    Signature() signature;
    AccountOpening(DT, DA, 2) owner; // with its balances of the sold and the bought token
    OrderLeaf(DO) leaf;
}

// One order slot. Index 0 is the maker, who gives amount[0] of token[0]; 1 the taker, who gives amount[1] of token[1].
bus MatchInput(DT, DA, DO) {
    signal used; // bit
    signal amount[2]; // amounts
    signal token[2]; // token ids
    OrderInput(DT, DA, DO) side[2];
}

// What slots publish: words, zero where a slot has no such record, and the chains that they belong to, selected by at most one bit.
bus SwapRecords() {
    signal request[SWAP_REQUEST_WORDS()];
    signal payout[PAYOUT_WORDS()];
    signal is_source[MAX_CHAINS()]; // the chain of the request
    signal is_payer[MAX_CHAINS()]; // the chain that pays
}

bus LedgerRecords() {
    signal used; // bit
    signal request[ACCOUNT_REQUEST_WORDS()]; // a request's or a key change's
    signal data[LEDGER_DATA_WORDS()]; // (0, d0), or (d0, d1) where is_new
    signal payout[PAYOUT_WORDS()];
    signal is_new; // bit: the data record has two words
    signal is_source[MAX_CHAINS()]; // the chain of the request or key change
    signal is_payer[MAX_CHAINS()]; // the chain that pays
}

bus PoolRecords() {
    signal used; // bit
    signal request[ACCOUNT_REQUEST_WORDS()];
    signal data[POOL_DATA_WORDS()];
    signal is_source[MAX_CHAINS()]; // the chain of the request
}

bus OrderRecords() {
    signal used; // bit
    signal data[ORDER_DATA_WORDS()];
}
