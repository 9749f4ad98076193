// Paths: an account that shows that a later history contains an earlier one. A sync hash is keccak256(previous sync hash,
// block commitment), so what is written here is true of hashes alone, whoever wrote it. Its writer alone lets it go on.
#pragma once
#include "own.h"

typedef struct { u64 number; Word sync_hash; } Block;

// Whether the path begins at this block and ends at that one.
APART int leads(const Path *p, const Block *from, u64 number, const void *sync_hash) {
  int begins = p->base == from->number && eq32(&p->base_hash, &from->sync_hash);
  return begins && p->number == number && eq32(&p->sync_hash, sync_hash);
}

APART u64 go_on(Path *p, const u8 *commitments, u64 bytes) {
  u64 n = bytes / 32;
  NEED(bytes % 32 == 0 && p->number + n >= p->number, E_PATH_LENGTH);
  for (u64 i = 0; i < n; i++) keccak_words(&p->sync_hash, &p->sync_hash, commitments + 32 * i, 1);
  p->number += n;
  return 0;
}

static u64 open_path(Context *c) {
  CHECK_SHAPE(c, OPEN_PATH_SHAPE);
  Account *a = &c->a[OPEN_PATH_PATH];
  NEED(find_bridge(c, &c->a[OPEN_PATH_BRIDGE]), E_ACCOUNT);
  NEED(eq32(a->owner, &c->program) && a->data_len == sizeof(Path), E_ACCOUNT);
  Path *p = (Path *)a->data;
  NEED(p->tag == 0, E_EXISTS);
  const OpenPathData *d = (const OpenPathData *)c->data;
  p->tag = PATH_TAG;
  p->mark = *c->mark;
  p->writer = *c->a[OPEN_PATH_WRITER].key;
  p->base = p->number = load64(d->number);
  cp(&p->base_hash, d->sync_hash, 32);
  cp(&p->sync_hash, d->sync_hash, 32);
  return go_on(p, (const u8 *)(d + 1), c->data_len - sizeof(OpenPathData));
}

static u64 extend_path(Context *c) {
  CHECK_SHAPE(c, EXTEND_PATH_SHAPE);
  Path *p = find_text_of_path(c, &c->a[EXTEND_PATH_PATH]);
  NEED(p, E_ACCOUNT);
  NEED(eq32(&p->writer, c->a[EXTEND_PATH_WRITER].key), E_SIGNER);
  NEED(c->data_len > sizeof(ExtendPathData), E_PATH_LENGTH);
  return go_on(p, c->data + sizeof(ExtendPathData), c->data_len - sizeof(ExtendPathData));
}

static u64 close_path(Context *c) {
  CHECK_SHAPE(c, CLOSE_PATH_SHAPE);
  Account *a = &c->a[CLOSE_PATH_PATH], *writer = &c->a[CLOSE_PATH_WRITER];
  const Path *p = find_text_of_path(c, a);
  NEED(p, E_ACCOUNT);
  NEED(eq32(&p->writer, writer->key), E_SIGNER);
  close_account(a, writer);
  return 0;
}
