// The owner: what it does at once, the founding, and how it changes. Swift are the numbers of the governed program's calls
// that `init` has listed; in the founding, until it is closed or its week is over, any call of any program is.
#pragma once
#include "lock.h"

static u64 init(Context *c) {
  CHECK_SHAPE(c, INIT_SHAPE);
  Account *authority = &c->a[INIT_AUTHORITY], *account = &c->a[INIT_TIMELOCK];
  const InitData *d = (const InitData *)c->data;
  TRY(check_authority(c, authority, &c->a[INIT_PROGRAM_DATA]));
  u8 bump[1], purse_bump;
  Pubkey purse;
  Slice seeds[2] = {SEED("timelock"), {bump, 1}}, purse_seeds[1] = {SEED("purse")};
  NEED(is_derived(c, account, seeds, 1, bump), E_ACCOUNT);
  NEED(!sol_try_find_program_address(purse_seeds, 1, &c->program, &purse, &purse_bump), E_ACCOUNT);
  Signer signer = {seeds, 2};
  TRY(make_account(c, authority, account, sizeof(Timelock), &signer));
  Timelock *l = (Timelock *)account->data;
  l->tag = TIMELOCK_TAG;
  l->bump = bump[0];
  l->purse_bump = purse_bump;
  l->itself = *account->key;
  l->purse = purse;
  cp(&l->owner, d->owner, 32);
  NEED(!is_zero32(&l->owner), E_NO_OWNER);
  cp(&l->program, d->program, 32);
  NEED(!is_zero32(&l->program) && !eq32(&l->program, &c->program), E_GOVERNED);
  l->slots_per_day = load64(d->slots_per_day);
  NEED(l->slots_per_day && l->slots_per_day <= MAX_SLOTS_PER_DAY, E_SLOTS);
  l->swift = load64(d->swift);
  u64 now = now_seconds();
  NEED(now, E_CLOCK);
  l->founding_ends = now + FOUNDING_SECONDS;
  return 0;
}

ALWAYS int is_swift(const Timelock *l, const Pubkey *program, u64 number) {
  return eq32(program, &l->program) && number < 64 && l->swift >> number & 1;
}

// Makes the owner's call with the accounts that follow the program.
static u64 act(Context *c) {
  CHECK_SHAPE(c, ACT_SHAPE);
  const Timelock *l = find_lock(c, &c->a[ACT_TIMELOCK]);
  TRY(check_owner(l, &c->a[ACT_OWNER]));
  const Pubkey *program = c->a[ACT_PROGRAM].key;
  const u8 *data = c->data + sizeof(ActData);
  u64 bytes = c->data_len - sizeof(ActData), n = c->n - ACT_ACCOUNTS;
  NEED(bytes, E_NO_CALL);
  NEED(is_swift(l, program, data[0]) || is_founding(l), E_NOT_SWIFT);
  NEED(!eq32(program, &c->program) || is_own_call(data[0]), E_ITSELF);
  Order order = {program, &c->a[ACT_ACCOUNTS], n, data, bytes};
  return pass_on(l, &order);
}

static u64 close_founding(Context *c) {
  CHECK_SHAPE(c, CLOSE_FOUNDING_SHAPE);
  Timelock *l = find_lock(c, &c->a[CLOSE_FOUNDING_TIMELOCK]);
  TRY(check_owner(l, &c->a[CLOSE_FOUNDING_OWNER]));
  NEED(is_founding(l), E_FOUNDED);
  l->founding_ends = 0;
  return 0;
}

// The timelock signs: nobody but a call of this program to itself makes it.
static u64 set_owner(Context *c) {
  CHECK_SHAPE(c, SET_OWNER_SHAPE);
  Timelock *l = find_lock(c, &c->a[SET_OWNER_TIMELOCK]);
  NEED(l, E_ACCOUNT);
  cp(&l->coming_owner, ((const SetOwnerData *)c->data)->account, 32);
  return 0;
}

// Address 0, which stands for nobody, cannot sign.
static u64 accept_ownership(Context *c) {
  CHECK_SHAPE(c, ACCEPT_OWNERSHIP_SHAPE);
  Timelock *l = find_lock(c, &c->a[ACCEPT_OWNERSHIP_TIMELOCK]);
  NEED(l, E_ACCOUNT);
  NEED(eq32(c->a[ACCEPT_OWNERSHIP_HEIR].key, &l->coming_owner), E_HEIR);
  l->owner = l->coming_owner;
  sol_memset_(&l->coming_owner, 0, 32);
  return 0;
}
