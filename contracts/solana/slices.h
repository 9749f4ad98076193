// The slice of this chain in a block: checks every record, gives the queue after its requests and the places of its
// payouts, as contracts/modules/swap_slices.vy and account_slices.vy do of calldata. Keeps nothing.
#pragma once
#include "chains.h"

typedef struct { const Word *words; u64 n; const Bridge *bridge; u64 lane; } SliceText;
// `part` is the queue after the next request, a full exit that was served in part; zero for none.
typedef struct { Word queue_hash, part; u64 requests, fees, payouts; u16 places[MAX_PAYOUTS]; } Content;

ALWAYS u64 kind_of(const Word *w) { return w->b[1]; }
ALWAYS int is_word(const Word *w) { return w->b[0] == 0; }

// Starts with the hash of the count, takes in pieces of 32 words while there are as many, then one each of 16, .. 1.
APART void hash_slice(Word *out, const Word *words, u64 n) {
  Word count;
  word_u64(&count, n);
  Slice start = {&count, 32};
  sol_keccak256(&start, 1, out);
  u64 at = 0, piece = PIECE_WORDS;
  while (at < n) {
    while (piece > n - at) piece >>= 1;
    keccak_words(out, out, words + at, piece);
    at += piece;
  }
}

ALWAYS int is_payout_kind(u64 lane, u64 kind) {
  return lane == SWAP_LANE ? kind == SWAP_PAID_KIND || kind == SWAP_REFUNDED_KIND
                           : kind >= WITHDRAW_PAYOUT_KIND && kind <= FORCED_EXIT_PAYOUT_KIND;
}

// Bits of a payout's words that its kind does not use: 32 of p0, and the top of p2. The payout of a full exit has a block
// number and a slot there, a paid swap what the first of two trades gave.
APART int has_unused_bits(const Word *p) {
  u64 kind = kind_of(p);
  if (!is_word(&p[1]) || field(&p[0], 112, 32)) return 1;
  int zeros = kind == SWAP_PAID_KIND ? 2 : kind == FULL_EXIT_PAYOUT_KIND ? 7 : 17;
  for (int i = 0; i < zeros; i++)
    if (p[2].b[i]) return 1;
  return 0;
}

ALWAYS void recipient_of(Word *out, const Word *p) {
  *out = p[1];
  out->b[0] = (u8)field(&p[2], PAYOUT_2_RECIPIENT_HI_SHIFT, 8);
}

APART u64 read_payout(const SliceText *s, const Word *p) {
  u64 kind = kind_of(p), source = p->b[2], own = s->bridge->chain;
  NEED(p->b[3] == own, E_RECORD);
  // A refund is paid where the request came from; of the account lane only a full exit has a source.
  if (kind == SWAP_REFUNDED_KIND) NEED(source == own, E_RECORD);
  if (kind == WITHDRAW_PAYOUT_KIND || kind == FORCED_EXIT_PAYOUT_KIND) NEED(source == 0, E_RECORD);
  NEED(!has_unused_bits(p), E_UNUSED_BITS);
  Word recipient;
  recipient_of(&recipient, p);
  NEED(is_address_of(s->bridge, own, &recipient), E_SLICE_RECIPIENT);
  NEED(!is_bridge_of(s->bridge, own, &recipient), E_SLICE_BRIDGE);
  return 0;
}

APART u64 read_swap_request(const SliceText *s, const Word *w, Content *c) {
  NEED(w->b[2] == s->bridge->chain, E_RECORD);
  for (int i = 1; i < SWAP_REQUEST_WORDS; i++) NEED(is_word(&w[i]), E_LONG_WORD);
  keccak_words(&c->queue_hash, &c->queue_hash, w, SWAP_REQUEST_WORDS);
  c->fees += field(&w[2], SWAP_REQUEST_2_NATIVE_FEE_GWEI_SHIFT, NATIVE_FEE_BITS);
  c->requests++;
  return 0;
}

// A full exit that is served in part is hashed as the request in the queue, and not counted; after it nothing but the
// same request is served. Key changes stand in the primary's slice only.
APART u64 read_account_request(const SliceText *s, const Word *r, Content *c) {
  u64 kind = kind_of(r);
  int is_part = kind == FULL_EXIT_PART_KIND;
  NEED(r->b[2] == s->bridge->chain, E_RECORD);
  NEED(is_part || kind == DEPOSIT_KIND || kind == FULL_EXIT_KIND || kind == KEY_REQUEST_KIND, E_RECORD);
  Word w[ACCOUNT_REQUEST_WORDS], next;
  cp(w, r, sizeof w);
  for (int i = 1; i < ACCOUNT_REQUEST_WORDS; i++) NEED(is_word(&w[i]), E_LONG_WORD);
  if (is_part) w[0].b[1] = FULL_EXIT_KIND;
  keccak_words(&next, &c->queue_hash, w, ACCOUNT_REQUEST_WORDS);
  NEED(is_zero32(&c->part) || eq32(&c->part, &next), E_OTHER_FULL_EXIT);
  word_zero(&c->part);
  if (is_part) {
    c->part = next;
    return 0;
  }
  c->queue_hash = next;
  c->fees += field(&w[2], ACCOUNT_REQUEST_2_NATIVE_FEE_GWEI_SHIFT, NATIVE_FEE_BITS);
  c->requests++;
  return 0;
}

// Every record whole, of this lane and this chain. `c` has the queue's hash before.
APART u64 read_slice(const SliceText *s, Content *c) {
  u64 request_words = s->lane == SWAP_LANE ? SWAP_REQUEST_WORDS : ACCOUNT_REQUEST_WORDS;
  for (u64 at = 0; at < s->n;) {
    const Word *w = s->words + at;
    NEED(is_word(w), E_LONG_WORD);
    if (is_payout_kind(s->lane, kind_of(w))) {
      NEED(at + PAYOUT_WORDS <= s->n, E_RECORD);
      NEED(c->payouts < MAX_PAYOUTS, E_PAYOUTS);
      TRY(read_payout(s, w));
      c->places[c->payouts++] = (u16)at;
      at += PAYOUT_WORDS;
      continue;
    }
    NEED(at + request_words <= s->n, E_RECORD);
    if (s->lane == SWAP_LANE) {
      NEED(kind_of(w) == SWAP_REQUEST_KIND, E_RECORD);
      TRY(read_swap_request(s, w, c));
    } else {
      TRY(read_account_request(s, w, c));
    }
    at += request_words;
  }
  return 0;
}
