// How a member ends, as contracts/MemberEnd.vy has it: END says at which block the history ends here, on the word of both
// groups at once, on that of one after a window in which others object. Evidence stands in an account like a block's, with
// nothing but signatures; a path leads from the tip to END. One that falls raises the round; one that stands is final.
#pragma once
#include "freeze.h"
#include "history.h"
#include "tokens.h"

// Whose word an END is.
enum { NOBODY = 0, BY_WATCHERS = 1, BY_VALIDATORS_AND_GOVERNOR = 2, BY_BOTH = 3 };

APART u64 find_evidence(const Context *c, const Account *a, Evidence *e) {
  const BlockHead *head = find_block(c, a);
  NEED(head, E_ACCOUNT);
  NEED(head->stage == WRITING, E_STAGE);
  NEED(a->data_len == sizeof(BlockHead) + SIGNATURE_BYTES * (head->validators + head->watchers) && !head->later, E_FORM);
  e->validators.at = (const u8 *)(head + 1);
  e->validators.count = head->validators;
  e->watchers.at = e->validators.at + SIGNATURE_BYTES * head->validators;
  e->watchers.count = head->watchers;
  return 0;
}

ALWAYS void read_tip(const Bridge *b, Block *tip) {
  tip->number = b->number;
  cp(&tip->sync_hash, &b->sync_hash, 32);
}

// Only words for the next round count.
APART void clear_end(Bridge *b, u64 round) {
  b->end_word = NOBODY;
  b->end_round = round;
  b->end_number = b->end_at = b->end_in = b->end_denied_by_validators = b->end_denied_by_governor = 0;
  sol_memset_(&b->end_hash, 0, 32);
}

APART u64 check_waits(const Bridge *b) {
  NEED(b->end_word, E_NONE_RAISED);
  NEED(!b->has_end, E_STANDS);
  return 0;
}

ALWAYS int is_governor(const Bridge *b, const Account *a) { return a->is_signer && eq32(a->key, &b->governor); }

// The history ends there, and the chain freezes.
APART u64 stand(Bridge *b) {
  Moment now;
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  b->has_end = 1;
  if (!b->frozen_at) b->frozen_at = now.seconds;
  return 0;
}

// Whose word it is; where the watchers are silent the governor must sign.
APART u64 read_word(const Context *c, Bridge *b, const Evidence *e, const Path *p, u64 *word) {
  u64 validators_say = ((const RaiseEndData *)c->data)->validators_say;
  u8 digest[32];
  end_digest(digest, b, END_TYPE_HASH, p->number, &p->sync_hash);
  if (validators_say) NEED(has_signed(b, VALIDATORS_GROUP, &e->validators, digest), E_VALIDATORS);
  *word = validators_say ? BY_BOTH : BY_WATCHERS;
  if (e->watchers.count) {
    NEED(has_signed(b, WATCHERS_GROUP, &e->watchers, digest), E_WATCHERS);
    return 0;
  }
  NEED(validators_say, E_NOBODY_SAYS);
  NEED(is_governor(b, &c->a[RAISE_END_GOVERNOR]), E_GOVERNOR);
  *word = BY_VALIDATORS_AND_GOVERNOR;
  return 0;
}

static u64 raise_end(Context *c) {
  CHECK_SHAPE(c, RAISE_END_SHAPE);
  Bridge *b = find_bridge(c, &c->a[RAISE_END_BRIDGE]);
  const Path *p = find_path(c, &c->a[RAISE_END_PATH]);
  u64 validators_say = ((const RaiseEndData *)c->data)->validators_say, word;
  NEED(b && p, E_ACCOUNT);
  NEED(validators_say <= 1, E_INPUT);
  Evidence e;
  TRY(find_evidence(c, &c->a[RAISE_END_EVIDENCE], &e));
  // Nobody seals the genesis; where validators say END, that is their word.
  if (!validators_say && p->number) {
    u8 digest[32];
    block_digest(digest, b, SEAL_TYPE_HASH, p->number, &p->sync_hash);
    NEED(has_signed(b, VALIDATORS_GROUP, &e.validators, digest), E_VALIDATORS);
  }
  Block tip;
  read_tip(b, &tip);
  NEED(leads(p, &tip, p->number, &p->sync_hash), E_NOT_ABOVE_TIP);
  TRY(read_word(c, b, &e, p, &word));
  NEED(!b->has_end, E_STANDS_ALREADY);
  NEED(word == BY_BOTH || b->end_word == NOBODY, E_ANOTHER_WAITS);
  Moment now;
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  clear_end(b, b->end_round);
  b->end_word = word;
  b->end_number = p->number;
  cp(&b->end_hash, &p->sync_hash, 32);
  b->end_at = now.seconds;
  b->end_in = now.slot;
  return word == BY_BOTH ? stand(b) : 0;
}

// Against the watchers' END it adds a window, once, whoever denies; their own denial fells that of validators and governor.
static u64 deny_end(Context *c) {
  CHECK_SHAPE(c, DENY_END_SHAPE);
  Bridge *b = find_bridge(c, &c->a[DENY_END_BRIDGE]);
  u64 by_governor = ((const DenyEndData *)c->data)->by_governor;
  NEED(b, E_ACCOUNT);
  NEED(by_governor <= 1, E_INPUT);
  TRY(check_waits(b));
  if (by_governor) {
    NEED(is_governor(b, &c->a[DENY_END_GOVERNOR]), E_GOVERNOR);
    NEED(!b->end_denied_by_validators, E_DENIED_ALREADY);
    NEED(b->end_word == BY_WATCHERS, E_NOT_THE_WATCHERS);
    NEED(!b->end_denied_by_governor, E_DENIED_BY_GOVERNOR);
    b->end_denied_by_governor = 1;
    return 0;
  }
  Evidence e;
  TRY(find_evidence(c, &c->a[DENY_END_EVIDENCE], &e));
  u8 digest[32];
  end_digest(digest, b, END_DENIAL_TYPE_HASH, b->end_number, &b->end_hash);
  if (b->end_word == BY_WATCHERS) {
    NEED(has_signed(b, VALIDATORS_GROUP, &e.validators, digest), E_VALIDATORS);
    NEED(!b->end_denied_by_validators, E_DENIED_ALREADY);
    b->end_denied_by_validators = 1;
    return 0;
  }
  NEED(has_signed(b, WATCHERS_GROUP, &e.watchers, digest), E_WATCHERS);
  clear_end(b, b->end_round + 1);
  return 0;
}

static u64 void_end(Context *c) {
  CHECK_SHAPE(c, VOID_END_SHAPE);
  Bridge *b = find_bridge(c, &c->a[VOID_END_BRIDGE]);
  TRY(check_governor(&c->a[VOID_END_GOVERNOR], b));
  TRY(check_waits(b));
  NEED(b->end_denied_by_validators, E_NOT_DENIED);
  clear_end(b, b->end_round + 1);
  return 0;
}

// An ACC that contradicts it: for a block above it, or for another history at or below it.
static u64 fell_end(Context *c) {
  CHECK_SHAPE(c, FELL_END_SHAPE);
  Bridge *b = find_bridge(c, &c->a[FELL_END_BRIDGE]);
  const FellEndData *d = (const FellEndData *)c->data;
  NEED(b, E_ACCOUNT);
  TRY(check_waits(b));
  Evidence e;
  TRY(find_evidence(c, &c->a[FELL_END_EVIDENCE], &e));
  Block said = {load64(d->number), {{0}}};
  cp(&said.sync_hash, d->sync_hash, 32);
  TRY(check_accepted(b, &e, &said));
  if (said.number <= b->end_number) {
    const Path *p = find_path(c, &c->a[FELL_END_PATH]);
    NEED(p, E_ACCOUNT);
    NEED(!eq32(&p->base_hash, &said.sync_hash), E_AGREES);
    cp(&said.sync_hash, &p->base_hash, 32);
    NEED(leads(p, &said, b->end_number, &b->end_hash), E_NOT_ITS_HISTORY);
  }
  clear_end(b, b->end_round + 1);
  return 0;
}

APART u64 window_of(const Bridge *b) {
  if (b->end_word != BY_WATCHERS) return DENIAL_WINDOW_SECONDS;
  int is_denied = b->end_denied_by_validators || b->end_denied_by_governor;
  return END_WINDOW_SECONDS + (is_denied ? DENIAL_WINDOW_SECONDS : 0);
}

static u64 stand_end(Context *c) {
  CHECK_SHAPE(c, STAND_END_SHAPE);
  Bridge *b = find_bridge(c, &c->a[STAND_END_BRIDGE]);
  const Path *p = find_path(c, &c->a[STAND_END_PATH]);
  NEED(b && p, E_ACCOUNT);
  TRY(check_waits(b));
  Moment now, began = {b->end_at, b->end_in};
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  NEED(is_over(b, &began, &now, window_of(b)), E_WITHIN_WINDOW);
  Block tip;
  read_tip(b, &tip);
  NEED(leads(p, &tip, b->end_number, &b->end_hash), E_NOT_ABOVE_TIP);
  return stand(b);
}

// Ends the history at the tip, which END contains: the block after it, in END as well, is not one of this queue.
APART u64 secede(Bridge *b, const Block *last, const Path *path) {
  NEED(!check_end(b, last, path), E_NO_MISMATCH);
  b->end_number = b->number;
  b->end_hash = b->sync_hash;
  return 0;
}

static u64 show_mismatch(Context *c) {
  CHECK_SHAPE(c, SHOW_MISMATCH_SHAPE);
  Bridge *b = find_bridge(c, &c->a[SHOW_MISMATCH_BRIDGE]);
  const Account *queue = &c->a[SHOW_MISMATCH_QUEUE], *account = &c->a[SHOW_MISMATCH_BLOCK];
  const BlockHead *head = find_block(c, account);
  NEED(b && head, E_ACCOUNT);
  NEED(head->stage == WRITING, E_STAGE);
  Parts parts;
  Reading *r = (Reading *)(HEAP + 4096);
  TRY(read_next(b, queue, account, &parts, r));
  NEED(!is_matched(b, queue, parts.lane, &r->content), E_MATCHES);
  Follow f;
  follow(b, head, &parts, r, &f);
  if (b->has_end) return secede(b, &f.last, find_path(c, &c->a[SHOW_MISMATCH_PATH]));
  Evidence evidence = {{parts.validators, head->validators}, {parts.watchers, head->watchers}};
  TRY(check_accepted(b, &evidence, &f.last));
  Moment now;
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  return freeze_now(b, &now);
}
