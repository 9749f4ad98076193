// The door for swaps: refuses an order that could never be paid, takes fee and tokens in, measures what arrived, and
// writes the request's words at the end of the queue.
#pragma once
#include "queue.h"
#include "tokens.h"

typedef struct { Bridge *b; const SwapData *d; Token *in, *out; u64 now, destination; Word recipient, refund_to; } Order;

// A token of this id: its account is at the one address that follows from it, or it is missing.
ALWAYS int is_token(const Token *t, u64 id) { return t && t->id == id; }

// The two pools of a route are different ones, each of two tokens.
APART u64 check_route(const Context *c, const Order *o) {
  u64 via = load16(o->d->via);
  if (!via) return 0;
  const Token *between = find_token(c, &c->a[SWAP_TOKEN_VIA]);
  NEED(is_token(between, via) && o->in->id != o->out->id && via != o->in->id && via != o->out->id, E_ROUTE);
  return 0;
}

APART u64 check_order(const Context *c, Order *o) {
  const Bridge *b = o->b;
  const SwapData *d = o->d;
  u64 destination = d->destination, deadline = load64(d->deadline);
  NEED(!b->frozen_at && !b->has_end, E_FROZEN);
  NEED(b->group_counts[0] && b->group_counts[1], E_GROUP);
  NEED(is_chain(b, destination), E_DESTINATION);
  o->in = find_token(c, &c->a[SWAP_TOKEN_IN]);
  o->out = find_token(c, &c->a[SWAP_TOKEN_OUT]);
  NEED(is_token(o->in, load16(d->token_in)) && is_here(b, o->in), E_TOKEN_IN);
  NEED(!o->in->is_paused, E_PAUSED);
  NEED(is_token(o->out, load16(d->token_out)) && o->out->chains >> destination & 1, E_TOKEN_OUT);
  NEED(o->in->id != o->out->id || destination != b->chain, E_SAME_TOKEN);
  TRY(check_route(c, o));
  cp(&o->recipient, d->recipient, 32);
  cp(&o->refund_to, d->refund_to, 32);
  NEED(is_address_of(b, destination, &o->recipient), E_RECIPIENT);
  NEED(!is_bridge_of(b, destination, &o->recipient), E_RECIPIENT_BRIDGE);
  NEED(is_address_of(b, b->chain, &o->refund_to) && !is_bridge_of(b, b->chain, &o->refund_to), E_REFUND);
  NEED(deadline >= o->now && deadline >> 40 == 0, E_DEADLINE);
  o->destination = destination;
  return 0;
}

// What arrived, in layer-2 units. The token must cover what is owed of it, or a newcomer would pay an older claim.
APART u64 take_tokens(Context *c, const Order *o, u64 *amount) {
  Account *vault = &c->a[SWAP_VAULT], *mint = &c->a[SWAP_MINT];
  Token *t = o->in;
  u64 l1_amount = load64(o->d->l1_amount);
  NEED(eq32(vault->key, &t->vault) && eq32(mint->key, &t->mint) && eq32(c->a[SWAP_TOKEN_PROGRAM].key, &t->program), E_ACCOUNT);
  NEED(l1_amount, E_ZERO_AMOUNT);
  Transfer transfer = {t, &c->a[SWAP_SOURCE], mint, vault, &c->a[SWAP_SENDER], l1_amount, 0};
  u64 before = is_native(t) ? *vault->lamports : amount_in(vault);
  if (is_native(t)) NEED(eq32(c->a[SWAP_SOURCE].key, c->a[SWAP_SENDER].key), E_ACCOUNT);
  TRY(take_in(&transfer));
  u64 after = is_native(t) ? *vault->lamports : amount_in(vault);
  NEED(after > before, E_ZERO_AMOUNT);
  u64 received = after - before;
  NEED(received % t->scale == 0, E_CONVERTIBLE);
  *amount = received / t->scale;
  NEED(*amount >= t->minimum, E_MINIMUM);
  NEED(*amount <= t->cap && t->custody <= t->cap - *amount, E_CAP);
  t->custody += *amount;
  NEED(is_native(t) || t->custody + t->owed <= after / t->scale, E_SHORT);
  return 0;
}

// All of it, at least the price.
APART u64 take_fee(Context *c, const Order *o, u64 *fee) {
  *fee = load64(o->d->fee);
  NEED(eq32(c->a[SWAP_SOL].key, &o->b->sol), E_ACCOUNT);
  NEED(*fee >= price_of(o->b, o->destination, o->now), E_FEE);
  NEED(*fee >> NATIVE_FEE_BITS == 0, E_FEE_LIMIT);
  return send_lamports(&c->a[SWAP_SENDER], &c->a[SWAP_SOL], *fee);
}

// The five words, in their place in the queue.
APART u64 write_swap(const Order *o, Word *w, u64 amount, u64 fee) {
  const SwapData *d = o->d;
  sol_memset_(w, 0, 32 * SWAP_REQUEST_WORDS);
  put_field(&w[0], SWAP_REQUEST_0_KIND_SHIFT, 8, SWAP_REQUEST_KIND);
  put_field(&w[0], SWAP_REQUEST_0_SOURCE_SHIFT, 8, o->b->chain);
  put_field(&w[0], SWAP_REQUEST_0_DESTINATION_SHIFT, 8, o->destination);
  put_field(&w[0], SWAP_REQUEST_0_REQUEST_ID_SHIFT, 64, o->b->totals[SWAP_LANE - 1] + 1);
  put_field(&w[0], SWAP_REQUEST_0_TOKEN_IN_SHIFT, 16, o->in->id);
  put_field(&w[0], SWAP_REQUEST_0_TOKEN_OUT_SHIFT, 16, o->out->id);
  put_field(&w[0], SWAP_REQUEST_0_AMOUNT_SHIFT, 64, amount);
  put_amount(&w[1], SWAP_REQUEST_1_MIN_OUT_SHIFT, d->min_out);
  put_amount(&w[1], SWAP_REQUEST_1_OPERATOR_FEE_SHIFT, d->operator_fee);
  put_field(&w[1], SWAP_REQUEST_1_RECIPIENT_HI_SHIFT, 8, o->recipient.b[0]);
  put_field(&w[1], SWAP_REQUEST_1_REFUND_TO_HI_SHIFT, 8, o->refund_to.b[0]);
  put_field(&w[2], SWAP_REQUEST_2_NATIVE_FEE_GWEI_SHIFT, NATIVE_FEE_BITS, fee);
  put_field(&w[2], SWAP_REQUEST_2_VIA_SHIFT, 16, load16(d->via));
  put_amount(&w[2], SWAP_REQUEST_2_FILL_FEE_SHIFT, d->fill_fee);
  put_field(&w[2], SWAP_REQUEST_2_DEADLINE_SHIFT, 40, load64(d->deadline));
  put_field(&w[2], SWAP_REQUEST_2_QUEUED_AT_SHIFT, 40, o->now);
  cp(w[3].b + 1, o->recipient.b + 1, 31);
  cp(w[4].b + 1, o->refund_to.b + 1, 31);
  int is_long = is_long_amount(&w[1], SWAP_REQUEST_1_OPERATOR_FEE_SHIFT);
  NEED(!is_long && field(&w[1], SWAP_REQUEST_1_OPERATOR_FEE_SHIFT, 64) < amount, E_OPERATOR_FEE);
  return 0;
}

static u64 swap(Context *c) {
  CHECK_SHAPE(c, SWAP_SHAPE);
  Bridge *b = find_bridge(c, &c->a[SWAP_BRIDGE]);
  NEED(b && is_queue(b, SWAP_LANE, &c->a[SWAP_SWAP_QUEUE]), E_ACCOUNT);
  NEED(b->totals[0] - b->consumed[0] < MAX_OPEN_SWAPS, E_FULL);
  Order order = {.b = b, .d = (const SwapData *)c->data, .now = now_seconds()};
  NEED(order.now, E_CLOCK);
  u64 amount = 0, fee = 0;
  TRY(check_order(c, &order));
  TRY(take_fee(c, &order, &fee));
  TRY(take_tokens(c, &order, &amount));
  Word *words = (Word *)(entry_at(&c->a[SWAP_SWAP_QUEUE], SWAP_LANE, b->totals[0] + 1) + 32);
  TRY(write_swap(&order, words, amount, fee));
  append(b, &c->a[SWAP_SWAP_QUEUE], SWAP_LANE, fee);
  return 0;
}
