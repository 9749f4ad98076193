// The doors of the account lane: deposit, full exit, key request. Whoever signs is the owner: a wallet with its key, a
// program for an address that it derives. The upper half of the queue is left to full exits, which burn a price there that
// doubles with every few more.
#pragma once
#include "field.h"
#include "incoming.h"
#include "queue.h"

enum { LOWER_HALF = MAX_OPEN_ACCOUNT_REQUESTS / 2, CROWD_STEP = 32 };

// `second` is whom a refund pays, the recipient on other chains, or the new key's hash.
typedef struct { u64 kind, token, account, amount, by_owner, mask, fee; Word owner, second; } Ask;

ALWAYS u64 count_open(const Bridge *b, u64 lane) { return b->totals[lane - 1] - b->consumed[lane - 1]; }

// The door is open: the chain runs, both groups are there, fewer than so many requests wait.
APART u64 check_door(const Bridge *b, const Account *queue, u64 limit) {
  NEED(b && is_queue(b, ACCOUNT_LANE, queue), E_ACCOUNT);
  NEED(!b->frozen_at && !b->has_end, E_FROZEN);
  NEED(b->group_counts[0] && b->group_counts[1], E_GROUP);
  NEED(count_open(b, ACCOUNT_LANE) < limit, E_FULL);
  return 0;
}

// The four words, at the end of the queue.
APART void put_request(Bridge *b, const Account *queue, const Ask *a, u64 now) {
  u64 id = b->totals[ACCOUNT_LANE - 1] + 1;
  Word *w = (Word *)(entry_at(queue, ACCOUNT_LANE, id) + 32);
  sol_memset_(w, 0, 32 * ACCOUNT_REQUEST_WORDS);
  put_field(&w[0], ACCOUNT_REQUEST_0_KIND_SHIFT, 8, a->kind);
  put_field(&w[0], ACCOUNT_REQUEST_0_SOURCE_SHIFT, 8, b->chain);
  put_field(&w[0], ACCOUNT_REQUEST_0_ID_SHIFT, 64, id);
  put_field(&w[0], ACCOUNT_REQUEST_0_TOKEN_SHIFT, 16, a->token);
  put_field(&w[0], ACCOUNT_REQUEST_0_ACCOUNT_SHIFT, 32, a->account);
  put_field(&w[0], ACCOUNT_REQUEST_0_AMOUNT_SHIFT, 64, a->amount);
  put_field(&w[2], ACCOUNT_REQUEST_2_NATIVE_FEE_GWEI_SHIFT, NATIVE_FEE_BITS, a->fee);
  put_field(&w[2], ACCOUNT_REQUEST_2_BY_OWNER_SHIFT, 8, a->by_owner);
  put_field(&w[2], ACCOUNT_REQUEST_2_MASK_SHIFT, 8, a->mask);
  put_field(&w[2], ACCOUNT_REQUEST_2_OWNER_HI_SHIFT, 8, a->owner.b[0]);
  put_field(&w[2], ACCOUNT_REQUEST_2_SECOND_HI_SHIFT, 8, a->second.b[0]);
  put_field(&w[2], ACCOUNT_REQUEST_2_TIME_SHIFT, 40, now);
  cp(w[1].b + 1, a->owner.b + 1, 31);
  cp(w[3].b + 1, a->second.b + 1, 31);
  append(b, queue, ACCOUNT_LANE, a->fee);
}

APART u64 check_deposit(const Context *c, const Bridge *b, const DepositData *d, Ask *a) {
  const Token *t = find_token(c, &c->a[DEPOSIT_TOKEN]);
  cp(&a->owner, d->owner, 32);
  cp(&a->second, d->refund_to, 32);
  a->account = load32(d->account);
  a->token = load16(d->token);
  a->by_owner = (u64)eq32(&a->owner, c->a[DEPOSIT_SENDER].key);
  NEED(!is_zero32(&a->owner), E_ZERO_OWNER);
  NEED(a->account < b->account_limit, E_NO_ACCOUNT);
  NEED(is_address_of(b, b->chain, &a->second) && !is_bridge_of(b, b->chain, &a->second), E_REFUND);
  NEED(t && t->id == a->token && is_here(b, t), E_TOKEN_IN);
  NEED(!t->is_paused, E_PAUSED);
  return 0;
}

static u64 deposit(Context *c) {
  CHECK_SHAPE(c, DEPOSIT_SHAPE);
  Bridge *b = find_bridge(c, &c->a[DEPOSIT_BRIDGE]);
  const Account *queue = &c->a[DEPOSIT_ACCOUNT_QUEUE], *sender = &c->a[DEPOSIT_SENDER];
  const DepositData *d = (const DepositData *)c->data;
  u64 now = now_seconds();
  TRY(check_door(b, queue, LOWER_HALF));
  NEED(now, E_CLOCK);
  Ask ask = {.kind = DEPOSIT_KIND};
  TRY(check_deposit(c, b, d, &ask));
  Fee fee = {b, sender, &c->a[DEPOSIT_SOL], load64(d->fee), 0, price_of(b, DEPOSIT_PRICE, now)};
  TRY(take_fee(&fee, &ask.fee));
  Token *t = find_token(c, &c->a[DEPOSIT_TOKEN]);
  Incoming in = {t, sender, &c->a[DEPOSIT_SOURCE], &c->a[DEPOSIT_VAULT], &c->a[DEPOSIT_MINT], &c->a[DEPOSIT_TOKEN_PROGRAM], load64(d->l1_amount)};
  TRY(take_tokens(&in, &ask.amount));
  put_request(b, queue, &ask, now);
  return 0;
}

// Who signs as owner: an address of this chain, which its payouts name.
APART u64 read_owner(const Bridge *b, const Account *owner, Word *out) {
  cp(out, owner->key, 32);
  NEED(is_address_of(b, b->chain, out) && !is_bridge_of(b, b->chain, out), E_OWNER);
  return 0;
}

// The mask has this chain, and only chains that can pay the second recipient.
APART u64 check_mask(const Bridge *b, const Ask *a) {
  NEED((a->mask << 1 & ~b->chain_mask) == 0, E_MASK);
  NEED(a->mask << 1 >> b->chain & 1, E_NOT_HERE);
  for (u64 k = 1; k <= MAX_CHAINS; k++) {
    if (k == b->chain || !(a->mask << 1 >> k & 1)) continue;
    NEED(is_address_of(b, k, &a->second), E_SECOND);
    NEED(!is_bridge_of(b, k, &a->second), E_SECOND_BRIDGE);
  }
  return 0;
}

// What a full exit burns when so many requests of its lane wait: nothing in the lower half of the queue.
APART u64 crowd_price(const Bridge *b, u64 waiting, u64 now) {
  if (waiting < LOWER_HALF) return 0;
  return price_of(b, CROWDED_EXIT_PRICE, now) << ((waiting - LOWER_HALF) / CROWD_STEP);
}

static u64 full_exit(Context *c) {
  CHECK_SHAPE(c, FULL_EXIT_SHAPE);
  Bridge *b = find_bridge(c, &c->a[FULL_EXIT_BRIDGE]);
  const Account *queue = &c->a[FULL_EXIT_ACCOUNT_QUEUE];
  const FullExitData *d = (const FullExitData *)c->data;
  u64 now = now_seconds();
  TRY(check_door(b, queue, MAX_OPEN_ACCOUNT_REQUESTS));
  NEED(now, E_CLOCK);
  Ask ask = {.kind = FULL_EXIT_KIND, .token = load16(d->token), .account = load32(d->account), .mask = d->mask};
  cp(&ask.second, d->second, 32);
  NEED(ask.account < b->account_limit, E_NO_ACCOUNT);
  NEED(ask.token && ask.token < b->token_limit, E_EXIT_TOKEN);
  TRY(read_owner(b, &c->a[FULL_EXIT_OWNER], &ask.owner));
  TRY(check_mask(b, &ask));
  u64 burnt = crowd_price(b, count_open(b, ACCOUNT_LANE), now);
  Fee fee = {b, &c->a[FULL_EXIT_PAYER], &c->a[FULL_EXIT_SOL], load64(d->coin), burnt, price_of(b, FULL_EXIT_PRICE, now)};
  TRY(take_fee(&fee, &ask.fee));
  put_request(b, queue, &ask, now);
  return 0;
}

static u64 key_request(Context *c) {
  CHECK_SHAPE(c, KEY_REQUEST_SHAPE);
  Bridge *b = find_bridge(c, &c->a[KEY_REQUEST_BRIDGE]);
  const Account *queue = &c->a[KEY_REQUEST_ACCOUNT_QUEUE];
  const KeyRequestData *d = (const KeyRequestData *)c->data;
  u64 now = now_seconds();
  TRY(check_door(b, queue, LOWER_HALF));
  NEED(now, E_CLOCK);
  Ask ask = {.kind = KEY_REQUEST_KIND, .account = load32(d->account)};
  cp(&ask.second, d->public_key_hash, 32);
  NEED(ask.account < b->account_limit, E_NO_ACCOUNT);
  NEED(is_scalar(&ask.second), E_KEY_HASH);
  TRY(read_owner(b, &c->a[KEY_REQUEST_OWNER], &ask.owner));
  Fee fee = {b, &c->a[KEY_REQUEST_PAYER], &c->a[KEY_REQUEST_SOL], load64(d->fee), 0, price_of(b, KEY_REQUEST_PRICE, now)};
  TRY(take_fee(&fee, &ask.fee));
  put_request(b, queue, &ask, now);
  return 0;
}
