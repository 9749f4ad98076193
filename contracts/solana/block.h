// Reads a block as a member gets it: its head, the claims about the other slices, the own slice in full; gives the block
// commitment and what its proof must fit (docs/protocol.md, section 7). The order of the steps makes it sound: C is given,
// the block hash fixes z, only then do the values count, and the block commitment fixes lambda over all of them.
#pragma once
#include "field.h"
#include "slices.h"

typedef struct { Word lane, timestamp, counts, new_root, commitment, proof[8]; } BlockText;
_Static_assert(sizeof(BlockText) == 32 * BLOCK_WORDS, "the struct Block of the ABI");

// Where the parts of a block stand that is written: `words` are the own slice's.
typedef struct { const BlockText *text; const Word *hashes, *values, *words, *later; const u8 *validators, *watchers; u64 lane, words_n; } Parts;
typedef struct { Content content; Word commitment, inputs[4]; Fr powers[LAZY_WORDS + 1]; } Reading;
// What stands before the slices in the first hash: h0..h4, C, and the slices' hashes.
typedef struct { Word header[5], commitment, hashes[SLICE_COUNT]; } Preimage;
typedef struct { Word block_hash, header, values[SLICE_COUNT]; } Values;

ALWAYS u64 count_of(const Word *counts, u64 k) { return field(counts, COUNT_BITS * (int)k, COUNT_BITS); }

// Finds the parts by the counts; refuses an account with bytes too few or too many.
APART u64 find_parts(const BlockHead *head, u64 size, u64 own, Parts *p) {
  const u8 *at = (const u8 *)(head + 1), *end = (const u8 *)head + size;
  NEED(at + sizeof(BlockText) <= end, E_FORM);
  p->text = (const BlockText *)at;
  u64 claims = 0;
  for (u64 k = 0; k < SLICE_COUNT; k++) claims += k != own && count_of(&p->text->counts, k) > 0;
  p->words_n = count_of(&p->text->counts, own);
  p->hashes = (const Word *)(at + sizeof(BlockText));
  p->values = p->hashes + claims;
  p->words = p->values + claims;
  p->later = p->words + p->words_n;
  p->validators = (const u8 *)(p->later + head->later);
  p->watchers = p->validators + 65 * head->validators;
  NEED(p->watchers + 65 * head->watchers == end, E_FORM);
  p->lane = field(&p->text->lane, 0, 64);
  return 0;
}

// The form of the head. What a chain that is not in the table or slice 0 of the swap lane would have is refused.
APART u64 check_head(const Bridge *b, const Parts *p) {
  const BlockText *t = p->text;
  NEED(p->lane == SWAP_LANE || p->lane == ACCOUNT_LANE, E_LANE);
  for (int i = 0; i < 24; i++) NEED(t->lane.b[i] == 0, E_LANE);
  for (int i = 0; i < 27; i++) NEED(t->timestamp.b[i] == 0, E_FORM);
  for (int i = 0; i < 14; i++) NEED(t->counts.b[i] == 0, E_UNKNOWN_CHAIN);
  NEED(is_scalar(&t->new_root), E_ROOT);
  NEED(is_scalar(&t->commitment), E_COMMITMENT);
  NEED(field(&t->timestamp, 0, 40) >= b->timestamp, E_BEFORE);
  for (u64 k = 0; k < SLICE_COUNT; k++) {
    int is_known = is_chain(b, k) || (k == 0 && p->lane == ACCOUNT_LANE);
    NEED(is_known || count_of(&t->counts, k) == 0, E_UNKNOWN_CHAIN);
  }
  return 0;
}

APART void fill_preimage(const Bridge *b, const Parts *p, Preimage *pre) {
  const BlockText *t = p->text;
  pre->header[0] = p->lane == SWAP_LANE ? b->swap_domain : b->account_domain;
  word_zero(&pre->header[1]);
  put_field(&pre->header[1], 40, 64, b->number + 1);
  put_field(&pre->header[1], 0, 40, field(&t->timestamp, 0, 40));
  pre->header[2] = t->counts;
  pre->header[3] = b->root;
  pre->header[4] = t->new_root;
  pre->commitment = t->commitment;
  u64 claim = 0;
  for (u64 k = 0; k < SLICE_COUNT; k++) {
    if (k == b->chain) hash_slice(&pre->hashes[k], p->words, p->words_n);
    else if (count_of(&t->counts, k)) pre->hashes[k] = p->hashes[claim++];
    else cp(&pre->hashes[k], EMPTY_SLICE_HASH, 32);
  }
}

// The values at z, which is in Montgomery form: the header's, the own slice's, and the claimed ones.
APART u64 fill_values(const Bridge *b, const Parts *p, const Preimage *pre, const Fr *z, Values *values, Fr *powers) {
  Fr v;
  fr_horner(&v, pre->header, 5, z);
  fr_store(&values->header, &v);
  u64 claim = 0;
  for (u64 k = 0; k < SLICE_COUNT; k++) {
    word_zero(&values->values[k]);
    if (k == b->chain) {
      fr_evaluate(&v, p->words, p->words_n, z, powers);
      fr_store(&values->values[k], &v);
    } else if (count_of(&p->text->counts, k)) {
      NEED(is_scalar(&p->values[claim]), E_EVALUATION);
      values->values[k] = p->values[claim++];
    }
  }
  return 0;
}

// y = V_header + sum of lambda^(k+1) V_k; `lambda` is in Montgomery form.
APART void compute_y(Word *out, const Values *values, const Fr *lambda) {
  Fr y = {{0}}, v;
  for (int k = SLICE_COUNT - 1; k >= 0; k--) {
    fr_load(&v, &values->values[k]);
    fr_add(&y, &y, &v);
    fr_mul(&y, &y, lambda);
  }
  fr_load(&v, &values->header);
  fr_add(&y, &y, &v);
  fr_store(out, &y);
}

APART u64 read_block(const Bridge *b, const Parts *p, Reading *r) {
  TRY(check_head(b, p));
  SliceText own = {p->words, p->words_n, b, p->lane};
  TRY(read_slice(&own, &r->content));
  Preimage pre;
  Values values;
  fill_preimage(b, p, &pre);
  Slice s = {&pre, sizeof pre};
  sol_keccak256(&s, 1, &values.block_hash);
  Fr z, lambda, m;
  fr_reduce(&z, &values.block_hash);
  fr_to_montgomery(&m, &z);
  TRY(fill_values(b, p, &pre, &m, &values, r->powers));
  Slice t = {&values, sizeof values};
  sol_keccak256(&t, 1, &r->commitment);
  fr_reduce(&lambda, &r->commitment);
  fr_to_montgomery(&m, &lambda);
  r->inputs[0] = p->text->commitment;
  fr_store(&r->inputs[1], &z);
  fr_store(&r->inputs[2], &lambda);
  compute_y(&r->inputs[3], &values, &m);
  return 0;
}
