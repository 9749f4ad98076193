// Words of 32 big-endian bytes and the fields in them, counted from bit 0 as in docs/protocol.md, section 4. Pure.
#pragma once
#include "machine.h"

typedef struct { u8 b[32]; } __attribute__((aligned(8))) Word;

ALWAYS void word_zero(Word *w) { sol_memset_(w, 0, 32); }

ALWAYS void word_u64(Word *w, u64 v) {
  word_zero(w);
  *(u64 *)(w->b + 24) = __builtin_bswap64(v);
}

// A field whose place is a whole number of bytes: `shift` and `bits` are multiples of 8, at most 64 bits.
ALWAYS u64 field(const Word *w, int shift, int bits) {
  u64 v = 0;
  for (int i = bits / 8 - 1; i >= 0; i--) v = v << 8 | w->b[31 - shift / 8 - i];
  return v;
}

ALWAYS void put_field(Word *w, int shift, int bits, u64 v) {
  for (int i = 0; i < bits / 8; i++, v >>= 8) w->b[31 - shift / 8 - i] = (u8)v;
}

// An amount of 112 bits: whether it fits 64, and these.
ALWAYS int is_long_amount(const Word *w, int shift) { return field(w, shift + 64, 48) != 0; }

ALWAYS void put_amount(Word *w, int shift, const u8 *big_endian) { cp(w->b + 32 - shift / 8 - 14, big_endian, 14); }

// keccak256(abi(first, rest[0..n]))
ALWAYS void keccak_words(void *out, const void *first, const void *rest, u64 n) {
  Slice s[2] = {{first, 32}, {rest, 32 * n}};
  sol_keccak256(s, 2, out);
}
