// The way out of a chain that has ended, as contracts/Exodus.vy has it: requests that no block contains are refunded with
// their fees, balances leave by proof against the last root. Each is paid like a payout, in any order, so that nobody who
// cannot be paid holds up another.
#pragma once
#include "payments.h"

#define SAME_PLACE(call, role) _Static_assert(call##_##role == PAY_##role, "calls that pay have the places of pay")
SAME_PLACE(CANCEL, CLAIMANT);
SAME_PLACE(CANCEL, BRIDGE);
SAME_PLACE(CANCEL, TOKEN);
SAME_PLACE(CANCEL, VAULT);
SAME_PLACE(CANCEL, MINT);
SAME_PLACE(CANCEL, TOKEN_PROGRAM);
SAME_PLACE(CANCEL, DESTINATION);
SAME_PLACE(PAY_EXIT, CLAIMANT);
SAME_PLACE(PAY_EXIT, BRIDGE);
SAME_PLACE(PAY_EXIT, TOKEN);
SAME_PLACE(PAY_EXIT, VAULT);
SAME_PLACE(PAY_EXIT, MINT);
SAME_PLACE(PAY_EXIT, TOKEN_PROGRAM);
SAME_PLACE(PAY_EXIT, DESTINATION);

static u64 begin_exodus(Context *c) {
  CHECK_SHAPE(c, BEGIN_EXODUS_SHAPE);
  Bridge *b = find_bridge(c, &c->a[BEGIN_EXODUS_BRIDGE]);
  NEED(b, E_ACCOUNT);
  NEED(is_zero32(&b->exit_root), E_BEGUN_ALREADY);
  NEED(b->has_end && b->number == b->end_number && b->unpaid == 0, E_MAY_NOT_BEGIN);
  // A Poseidon hash; nobody knows a state whose root is 0.
  b->exit_root = b->root;
  return 0;
}

// The parts of a request that are refunded, in one call or in two: neither can hold the other up.
enum { ITS_AMOUNT = 1, ITS_FEE = 2 };

// A part is refunded once.
APART u64 mark_refunded(u64 *marks, u64 place) {
  u64 bit = 1ull << place % 64;
  NEED(!(marks[place / 64] & bit), E_CANCELLED);
  marks[place / 64] |= bit;
  return 0;
}

// `who` gets amount and fee back.
typedef struct { u64 token, amount, fee; Word who; } Refund;

APART void read_refund(u64 lane, const Word *w, Refund *r) {
  if (lane == SWAP_LANE) {
    r->token = field(&w[0], SWAP_REQUEST_0_TOKEN_IN_SHIFT, 16);
    r->amount = field(&w[0], SWAP_REQUEST_0_AMOUNT_SHIFT, 64);
    r->fee = field(&w[2], SWAP_REQUEST_2_NATIVE_FEE_GWEI_SHIFT, NATIVE_FEE_BITS);
    r->who = w[4];
    r->who.b[0] = (u8)field(&w[1], SWAP_REQUEST_1_REFUND_TO_HI_SHIFT, 8);
    return;
  }
  int is_deposit = kind_of(w) == DEPOSIT_KIND;
  r->token = field(&w[0], ACCOUNT_REQUEST_0_TOKEN_SHIFT, 16);
  r->amount = is_deposit ? field(&w[0], ACCOUNT_REQUEST_0_AMOUNT_SHIFT, 64) : 0;
  r->fee = field(&w[2], ACCOUNT_REQUEST_2_NATIVE_FEE_GWEI_SHIFT, NATIVE_FEE_BITS);
  r->who = is_deposit ? w[3] : w[1];
  r->who.b[0] = (u8)field(&w[2], is_deposit ? ACCOUNT_REQUEST_2_SECOND_HI_SHIFT : ACCOUNT_REQUEST_2_OWNER_HI_SHIFT, 8);
}

// Where the account that the call names can be paid by this token.
APART u64 check_receiver(const Context *c, const Token *t, const Word *who) {
  const Account *claimant = &c->a[PAY_CLAIMANT];
  int may_choose = claimant->is_signer && eq32(claimant->key, who);
  return check_destination(&c->a[PAY_DESTINATION], t, (const Pubkey *)who, may_choose, E_PAY_TO);
}

APART u64 refund(const Context *c, const Bridge *b, const Refund *r) {
  const Account *to = &c->a[CANCEL_DESTINATION], *fee_to = &c->a[CANCEL_FEE_TO], *sol = &c->a[CANCEL_SOL];
  u64 coin = r->fee, l1_amount = 0;
  Token *t = find_token(c, &c->a[CANCEL_TOKEN]);
  if (r->amount) {
    NEED(t && t->id == r->token, E_ACCOUNT);
    TRY(check_token_places(c, t));
    NEED(r->amount <= t->custody, E_CUSTODY);
    t->custody -= r->amount;
    TRY(check_receiver(c, t, &r->who));
    l1_amount = r->amount * t->scale;
    if (is_native(t)) coin += l1_amount;
    else TRY(send(c, t, to, l1_amount));
  }
  if (!coin) return 0;
  NEED(eq32(sol->key, &b->sol), E_ACCOUNT);
  NEED(eq32(fee_to->key, &r->who), E_PAY_TO);
  return send_coin(sol, fee_to, coin);
}

static u64 cancel(Context *c) {
  CHECK_SHAPE(c, CANCEL_SHAPE);
  Bridge *b = find_bridge(c, &c->a[CANCEL_BRIDGE]);
  const CancelData *d = (const CancelData *)c->data;
  const Account *queue = &c->a[CANCEL_QUEUE];
  u64 lane = d->lane, id = load64(d->id), parts = d->parts;
  NEED(b, E_ACCOUNT);
  NEED(is_lane(lane), E_LANE);
  NEED(is_queue(b, lane, queue), E_ACCOUNT);
  NEED(!is_zero32(&b->exit_root), E_NOT_BEGUN);
  NEED(id > b->consumed[lane - 1] && id <= b->totals[lane - 1], E_NOT_OPEN);
  NEED(parts && parts <= (ITS_AMOUNT | ITS_FEE), E_INPUT);
  u64 place = id % ring_of(lane);
  int is_swap = lane == SWAP_LANE;
  Refund r;
  read_refund(lane, (const Word *)(entry_at(queue, lane, id) + 32), &r);
  if (parts & ITS_AMOUNT) TRY(mark_refunded(is_swap ? b->cancelled_swaps : b->cancelled_requests, place));
  else r.amount = 0;
  if (parts & ITS_FEE) TRY(mark_refunded(is_swap ? b->returned_swap_fees : b->returned_request_fees, place));
  else r.fee = 0;
  NEED(r.fee <= b->open_fees[lane - 1], E_OPEN_FEES);
  b->open_fees[lane - 1] -= r.fee;
  return refund(c, b, &r);
}

typedef struct { u64 account, token, is_signed, tokens[2], amounts[2]; Word recipient; } Leaving;

// Every bit that is zero in the layout of an exit is zero.
APART u64 read_exit(const Word *x0, const Word *lo, const Word *x1, Leaving *e) {
  for (int i = 0; i < 19; i++) NEED(x0->b[i] == 0, E_EXIT_BITS);
  for (int i = 0; i < 4; i++) NEED(x1->b[i] == 0, E_EXIT_BITS);
  NEED(is_word(lo), E_EXIT_BITS);
  e->account = field(x0, EXIT_0_ACCOUNT_SHIFT, 32);
  e->token = field(x0, EXIT_0_TOKEN_SHIFT, 16);
  e->is_signed = field(x0, EXIT_0_IS_SIGNED_SHIFT, 8);
  NEED(e->is_signed <= 1, E_EXIT_BITS);
  e->recipient = *lo;
  e->recipient.b[0] = (u8)field(x0, EXIT_0_RECIPIENT_HI_SHIFT, 8);
  e->tokens[0] = field(x0, EXIT_0_TOKEN_A_SHIFT, 16);
  e->tokens[1] = field(x0, EXIT_0_TOKEN_B_SHIFT, 16);
  e->amounts[0] = field(x1, EXIT_1_AMOUNT_A_SHIFT, 64);
  e->amounts[1] = field(x1, EXIT_1_AMOUNT_B_SHIFT, 64);
  NEED(!is_long_amount(x1, EXIT_1_AMOUNT_A_SHIFT) && !is_long_amount(x1, EXIT_1_AMOUNT_B_SHIFT), E_CUSTODY);
  return 0;
}

APART u64 check_leaving(const Context *c, const Bridge *b, const Leaving *e) {
  const Account *recipient = &c->a[EXIT_RECIPIENT];
  NEED(is_address_of(b, b->chain, &e->recipient), E_EXIT_RECIPIENT);
  NEED(!is_bridge_of(b, b->chain, &e->recipient), E_EXIT_BRIDGE);
  NEED(e->is_signed || (recipient->is_signer && eq32(recipient->key, &e->recipient)), E_EXIT_SENDER);
  return 0;
}

APART u64 check_exit_proof(const Context *c, const Bridge *b, const Word *statement, const u8 *proof) {
  const Account *a = &c->a[EXIT_KEYS];
  const Keys *keys = find_keys(c, a);
  NEED(keys && eq32(a->key, &b->keys), E_KEYS);
  u8 hash[32] __attribute__((aligned(8)));
  hash_bytes(hash, keys->exit, sizeof keys->exit);
  NEED(eq32(hash, &b->vk_hashes[2]), E_KEYS);
  Word inputs[EXIT_INPUTS] = {b->exit_domain, b->exit_root, statement[0], statement[1], statement[2]};
  NEED(is_proven((const Vk *)keys->exit, proof, inputs, EXIT_INPUTS), E_PROOF);
  return 0;
}

// From custody to what is owed, each side that pays anything.
APART u64 owe(const Context *c, const Leaving *e) {
  for (int i = 0; i < 2; i++) {
    if (!e->amounts[i]) continue;
    Token *t = find_token(c, &c->a[EXIT_TOKEN_A + i]);
    NEED(t && t->id == e->tokens[i], E_ACCOUNT);
    NEED(e->amounts[i] <= t->custody, E_CUSTODY);
    t->custody -= e->amounts[i];
    t->owed += e->amounts[i];
  }
  return 0;
}

// The account of an exit stands for ever, so a balance leaves once.
static u64 leave(Context *c) {
  CHECK_SHAPE(c, EXIT_SHAPE);
  const Bridge *b = find_bridge(c, &c->a[EXIT_BRIDGE]);
  const ExitData *d = (const ExitData *)c->data;
  Account *place = &c->a[EXIT_EXIT];
  NEED(b, E_ACCOUNT);
  NEED(!is_zero32(&b->exit_root), E_NOT_BEGUN);
  Word x[3];
  cp(x, d->statement, sizeof x);
  Leaving e;
  TRY(read_exit(&x[0], &x[1], &x[2], &e));
  NEED(field(&x[0], EXIT_0_CHAIN_SHIFT, 8) == b->chain, E_EXIT_CHAIN);
  u64 key = e.account << 16 | e.token;
  u8 bump[1];
  // Nobody could take the place of an exit before the mark was known, to lock a balance in.
  Slice seeds[4] = {SEED("exit"), {&key, 8}, {c->mark, 32}, {bump, 1}};
  NEED(is_derived(c, place, seeds, 3, bump), E_ACCOUNT);
  NEED(!find_exit(c, place), E_EXITED);
  TRY(check_leaving(c, b, &e));
  TRY(check_exit_proof(c, b, x, d->proof[0]));
  Signer signer = {seeds, 4};
  TRY(make_account(c, &c->a[EXIT_PAYER], place, sizeof(Exit), &signer));
  Exit *out = (Exit *)place->data;
  out->tag = EXIT_TAG;
  out->mark = *c->mark;
  for (int i = 0; i < 2; i++) {
    out->tokens[i] = e.tokens[i];
    out->amounts[i] = e.amounts[i];
  }
  cp(&out->recipient, &e.recipient, 32);
  return owe(c, &e);
}

static u64 pay_exit(Context *c) {
  CHECK_SHAPE(c, PAY_EXIT_SHAPE);
  const Bridge *b = find_bridge(c, &c->a[PAY_EXIT_BRIDGE]);
  Exit *e = find_exit(c, &c->a[PAY_EXIT_EXIT]);
  Token *t = find_token(c, &c->a[PAY_EXIT_TOKEN]);
  u64 side = ((const PayExitData *)c->data)->side;
  NEED(b && e && t, E_ACCOUNT);
  NEED(side < 2 && e->amounts[side], E_PAID);
  NEED(t->id == e->tokens[side], E_ACCOUNT);
  TRY(check_token_places(c, t));
  Word who;
  cp(&who, &e->recipient, 32);
  TRY(check_receiver(c, t, &who));
  u64 amount = e->amounts[side];
  e->amounts[side] = 0;
  t->owed -= amount;
  return send(c, t, &c->a[PAY_DESTINATION], amount * t->scale);
}
