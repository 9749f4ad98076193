// Blocks: an account is opened and written in pieces by whoever will, and imported by anybody. An import refuses nothing
// but what is malformed, has a wrong proof, lacks the word of both groups, or does not match the own queue. It reads no clock.
#pragma once
#include "block.h"
#include "init.h"
#include "queue.h"

static u64 open_block(Context *c) {
  CHECK_SHAPE(c, OPEN_BLOCK_SHAPE);
  Account *a = &c->a[OPEN_BLOCK_BLOCK];
  NEED(eq32(a->owner, &c->program) && a->data_len >= sizeof(BlockHead), E_ACCOUNT);
  // No block is as large as a queue: a stranger cannot take a deployer's new queue for one, and its rent with it.
  NEED(a->data_len < QUEUE_BYTES(ACCOUNT_ENTRIES, AccountEntry), E_ACCOUNT);
  BlockHead *head = (BlockHead *)a->data;
  NEED(head->tag == 0, E_EXISTS);
  const OpenBlockData *d = (const OpenBlockData *)c->data;
  NEED(load16(d->later) <= MAX_LATER && d->validators <= MAX_SIGNERS && d->watchers <= MAX_SIGNERS, E_FORM);
  head->tag = BLOCK_TAG;
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
  BlockHead *head = find_block(c, a);
  NEED(head, E_ACCOUNT);
  NEED(eq32(&head->writer, c->a[WRITE_BLOCK_WRITER].key), E_SIGNER);
  NEED(head->stage == WRITING, E_STAGE);
  const WriteBlockData *d = (const WriteBlockData *)c->data;
  u64 at = load16(d->at), n = c->data_len - sizeof(WriteBlockData);
  NEED(at + n <= a->data_len - sizeof(BlockHead), E_INPUT);
  cp((u8 *)(head + 1) + at, d + 1, n);
  return 0;
}

// ACC of both groups for this block, or for a later one that it leads to.
APART u64 check_accepted(Bridge *b, const BlockHead *head, const Parts *p, const Word *sync_hash, u64 number) {
  Word hash = *sync_hash;
  for (u64 i = 0; i < head->later; i++) keccak_words(&hash, &hash, p->later + i, 1);
  u8 digest[32];
  accepted_digest(digest, b, number + head->later, &hash);
  GroupWord validators = {b, VALIDATORS_GROUP, p->validators, head->validators};
  GroupWord watchers = {b, WATCHERS_GROUP, p->watchers, head->watchers};
  NEED(has_signed(&validators, digest), E_VALIDATORS);
  NEED(has_signed(&watchers, digest), E_WATCHERS);
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
  NEED(is_proven((const Vk *)key, (const u8 *)p->text->proof, inputs), E_PROOF);
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

static u64 import_block(Context *c) {
  CHECK_SHAPE(c, IMPORT_BLOCK_SHAPE);
  Bridge *b = find_bridge(c, &c->a[IMPORT_BLOCK_BRIDGE]);
  Account *queue = &c->a[IMPORT_BLOCK_QUEUE], *account = &c->a[IMPORT_BLOCK_BLOCK];
  BlockHead *head = find_block(c, account);
  NEED(b && head, E_ACCOUNT);
  NEED(head->stage == WRITING, E_STAGE);
  NEED(!b->has_end, E_FROZEN);
  Parts parts;
  TRY(find_parts(head, account->data_len, b->chain, &parts));
  NEED(parts.lane == SWAP_LANE || parts.lane == ACCOUNT_LANE, E_LANE);
  NEED(is_queue(b, parts.lane, queue), E_ACCOUNT);
  Reading *r = (Reading *)(HEAP + 4096);
  cp(&r->content.queue_hash, hash_at(b, queue, parts.lane, b->consumed[parts.lane - 1]), 32);
  TRY(read_block(b, &parts, r));
  Word sync_hash;
  keccak_words(&sync_hash, &b->sync_hash, &r->commitment, 1);
  TRY(check_accepted(b, head, &parts, &sync_hash, b->number + 1));
  TRY(check_proof(c, b, &parts, r->inputs));
  TRY(consume(b, queue, parts.lane, &r->content));
  enter(b, head, &parts, r, &sync_hash);
  return 0;
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
  NEED(rent, E_CLOCK);
  u64 spare = *a->lamports > rent ? *a->lamports - rent : 0;
  *a->lamports -= spare;
  *writer->lamports += spare;
  resize(a, size);
  return 0;
}

static u64 close_block(Context *c) {
  CHECK_SHAPE(c, CLOSE_BLOCK_SHAPE);
  Account *a = &c->a[CLOSE_BLOCK_BLOCK], *writer = &c->a[CLOSE_BLOCK_WRITER];
  BlockHead *head = find_block(c, a);
  NEED(head, E_ACCOUNT);
  NEED(eq32(&head->writer, writer->key), E_SIGNER);
  NEED(head->stage == WRITING || head->stage == EXECUTED, E_OWED);
  if (head->unpaid) return shrink(a, writer);
  close_account(a, writer);
  return 0;
}
