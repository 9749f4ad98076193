// What waits: the owner proposes calls, which stand whole in an account; anybody executes them after the delay and within
// the grace; the owner takes them back. A proposal has a number that never comes again.
#pragma once
#include "calls.h"

APART u64 make_proposal(Context *c, Timelock *l, u64 text_bytes) {
  u8 bump[1];
  u64 number = l->count + 1;
  Account *proposal = &c->a[PROPOSE_PROPOSAL];
  Slice seeds[3] = {SEED("proposal"), {&number, 8}, {bump, 1}};
  NEED(is_derived(c, proposal, seeds, 2, bump), E_ACCOUNT);
  Signer signer = {seeds, 3};
  TRY(make_account(c, &c->a[PROPOSE_PAYER], proposal, sizeof(Proposal) + text_bytes, &signer));
  l->count = number;
  Proposal *p = (Proposal *)proposal->data;
  p->tag = PROPOSAL_TAG;
  p->number = number;
  return 0;
}

static u64 propose(Context *c) {
  CHECK_SHAPE(c, PROPOSE_SHAPE);
  Timelock *l = find_lock(c, &c->a[PROPOSE_TIMELOCK]);
  TRY(check_owner(l, &c->a[PROPOSE_OWNER]));
  const ProposeData *d = (const ProposeData *)c->data;
  Text text = {(const u8 *)(d + 1), c->data + c->data_len};
  TRY(check_calls(c, l, &text, d->calls));
  Moment now;
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  u64 bytes = c->data_len - sizeof(ProposeData);
  TRY(make_proposal(c, l, bytes));
  Proposal *p = (Proposal *)c->a[PROPOSE_PROPOSAL].data;
  p->stage = WAITING;
  p->calls = d->calls;
  p->proposed_at = now.seconds;
  p->proposed_in = now.slot;
  p->payer = *c->a[PROPOSE_PAYER].key;
  cp(p + 1, d + 1, bytes);
  return 0;
}

static u64 execute(Context *c) {
  CHECK_SHAPE(c, EXECUTE_SHAPE);
  const Timelock *l = find_lock(c, &c->a[EXECUTE_TIMELOCK]);
  const Account *account = &c->a[EXECUTE_PROPOSAL];
  NEED(l, E_ACCOUNT);
  Proposal *p = find_proposal(c, l, account);
  NEED(p, E_ACCOUNT);
  NEED(p->stage == WAITING, E_NOT_PROPOSED);
  Moment now;
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  NEED(is_over(l, p, &now, GROUP_DELAY_SECONDS), E_TOO_EARLY);
  NEED(!is_over(l, p, &now, GROUP_DELAY_SECONDS + GRACE_SECONDS), E_TOO_LATE);
  p->stage = EXECUTED;
  Text text = {(const u8 *)(p + 1), account->data + account->data_len};
  u64 at = EXECUTE_ACCOUNTS;
  for (u64 i = 0; i < p->calls; i++) TRY(make_call(c, l, &text, &at));
  NEED(at == c->n, E_INPUT);
  return 0;
}

static u64 cancel(Context *c) {
  CHECK_SHAPE(c, CANCEL_SHAPE);
  const Timelock *l = find_lock(c, &c->a[CANCEL_TIMELOCK]);
  TRY(check_owner(l, &c->a[CANCEL_OWNER]));
  Proposal *p = find_proposal(c, l, &c->a[CANCEL_PROPOSAL]);
  NEED(p, E_ACCOUNT);
  NEED(p->stage == WAITING, E_NOTHING_TO_CANCEL);
  p->stage = CANCELLED;
  return 0;
}

// Its number is never made again, so nobody can bring a closed one back. One that was not proposed here gives its own rent.
static u64 close_proposal(Context *c) {
  CHECK_SHAPE(c, CLOSE_PROPOSAL_SHAPE);
  Account *payer = &c->a[CLOSE_PROPOSAL_PAYER], *account = &c->a[CLOSE_PROPOSAL_PROPOSAL];
  const Proposal *p = read_proposal(c, account);
  NEED(p, E_ACCOUNT);
  NEED(eq32(payer->key, &p->payer), E_PAYER);
  NEED(p->stage != WAITING, E_WAITS);
  close_account(account, payer);
  return 0;
}
