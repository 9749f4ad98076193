// The chains of the deployment and the names that addresses have on them (docs/protocol.md, section 1), as
// contracts/modules/records.vy and deployment.vy have them. Pure.
#pragma once
#include "own.h"

ALWAYS int is_chain(const Bridge *b, u64 k) { return k < SLICE_COUNT && b->chain_mask >> k & 1; }
ALWAYS u64 format_of(const Bridge *b, u64 k) { return b->formats >> (8 * k) & 255; }

// The 20 bytes of an EVM account, unbound or bound to a chain.
APART int is_evm_name(const Word *a) {
  for (int i = 1; i < 12; i++)
    if (a->b[i]) return 0;
  int any = 0;
  for (int i = 12; i < 32; i++) any |= a->b[i];
  return any && a->b[0] <= MAX_CHAINS;
}

// Whether an account of Solana can have this name.
APART int is_account_name(const Word *a) { return !is_zero32(a) && !is_evm_name(a); }

// Whether chain k, which takes part, has an account of this name.
APART int is_address_of(const Bridge *b, u64 k, const Word *a) {
  if (format_of(b, k) == FORMAT_EVM) return is_evm_name(a) && (a->b[0] == 0 || a->b[0] == k);
  return is_account_name(a);
}

// Whether it names the chain's bridge, bound or not.
APART int is_bridge_of(const Bridge *b, u64 k, const Word *a) {
  return eq(a->b + 1, b->bridges[k].x + 1, 31) && (format_of(b, k) == FORMAT_EVM || a->b[0] == b->bridges[k].x[0]);
}
