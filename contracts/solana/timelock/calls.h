// Proposed calls as they stand in a proposal's account, one after the other: program 32, accounts 1, then each account,
// length 2, data. An account is a byte of marks, its address, and where it is pinned the hash of what it holds. Read from
// there alone: whoever executes chooses nothing.
#pragma once
#include "lock.h"

enum { UPGRADE = 3, UPGRADE_BUFFER = 2, ADDRESS_BYTES = 32 };

typedef struct { const u8 *at, *end; } Text;
typedef struct { Pubkey key; const u8 *pin; u64 marks; } Named;
typedef struct { Pubkey program; u64 n; Named accounts[MAX_CALL_ACCOUNTS]; const u8 *data; u64 data_len; } Planned;

// The next bytes; 0 where there are not so many.
ALWAYS const u8 *take(Text *t, u64 n) {
  const u8 *at = t->at;
  if ((u64)(t->end - at) < n) return 0;
  t->at += n;
  return at;
}

APART u64 read_named(Text *t, Named *a) {
  const u8 *at = take(t, 1 + ADDRESS_BYTES);
  NEED(at && at[0] <= (SIGNS | WRITES | PINNED), E_TEXT);
  a->marks = at[0];
  cp(&a->key, at + 1, ADDRESS_BYTES);
  a->pin = 0;
  if (a->marks & PINNED) {
    a->pin = take(t, 32);
    NEED(a->pin, E_TEXT);
  }
  return 0;
}

APART u64 read_call(Text *t, Planned *p) {
  const u8 *at = take(t, ADDRESS_BYTES + 1);
  NEED(at && at[ADDRESS_BYTES] <= MAX_CALL_ACCOUNTS, E_TEXT);
  cp(&p->program, at, ADDRESS_BYTES);
  p->n = at[ADDRESS_BYTES];
  for (u64 i = 0; i < p->n; i++) TRY(read_named(t, &p->accounts[i]));
  const u8 *length = take(t, 2);
  NEED(length, E_TEXT);
  p->data_len = load16(length);
  p->data = take(t, p->data_len);
  NEED(p->data, E_TEXT);
  return 0;
}

// A loader's upgrade, whose buffer somebody could else fill anew while everybody waits.
APART int is_upgrade(const Planned *p) {
  return eq32(&p->program, &LOADER) && p->data_len >= 4 && load32(p->data) == UPGRADE;
}

APART u64 check_call(const Context *c, const Timelock *l, const Planned *p) {
  for (u64 i = 0; i < p->n; i++) NEED(!(p->accounts[i].marks & SIGNS) || signs_here(l, &p->accounts[i].key), E_STRANGER);
  if (eq32(&p->program, &c->program)) NEED(p->data_len && is_own_call(p->data[0]), E_ITSELF);
  if (is_upgrade(p)) NEED(p->n > UPGRADE_BUFFER && p->accounts[UPGRADE_BUFFER].pin, E_NOT_PINNED);
  return 0;
}

// All of a text is calls that may be made, so many, with accounts that one call of `execute` can bring.
APART u64 check_calls(const Context *c, const Timelock *l, Text *t, u64 calls) {
  Planned *p = (Planned *)PLANNED;
  u64 accounts = EXECUTE_ACCOUNTS;
  NEED(calls && calls <= MAX_CALLS, E_CALLS);
  for (u64 i = 0; i < calls; i++) {
    TRY(read_call(t, p));
    TRY(check_call(c, l, p));
    accounts += 1 + p->n;
  }
  NEED(t->at == t->end, E_TEXT);
  NEED(accounts <= MAX_ACCOUNTS, E_CALLS);
  return 0;
}

ALWAYS int holds(const Account *a, const u8 *pin) {
  u8 hash[32];
  Slice all = {a->data, a->data_len};
  sol_keccak256(&all, 1, hash);
  return eq(hash, pin, 32);
}

// Makes the next call of a text with the accounts that follow, which must be those that it names.
APART u64 make_call(const Context *c, const Timelock *l, Text *t, u64 *at) {
  Planned *p = (Planned *)PLANNED;
  Meta *metas = (Meta *)METAS;
  TRY(read_call(t, p));
  const Account *given = &c->a[*at];
  NEED(c->n - *at > p->n, E_INPUT);
  NEED(eq32(given->key, &p->program), E_ACCOUNT);
  given++;
  for (u64 i = 0; i < p->n; i++) {
    const Named *a = &p->accounts[i];
    u8 writes = (a->marks & WRITES) != 0;
    NEED(eq32(given[i].key, &a->key) && (!writes || given[i].is_writable), E_ACCOUNT);
    NEED(!a->pin || holds(&given[i], a->pin), E_PINNED);
    metas[i].key = given[i].key;
    metas[i].is_writable = writes;
    metas[i].is_signer = a->marks & SIGNS;
  }
  *at += 1 + p->n;
  Order order = {&p->program, given, p->n, p->data, p->data_len};
  return give(l, &order);
}
