// Arithmetic modulo r, the order of BN254's scalar field, for a machine whose only product is 64 x 64 -> 64. Takes and
// gives numbers of 32 big-endian bytes; inside they are nine limbs of 28 bits (the top one has more), in Montgomery form
// with R = 2^280 where a name says so. Columns of products are summed without carries: a column of one product is below
// 12 * 2^56, so LAZY_WORDS = 16 products and one reduction (another 12) stay below 2^64 = 256 * 2^56.
#pragma once
#include "generated.h"

enum { FR_LIMBS = 9, FR_COLUMNS = 19, LAZY_WORDS = 16, FEW_WORDS = 4, MANY_WORDS = 40 };
#define FR_MASK 0xfffffffull
#define UNROLL _Pragma("clang loop unroll(full)")
typedef struct { u64 v[FR_LIMBS]; } Fr;

static const Fr FR_MODULUS = {{FR_N}};
static const Fr FR_SQUARE = {{FR_RR}};

ALWAYS int is_below(const u8 *x, const u8 *limit) {
  for (int i = 0; i < 32; i++)
    if (x[i] != limit[i]) return x[i] < limit[i];
  return 0;
}
APART int is_scalar(const Word *x) { return is_below(x->b, FR_ORDER); }

ALWAYS void fr_load(Fr *o, const Word *x) {
  const u64 *p = (const u64 *)x;
  u64 d = __builtin_bswap64(p[0]), c = __builtin_bswap64(p[1]), b = __builtin_bswap64(p[2]), a = __builtin_bswap64(p[3]);
  o->v[0] = a & FR_MASK;
  o->v[1] = (a >> 28) & FR_MASK;
  o->v[2] = (a >> 56 | b << 8) & FR_MASK;
  o->v[3] = (b >> 20) & FR_MASK;
  o->v[4] = (b >> 48 | c << 16) & FR_MASK;
  o->v[5] = (c >> 12) & FR_MASK;
  o->v[6] = (c >> 40 | d << 24) & FR_MASK;
  o->v[7] = (d >> 4) & FR_MASK;
  o->v[8] = d >> 32;
}

APART void fr_store(Word *x, const Fr *a) {
  const u64 *v = a->v;
  u64 *p = (u64 *)x;
  p[3] = __builtin_bswap64(v[0] | v[1] << 28 | v[2] << 56);
  p[2] = __builtin_bswap64(v[2] >> 8 | v[3] << 20 | v[4] << 48);
  p[1] = __builtin_bswap64(v[4] >> 16 | v[5] << 12 | v[6] << 40);
  p[0] = __builtin_bswap64(v[6] >> 24 | v[7] << 4 | v[8] << 32);
}

// a -= r when a >= r; limbs are normalised.
APART void fr_subtract(Fr *a) {
  Fr t;
  u64 borrow = 0;
  for (int i = 0; i < FR_LIMBS; i++) {
    u64 d = a->v[i] - FR_MODULUS.v[i] - borrow;
    borrow = d >> 63;
    t.v[i] = i == FR_LIMBS - 1 ? d : d & FR_MASK;
  }
  if (!borrow) *a = t;
}

// Any number of 256 bits, which is below 6 r.
APART void fr_reduce(Fr *o, const Word *x) {
  fr_load(o, x);
  for (int i = 0; i < 5; i++) fr_subtract(o);
}

APART void fr_add(Fr *o, const Fr *a, const Fr *b) {
  u64 carry = 0;
  for (int i = 0; i < FR_LIMBS; i++) {
    u64 s = a->v[i] + b->v[i] + carry;
    carry = i == FR_LIMBS - 1 ? 0 : s >> 28;
    o->v[i] = i == FR_LIMBS - 1 ? s : s & FR_MASK;
  }
  fr_subtract(o);
}

// c += a * b, without carries.
ALWAYS void fr_accumulate(u64 *c, const Fr *a, const Fr *b) {
  UNROLL for (int k = 0; k < 17; k++) {
    u64 s = c[k];
    UNROLL for (int i = (k < 9 ? 0 : k - 8); i <= (k < 9 ? k : 8); i++) s += a->v[i] * b->v[k - i];
    c[k] = s;
  }
}

// The columns of c, times 2^-280, below r.
APART void fr_reduce_columns(Fr *o, u64 *c) {
  static const u64 N[FR_LIMBS] = {FR_N};
  UNROLL for (int i = 0; i < 10; i++) {
    u64 m = (c[i] * FR_NINV) & FR_MASK;
    UNROLL for (int j = 0; j < FR_LIMBS; j++) c[i + j] += m * N[j];
    c[i + 1] += c[i] >> 28;
  }
  u64 carry = 0;
  UNROLL for (int i = 0; i < FR_LIMBS; i++) {
    u64 s = c[i + 10] + carry;
    carry = s >> 28;
    o->v[i] = i == FR_LIMBS - 1 ? s : s & FR_MASK;
  }
  fr_subtract(o);
}

// o = a * b / R.
APART void fr_mul(Fr *o, const Fr *a, const Fr *b) {
  u64 c[FR_COLUMNS] = {0};
  fr_accumulate(c, a, b);
  fr_reduce_columns(o, c);
}

APART void fr_to_montgomery(Fr *o, const Fr *a) { fr_mul(o, a, &FR_SQUARE); }

// Horner's rule, for numbers of any size; `z` is in Montgomery form.
APART void fr_horner(Fr *o, const Word *words, u64 n, const Fr *z) {
  Fr sum = {{0}};
  for (u64 i = 0; i < n; i++) {
    Fr w;
    fr_mul(&sum, &sum, z);
    fr_load(&w, words + i);
    fr_add(&sum, &sum, &w);
  }
  *o = sum;
}

// The same for words below 2^248 in pieces: the words of a piece times stored powers are summed without reduction.
// `powers` is room for LAZY_WORDS + 1 numbers.
APART void fr_evaluate(Fr *o, const Word *words, u64 n, const Fr *z, Fr *powers) {
  u64 piece = n > MANY_WORDS ? LAZY_WORDS : FEW_WORDS;
  Fr one = {{1}};
  fr_to_montgomery(&powers[0], &one);
  for (u64 i = 1; i <= piece; i++) fr_mul(&powers[i], &powers[i - 1], z);
  Fr sum = {{0}};
  u64 at = 0, first = n % piece;
  while (at < n) {
    u64 len = at == 0 && first ? first : piece;
    u64 c[FR_COLUMNS] = {0};
    for (u64 j = 0; j < len; j++) {
      Fr w;
      fr_load(&w, words + at + j);
      fr_accumulate(c, &w, &powers[len - 1 - j]);
    }
    Fr part;
    fr_reduce_columns(&part, c);
    if (at) fr_mul(&sum, &sum, &powers[piece]);
    fr_add(&sum, &sum, &part);
    at += len;
  }
  *o = sum;
}
