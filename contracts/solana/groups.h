// Whose word counts: the groups' members, and whether enough of one have signed a fact (EIP-712, secp256k1). The digests
// are those of contracts/modules/fact_digests.vy, the signatures those that every chain takes.
#pragma once
#include "accounts.h"

enum { SIGNATURE_BYTES = 65, SIGNER_BYTES = 20 };

ALWAYS int compare(const u8 *a, const u8 *b, int n) {
  for (int i = 0; i < n; i++)
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

ALWAYS u8 (*members_of(Bridge *b, u64 group))[20] { return group == VALIDATORS_GROUP ? b->validators : b->watchers; }

APART int is_member(Bridge *b, u64 group, const u8 *signer) {
  u8 (*members)[20] = members_of(b, group);
  for (u64 i = 0; i < b->group_counts[group - 1]; i++)
    if (eq(members[i], signer, SIGNER_BYTES)) return 1;
  return 0;
}

// Accepted(number, syncHash).
APART void accepted_digest(void *out, const Bridge *b, u64 number, const Word *sync_hash) {
  u8 parts[66] = {0x19, 1};
  Slice domain[2] = {{SYNC_DOMAIN, sizeof SYNC_DOMAIN}, {&b->deployment_hash, 32}};
  sol_keccak256(domain, 2, parts + 2);
  Word fact[2];
  word_u64(&fact[0], number);
  fact[1] = *sync_hash;
  keccak_words(parts + 34, ACCEPTED_TYPE_HASH, fact, 2);
  Slice all = {parts, sizeof parts};
  sol_keccak256(&all, 1, out);
}

typedef struct { Bridge *bridge; u64 group; const u8 *evidence; u64 count; } GroupWord;

// Signatures r || s || v by strictly ascending members of the group, at least as many as its threshold.
APART int has_signed(const GroupWord *w, const u8 *digest) {
  u64 threshold = w->bridge->group_thresholds[w->group - 1];
  u8 previous[20] = {0}, key[64], hash[32], signature[64];
  if (threshold == 0 || w->count < threshold) return 0;
  const u8 *at = w->evidence;
  for (u64 i = 0; i < w->count; i++, at += SIGNATURE_BYTES) {
    u8 v = at[64];
    if (compare(at + 32, HALF_ORDER, 32) > 0 || (v != 27 && v != 28)) return 0;
    cp(signature, at, 64);
    if (sol_secp256k1_recover(digest, v - 27, signature, key)) return 0;
    Slice s = {key, 64};
    sol_keccak256(&s, 1, hash);
    if (compare(hash + 12, previous, SIGNER_BYTES) <= 0 || !is_member(w->bridge, w->group, hash + 12)) return 0;
    cp(previous, hash + 12, SIGNER_BYTES);
  }
  return 1;
}
