// The tokens of the layer 2 and the prices of the doors, by the governor's signature. What an id means never changes.
#pragma once
#include "chains.h"
#include "spl.h"

APART u64 check_governor(const Account *governor, const Bridge *b) {
  NEED(b, E_ACCOUNT);
  NEED(governor->is_signer && eq32(governor->key, &b->governor), E_GOVERNOR);
  return 0;
}

ALWAYS int is_here(const Bridge *b, const Token *t) { return t->chains >> b->chain & 1; }

// The vault of SOL is the account `sol`; else a token account that the bridge's associated account is, in nobody's hands.
APART u64 find_vault(Context *c, const Bridge *b, Token *t) {
  const Account *mint = &c->a[REGISTER_TOKEN_MINT], *vault = &c->a[REGISTER_TOKEN_VAULT], *program = &c->a[REGISTER_TOKEN_TOKEN_PROGRAM];
  t->mint = *mint->key;
  t->vault = *vault->key;
  t->program = *program->key;
  if (eq32(mint->key, &NATIVE_MINT)) {
    NEED(is_native(t) && eq32(vault->key, &b->sol), E_VAULT);
    t->decimals = 9;
    return 0;
  }
  NEED(eq32(program->key, &SPL_TOKEN) || eq32(program->key, &TOKEN_2022), E_MINT);
  NEED(is_plain_mint(mint, program->key), E_MINT);
  const Pubkey *bridge = c->a[REGISTER_TOKEN_BRIDGE].key;
  NEED(is_holding(vault, t) && is_held_by(vault, bridge) && is_associated(vault, bridge, t), E_VAULT);
  NEED(load64(vault->data + DELEGATE_AT) << 32 == 0 && load64(vault->data + CLOSE_AUTHORITY_AT) << 32 == 0, E_VAULT);
  t->decimals = mint->data[MINT_DECIMALS_AT];
  return 0;
}

// One id for each mint.
APART u64 mark_mint(Context *c, const Token *t) {
  u8 bump[1];
  Account *mark = &c->a[REGISTER_TOKEN_MINT_MARK];
  Slice seeds[3] = {SEED("mint"), {&t->mint, 32}, {bump, 1}};
  NEED(is_derived(c, mark, seeds, 2, bump), E_ACCOUNT);
  Signer signer = {seeds, 3};
  TRY(make_account(c, &c->a[REGISTER_TOKEN_PAYER], mark, sizeof(Mint), &signer));
  Mint *m = (Mint *)mark->data;
  m->tag = MINT_TAG;
  m->id = t->id;
  return 0;
}

APART u64 set_scale(Token *t, u64 layer2_decimals) {
  NEED(layer2_decimals <= t->decimals && t->decimals <= MAX_L1_DECIMALS, E_DECIMALS);
  NEED(t->decimals - layer2_decimals <= MAX_SCALE_DECIMALS, E_DECIMALS);
  t->scale = 1;
  for (u64 i = layer2_decimals; i < t->decimals; i++) t->scale *= 10;
  return 0;
}

// A payout within custody always fits: what is held in l1 units stays below 2^64.
APART u64 set_limits(Token *t, u64 minimum, u64 cap) {
  NEED(minimum > 0 && minimum <= cap && cap <= most_units(t->scale), E_TOKEN_LIMITS);
  t->minimum = minimum;
  t->cap = cap;
  return 0;
}

static u64 register_token(Context *c) {
  CHECK_SHAPE(c, REGISTER_TOKEN_SHAPE);
  Bridge *b = find_bridge(c, &c->a[REGISTER_TOKEN_BRIDGE]);
  TRY(check_governor(&c->a[REGISTER_TOKEN_GOVERNOR], b));
  const RegisterTokenData *d = (const RegisterTokenData *)c->data;
  u64 id = load16(d->id), chains = load16(d->chains);
  NEED(id && id < b->token_limit / 2, E_TOKEN_ID);
  NEED(chains && !(chains & ~b->chain_mask), E_CHAINS);
  u8 bump[1];
  Account *token = &c->a[REGISTER_TOKEN_TOKEN];
  Slice seeds[3] = {SEED("token"), {&id, 8}, {bump, 1}};
  NEED(is_derived(c, token, seeds, 2, bump), E_ACCOUNT);
  Signer signer = {seeds, 3};
  TRY(make_account(c, &c->a[REGISTER_TOKEN_PAYER], token, sizeof(Token), &signer));
  Token *t = (Token *)token->data;
  t->tag = TOKEN_TAG;
  t->mark = *c->mark;
  t->id = id;
  t->chains = chains;
  if (!is_here(b, t)) return 0;
  TRY(find_vault(c, b, t));
  TRY(set_scale(t, d->layer2_decimals));
  TRY(set_limits(t, load64(d->minimum), load64(d->cap)));
  return mark_mint(c, t);
}

static u64 set_token(Context *c) {
  CHECK_SHAPE(c, SET_TOKEN_SHAPE);
  Bridge *b = find_bridge(c, &c->a[SET_TOKEN_BRIDGE]);
  TRY(check_governor(&c->a[SET_TOKEN_GOVERNOR], b));
  Token *t = find_token(c, &c->a[SET_TOKEN_TOKEN]);
  NEED(t && is_here(b, t), E_TOKEN_ID);
  const SetTokenData *d = (const SetTokenData *)c->data;
  NEED(d->is_paused <= 1, E_INPUT);
  t->is_paused = d->is_paused;
  return set_limits(t, load64(d->minimum), load64(d->cap));
}

ALWAYS u64 price_of(const Bridge *b, u64 kind, u64 now) {
  return now >= b->prices_from[kind] ? b->next_prices[kind] : b->prices[kind];
}

static u64 set_price(Context *c) {
  CHECK_SHAPE(c, SET_PRICE_SHAPE);
  Bridge *b = find_bridge(c, &c->a[SET_PRICE_BRIDGE]);
  TRY(check_governor(&c->a[SET_PRICE_GOVERNOR], b));
  const SetPriceData *d = (const SetPriceData *)c->data;
  u64 kind = d->kind, price = load64(d->price), now = now_seconds();
  NEED(now, E_CLOCK);
  NEED(kind && kind < PRICE_KINDS && price >> NATIVE_FEE_BITS == 0, E_PRICE);
  u64 current = price_of(b, kind, now);
  b->prices[kind] = current;
  b->next_prices[kind] = price;
  // Before both groups stand no request is taken: nobody needs notice, and no door opens with its price still at nothing.
  int is_open = b->group_counts[0] && b->group_counts[1];
  b->prices_from[kind] = price > current && is_open ? now + FEE_NOTICE_SECONDS : now;
  return 0;
}
