// The door for swaps: refuses an order that could never be paid, takes fee and tokens in, measures what arrived, and
// writes the request's words at the end of the queue.
#pragma once
#include "incoming.h"
#include "queue.h"

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
  Account *sender = &c->a[SWAP_SENDER];
  Fee paid = {b, sender, &c->a[SWAP_SOL], load64(order.d->fee), 0, price_of(b, order.destination, order.now)};
  TRY(take_fee(&paid, &fee));
  Incoming in = {order.in, sender, &c->a[SWAP_SOURCE], &c->a[SWAP_VAULT], &c->a[SWAP_MINT], &c->a[SWAP_TOKEN_PROGRAM], load64(order.d->l1_amount)};
  TRY(take_tokens(&in, &amount));
  Word *words = (Word *)(entry_at(&c->a[SWAP_SWAP_QUEUE], SWAP_LANE, b->totals[0] + 1) + 32);
  TRY(write_swap(&order, words, amount, fee));
  append(b, &c->a[SWAP_SWAP_QUEUE], SWAP_LANE, fee);
  return 0;
}
