// Groth16 on BN254: takes a verification key as it is published, a proof and its public inputs below r, four of a block or five of an exit, says whether it
// is valid. Points are checked by the syscalls.
#pragma once
#include "field.h"

enum { BLOCK_INPUTS = 4, EXIT_INPUTS = 5, PROOF_SIZE = 256, G1_ADD = 0, G1_MUL = 2, PAIRING = 3 };
typedef struct { u8 alpha[64], beta[128], gamma[128], delta[128], ic[EXIT_INPUTS + 1][64]; } Vk;

// y = q - y, for a point that is not above q; 0 when it is.
ALWAYS int negate(u8 *y) {
  if (!is_below(y, FQ_ORDER)) return 0;
  u8 any = 0;
  for (int i = 0; i < 32; i++) any |= y[i];
  if (!any) return 1;
  int borrow = 0;
  for (int i = 31; i >= 0; i--) {
    int d = FQ_ORDER[i] - y[i] - borrow;
    borrow = d < 0;
    y[i] = (u8)(d + 256 * borrow);
  }
  return 1;
}

APART int is_proven(const Vk *vk, const u8 *proof, const Word *inputs, u64 n) {
  u8 pairs[768], sum[128], term[96], out[32];
  cp(sum, vk->ic[0], 64);
  for (u64 i = 0; i < n; i++) {
    cp(term, vk->ic[i + 1], 64);
    cp(term + 64, &inputs[i], 32);
    if (sol_alt_bn128_group_op(G1_MUL, term, 96, sum + 64)) return 0;
    if (sol_alt_bn128_group_op(G1_ADD, sum, 128, term)) return 0;
    cp(sum, term, 64);
  }
  // -A, B; alpha, beta; the inputs, gamma; C, delta.
  cp(pairs, proof, 192);
  if (!negate(pairs + 32)) return 0;
  cp(pairs + 192, vk->alpha, 192);
  cp(pairs + 384, sum, 64);
  cp(pairs + 448, vk->gamma, 128);
  cp(pairs + 576, proof + 192, 64);
  cp(pairs + 640, vk->delta, 128);
  if (sol_alt_bn128_group_op(PAIRING, pairs, 768, out)) return 0;
  for (int i = 0; i < 31; i++)
    if (out[i]) return 0;
  return out[31] == 1;
}
