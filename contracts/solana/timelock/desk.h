// What counts at once and is compared with what is in force: a token's tighter limits and its pause, by the owner; prices
// within their bounds, by the setter. Reads the governed program's own accounts, and makes its call as its governor.
#pragma once
#include "lock.h"

ALWAYS u64 at64(const Account *a, u64 offset) { return load64(a->data + offset); }

ALWAYS int is_governed(const Timelock *l, const Account *a, u64 size, u64 tag) {
  return eq32(a->owner, &l->program) && a->data_len >= size && at64(a, 0) == tag;
}

static u64 tighten_token(Context *c) {
  CHECK_SHAPE(c, TIGHTEN_TOKEN_SHAPE);
  const Timelock *l = find_lock(c, &c->a[TIGHTEN_TOKEN_TIMELOCK]);
  TRY(check_owner(l, &c->a[TIGHTEN_TOKEN_OWNER]));
  const Account *token = &c->a[TIGHTEN_TOKEN_TOKEN];
  NEED(eq32(c->a[TIGHTEN_TOKEN_PROGRAM].key, &l->program), E_ACCOUNT);
  NEED(is_governed(l, token, TOKEN_BYTES, TOKEN_TAG), E_ACCOUNT);
  const TightenTokenData *d = (const TightenTokenData *)c->data;
  NEED(d->is_paused || !at64(token, TOKEN_IS_PAUSED_AT), E_LOOSER);
  NEED(load64(d->minimum) >= at64(token, TOKEN_MINIMUM_AT) && load64(d->cap) <= at64(token, TOKEN_CAP_AT), E_LOOSER);
  u8 data[sizeof(TightenTokenData)];
  cp(data, d, sizeof data);
  data[0] = SET_TOKEN_NUMBER;
  Order order = {&l->program, &c->a[TIGHTEN_TOKEN_TIMELOCK], SET_TOKEN_ACCOUNTS, data, sizeof data};
  return pass_on(l, &order);
}

// Only by a proposal, or in the founding.
static u64 set_setter(Context *c) {
  CHECK_SHAPE(c, SET_SETTER_SHAPE);
  Timelock *l = find_lock(c, &c->a[SET_SETTER_TIMELOCK]);
  NEED(l, E_ACCOUNT);
  cp(&l->setter, ((const SetSetterData *)c->data)->account, 32);
  return 0;
}

// Twice nothing is nothing: from 0 the setter could never raise a price. Both are 0 for a door without one.
static u64 set_price_bounds(Context *c) {
  CHECK_SHAPE(c, SET_PRICE_BOUNDS_SHAPE);
  Timelock *l = find_lock(c, &c->a[SET_PRICE_BOUNDS_TIMELOCK]);
  NEED(l, E_ACCOUNT);
  const SetPriceBoundsData *d = (const SetPriceBoundsData *)c->data;
  u64 low = load64(d->low), high = load64(d->high);
  NEED(d->kind && d->kind < PRICE_KINDS, E_KIND);
  NEED(low <= high && high >> NATIVE_FEE_BITS == 0 && (low == 0) == (high == 0), E_BOUNDS);
  l->lows[d->kind] = low;
  l->highs[d->kind] = high;
  return 0;
}

// What the door costs now, as the setter's rule has it: never outside of the bounds.
APART u64 price_now(const Timelock *l, const Account *bridge, u64 kind, u64 now) {
  int has_come = now >= at64(bridge, BRIDGE_PRICES_FROM_AT + 8 * kind);
  u64 price = at64(bridge, (has_come ? BRIDGE_NEXT_PRICES_AT : BRIDGE_PRICES_AT) + 8 * kind);
  if (price < l->lows[kind]) return l->lows[kind];
  return price < l->highs[kind] ? price : l->highs[kind];
}

// A rise is compared with the price that was in effect when a day began. A day ends when no rise above its peak was to
// count in the last 86,400 seconds: so the highest price at most doubles within any of them (contracts/modules/door_prices.vy).
APART u64 note_rise(Timelock *l, u64 kind, u64 price, u64 current, u64 now) {
  int is_same_day = now < l->since[kind] + DAY;
  u64 base = is_same_day ? l->bases[kind] : current;
  u64 peak = is_same_day && l->peaks[kind] > current ? l->peaks[kind] : current;
  int is_rise = price > current;
  NEED(!is_rise || price <= 2 * base, E_DOUBLED);
  if ((is_rise ? price : current) > peak) l->since[kind] = is_rise ? now + FEE_NOTICE_SECONDS : now;
  l->bases[kind] = base;
  l->peaks[kind] = peak;
  return 0;
}

static u64 set_price(Context *c) {
  CHECK_SHAPE(c, SET_PRICE_SHAPE);
  Timelock *l = find_lock(c, &c->a[SET_PRICE_TIMELOCK]);
  const Account *bridge = &c->a[SET_PRICE_BRIDGE];
  const SetPriceData *d = (const SetPriceData *)c->data;
  NEED(l, E_ACCOUNT);
  NEED(eq32(c->a[SET_PRICE_SETTER].key, &l->setter), E_SETTER);
  NEED(eq32(c->a[SET_PRICE_PROGRAM].key, &l->program), E_ACCOUNT);
  NEED(is_governed(l, bridge, BRIDGE_PRICES_END, BRIDGE_TAG), E_ACCOUNT);
  u64 kind = d->kind, price = load64(d->price), now = now_seconds();
  NEED(now, E_CLOCK);
  NEED(kind && kind < PRICE_KINDS, E_KIND);
  NEED(l->lows[kind] <= price && price <= l->highs[kind], E_OUTSIDE);
  TRY(note_rise(l, kind, price, price_now(l, bridge, kind, now), now));
  u8 data[sizeof(SetPriceData)];
  cp(data, d, sizeof data);
  data[0] = GOVERNED_PRICE_NUMBER;
  Order order = {&l->program, &c->a[SET_PRICE_TIMELOCK], GOVERNED_PRICE_ACCOUNTS, data, sizeof data};
  return pass_on(l, &order);
}
