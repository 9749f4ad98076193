// The timelock's own account and whom it obeys, its windows, and its signature. Its address signs what it calls; a purse,
// an address without data, pays rent where a call needs it.
#pragma once
#include "generated.h"
#include "../accounts.h"

// Where the call that is read stands, and the marks of the accounts that it is made with: too large for a stack frame.
#define PLANNED (HEAP + 4096)
#define METAS (HEAP + 8192)

// At its one address: whoever deployed the program may have left a second one by earlier code.
APART Timelock *find_lock(const Context *c, const Account *a) {
  u8 bump;
  Slice seeds[1] = {SEED("timelock")};
  Timelock *l = find_own(c, a, sizeof(Timelock), TIMELOCK_TAG);
  return is_derived(c, a, seeds, 1, &bump) ? l : 0;
}

ALWAYS Proposal *read_proposal(const Context *c, const Account *a) {
  int is_proposal = eq32(a->owner, &c->program) && a->data_len >= sizeof(Proposal) && *(u64 *)a->data == PROPOSAL_TAG;
  return is_proposal ? (Proposal *)a->data : 0;
}

// One that was proposed here: at the one address of its number, which `propose` has found empty when it counted so far.
APART Proposal *find_proposal(const Context *c, const Timelock *l, const Account *a) {
  u8 bump;
  Proposal *p = read_proposal(c, a);
  if (!p || p->number > l->count) return 0;
  Slice seeds[2] = {SEED("proposal"), {&p->number, 8}};
  return is_derived(c, a, seeds, 2, &bump) ? p : 0;
}

APART u64 check_owner(const Timelock *l, const Account *owner) {
  NEED(l, E_ACCOUNT);
  NEED(eq32(owner->key, &l->owner), E_OWNER);
  return 0;
}

// Whether a window that began then is over: in seconds, and in slots, which a halted cluster does not make.
APART int is_over(const Timelock *l, const Proposal *p, const Moment *now, u64 seconds) {
  return now->seconds >= p->proposed_at + seconds && now->slot >= p->proposed_in + seconds / DAY * l->slots_per_day;
}

// Without a clock the founding is over.
APART int is_founding(const Timelock *l) {
  u64 now = now_seconds();
  return now && now < l->founding_ends;
}

// What a call of this program to itself may be: all else would let a proposal govern proposals.
ALWAYS int is_own_call(u64 number) {
  return number == OP_SET_OWNER || number == OP_SET_SETTER || number == OP_SET_PRICE_BOUNDS;
}

ALWAYS int signs_here(const Timelock *l, const Pubkey *key) { return eq32(key, &l->itself) || eq32(key, &l->purse); }

typedef struct { const Pubkey *program; const Account *accounts; u64 n; const u8 *data; u64 bytes; } Order;

// Calls another program, or this one, with the signatures of timelock and purse; the marks stand at METAS. A call that
// fails ends the transaction.
APART u64 give(const Timelock *l, const Order *o) {
  u8 bump[1] = {(u8)l->bump}, purse_bump[1] = {(u8)l->purse_bump};
  Slice seeds[2] = {SEED("timelock"), {bump, 1}}, purse_seeds[2] = {SEED("purse"), {purse_bump, 1}};
  Signer signers[2] = {{seeds, 2}, {purse_seeds, 2}};
  Call call = {o->program, (const Meta *)METAS, o->n, o->data, o->bytes};
  NEED(!sol_invoke_signed_c(&call, o->accounts, o->n, signers, 2), E_CALLEE);
  return 0;
}

// The same with accounts as the transaction marks them.
APART u64 pass_on(const Timelock *l, const Order *o) {
  Meta *metas = (Meta *)METAS;
  for (u64 i = 0; i < o->n; i++) {
    const Account *a = &o->accounts[i];
    metas[i].key = a->key;
    metas[i].is_writable = a->is_writable;
    metas[i].is_signer = a->is_signer || signs_here(l, a->key);
  }
  return give(l, o);
}
