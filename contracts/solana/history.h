// Blocks: an account is opened and written in pieces by whoever will, and imported by anybody. An import refuses nothing
// but what is malformed, has a wrong proof, lacks the word of both groups, or does not match the own queue. It reads no clock.
#pragma once
#include "block.h"
#include "groups.h"
#include "init.h"
#include "paths.h"
#include "queue.h"

// Only once the bridge stands: a stranger cannot take a deployer's new queue for a block, and its rent with it.
static u64 open_block(Context *c) {
  CHECK_SHAPE(c, OPEN_BLOCK_SHAPE);
  Account *a = &c->a[OPEN_BLOCK_BLOCK];
  NEED(find_bridge(c, &c->a[OPEN_BLOCK_BRIDGE]), E_ACCOUNT);
  NEED(eq32(a->owner, &c->program) && a->data_len >= sizeof(BlockHead), E_ACCOUNT);
  BlockHead *head = (BlockHead *)a->data;
  NEED(head->tag == 0, E_EXISTS);
  const OpenBlockData *d = (const OpenBlockData *)c->data;
  NEED(load16(d->later) <= MAX_LATER && d->validators <= MAX_SIGNERS && d->watchers <= MAX_SIGNERS, E_FORM);
  sol_memset_(head, 0, sizeof *head);
  head->tag = BLOCK_TAG;
  head->mark = *c->mark;
  head->stage = WRITING;
  head->writer = *c->a[OPEN_BLOCK_WRITER].key;
  head->later = load16(d->later);
  head->validators = d->validators;
  head->watchers = d->watchers;
  return 0;
}

static u64 write_block(Context *c) {
  CHECK_SHAPE(c, WRITE_BLOCK_SHAPE);
  Account *a = &c->a[WRITE_BLOCK_BLOCK];
  BlockHead *head = find_text(c, a);
  NEED(head, E_ACCOUNT);
  NEED(eq32(&head->writer, c->a[WRITE_BLOCK_WRITER].key), E_SIGNER);
  NEED(head->stage == WRITING, E_STAGE);
  const WriteBlockData *d = (const WriteBlockData *)c->data;
  u64 at = load16(d->at), n = c->data_len - sizeof(WriteBlockData);
  NEED(at + n <= a->data_len - sizeof(BlockHead), E_INPUT);
  cp((u8 *)(head + 1) + at, d + 1, n);
  return 0;
}

// A block after the tip, and the one that its fact names.
typedef struct { Word next; Block last; } Follow;

// ACC of both groups.
APART u64 check_accepted(Bridge *b, const Evidence *e, const Block *at) {
  u8 digest[32];
  block_digest(digest, b, ACCEPTED_TYPE_HASH, at->number, &at->sync_hash);
  NEED(has_signed(b, VALIDATORS_GROUP, &e->validators, digest), E_VALIDATORS);
  NEED(has_signed(b, WATCHERS_GROUP, &e->watchers, digest), E_WATCHERS);
  return 0;
}

// The standing END is this block, or contains it by a path.
APART u64 check_end(const Bridge *b, const Block *at, const Path *path) {
  if (at->number == b->end_number) {
    NEED(eq32(&at->sync_hash, &b->end_hash), E_NOT_END);
    return 0;
  }
  NEED(at->number < b->end_number, E_BEYOND_END);
  NEED(path && leads(path, at, b->end_number, &b->end_hash), E_NO_PATH);
  return 0;
}

// The verification key is the one that is part of the deployment.
APART u64 check_proof(const Context *c, const Bridge *b, const Parts *p, const Word *inputs) {
  const Account *a = &c->a[IMPORT_BLOCK_KEYS];
  const Keys *keys = find_keys(c, a);
  NEED(keys && eq32(a->key, &b->keys), E_KEYS);
  const u8 *key = p->lane == SWAP_LANE ? keys->swap : keys->account;
  u8 hash[32] __attribute__((aligned(8)));
  hash_bytes(hash, key, sizeof keys->swap);
  NEED(eq32(hash, &b->vk_hashes[p->lane - 1]), E_KEYS);
  NEED(is_proven((const Vk *)key, (const u8 *)p->text->proof, inputs, BLOCK_INPUTS), E_PROOF);
  return 0;
}

// The block is the tip; its payouts wait in its account.
APART void enter(Bridge *b, BlockHead *head, const Parts *p, const Reading *r, const Word *sync_hash) {
  b->number++;
  b->timestamp = field(&p->text->timestamp, 0, 40);
  b->root = p->text->new_root;
  cp(&b->sync_hash, sync_hash, 32);
  head->number = b->number;
  head->words_at = (u64)((const u8 *)p->words - (const u8 *)head);
  head->payouts = head->unpaid = r->content.payouts;
  cp(head->places, r->content.places, sizeof head->places);
  head->stage = head->payouts ? IMPORTED : EXECUTED;
  if (head->payouts) b->unpaid++;
}

// Reads what is written as the block after the tip.
APART u64 read_next(const Bridge *b, const Account *queue, const Account *account, Parts *parts, Reading *r) {
  TRY(find_parts((const BlockHead *)account->data, account->data_len, b->chain, parts));
  NEED(parts->lane == SWAP_LANE || parts->lane == ACCOUNT_LANE, E_LANE);
  NEED(is_queue(b, parts->lane, queue), E_ACCOUNT);
  cp(&r->content.queue_hash, hash_at(b, queue, parts->lane, b->consumed[parts->lane - 1]), 32);
  return read_block(b, parts, r);
}

// The block after the tip, then the one to which its later commitments lead. Gives the first one's sync hash.
APART void follow(const Bridge *b, const BlockHead *head, const Parts *p, const Reading *r, Follow *f) {
  keccak_words(&f->next, &b->sync_hash, &r->commitment, 1);
  f->last.sync_hash = f->next;
  for (u64 i = 0; i < head->later; i++) keccak_words(&f->last.sync_hash, &f->last.sync_hash, p->later + i, 1);
  f->last.number = b->number + 1 + head->later;
}

// The next block, by ACC, or by END once that stands.
APART u64 import_next(Context *c, Bridge *b, const Path *path) {
  Account *queue = &c->a[IMPORT_BLOCK_QUEUE], *account = &c->a[IMPORT_BLOCK_BLOCK];
  BlockHead *head = find_block(c, account);
  NEED(b && head, E_ACCOUNT);
  NEED(head->stage == WRITING, E_STAGE);
  Parts parts;
  Reading *r = (Reading *)(HEAP + 4096);
  TRY(read_next(b, queue, account, &parts, r));
  Follow f;
  follow(b, head, &parts, r, &f);
  Evidence evidence = {{parts.validators, head->validators}, {parts.watchers, head->watchers}};
  if (b->has_end) TRY(check_end(b, &f.last, path));
  else TRY(check_accepted(b, &evidence, &f.last));
  TRY(check_proof(c, b, &parts, r->inputs));
  TRY(consume(b, queue, parts.lane, &r->content));
  enter(b, head, &parts, r, &f.next);
  b->imported_from[b->number % BLOCK_PLACES] = *account->key;
  return 0;
}

static u64 import_block(Context *c) {
  CHECK_SHAPE(c, IMPORT_BLOCK_SHAPE);
  return import_next(c, find_bridge(c, &c->a[IMPORT_BLOCK_BRIDGE]), 0);
}

_Static_assert(IMPORT_BY_PATH_BLOCK == IMPORT_BLOCK_BLOCK, "import_by_path begins with the accounts of import_block");

static u64 import_by_path(Context *c) {
  CHECK_SHAPE(c, IMPORT_BY_PATH_SHAPE);
  Bridge *b = find_bridge(c, &c->a[IMPORT_BY_PATH_BRIDGE]);
  const Path *path = find_path(c, &c->a[IMPORT_BY_PATH_PATH]);
  NEED(path, E_ACCOUNT);
  return import_next(c, b, path);
}

ALWAYS Word *payout_at(const BlockHead *head, u64 i) {
  return (Word *)((u8 *)head + head->words_at) + head->places[i];
}
ALWAYS int is_paid(const BlockHead *head, u64 i) { return head->paid[i / 64] >> (i % 64) & 1; }

// Moves what is owed to the front and gives back the rent of the rest.
APART u64 shrink(Account *a, Account *writer) {
  BlockHead *head = (BlockHead *)a->data;
  Word *to = (Word *)(head + 1);
  u64 words = 0;
  for (u64 i = 0; i < head->payouts; i++) {
    const Word *from = payout_at(head, i);
    head->places[i] = is_paid(head, i) ? 0 : (u16)words;
    for (u64 j = 0; !is_paid(head, i) && j < PAYOUT_WORDS; j++) to[words++] = from[j];
  }
  head->words_at = sizeof(BlockHead);
  u64 size = sizeof(BlockHead) + words * sizeof(Word), rent = rent_minimum(size);
  u64 spare = *a->lamports > rent ? *a->lamports - rent : 0;
  *a->lamports -= spare;
  *writer->lamports += spare;
  resize(a, size);
  return 0;
}

static u64 close_block(Context *c) {
  CHECK_SHAPE(c, CLOSE_BLOCK_SHAPE);
  Account *a = &c->a[CLOSE_BLOCK_BLOCK], *writer = &c->a[CLOSE_BLOCK_WRITER];
  find_bridge(c, &c->a[CLOSE_BLOCK_BRIDGE]);
  BlockHead *head = find_block(c, a);
  NEED(head, E_ACCOUNT);
  NEED(eq32(&head->writer, writer->key), E_SIGNER);
  NEED(head->stage == WRITING || head->stage == EXECUTED, E_OWED);
  if (head->unpaid) return shrink(a, writer);
  close_account(a, writer);
  return 0;
}
