// Whose word counts: the groups' members, and whether enough of one have signed a fact (EIP-712, secp256k1). The digests
// are those of contracts/modules/fact_digests.vy, the signatures those that every chain takes.
#pragma once
#include "own.h"

enum { SIGNATURE_BYTES = 65, SIGNER_BYTES = 20 };

ALWAYS int compare(const u8 *a, const u8 *b, int n) {
  for (int i = 0; i < n; i++)
    if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

ALWAYS u8 (*members_of(Bridge *b, u64 group))[20] { return group == VALIDATORS_GROUP ? b->validators : b->watchers; }

// Which of a group's members this is; MAX_SIGNERS for nobody.
APART u64 find_member(Bridge *b, u64 group, const u8 *signer) {
  u8 (*members)[20] = members_of(b, group);
  for (u64 i = 0; i < b->group_counts[group - 1]; i++)
    if (eq(members[i], signer, SIGNER_BYTES)) return i;
  return MAX_SIGNERS;
}

ALWAYS int is_member(Bridge *b, u64 group, const u8 *signer) { return find_member(b, group, signer) < MAX_SIGNERS; }

typedef struct { const u8 *type; const Word *fields; u64 n; } Fact;

APART void fact_digest(u8 *out, const Bridge *b, const Fact *f) {
  u8 parts[66] = {0x19, 1};
  Slice domain[2] = {{SYNC_DOMAIN, sizeof SYNC_DOMAIN}, {&b->deployment_hash, 32}};
  sol_keccak256(domain, 2, parts + 2);
  keccak_words(parts + 34, f->type, f->fields, f->n);
  Slice all = {parts, sizeof parts};
  sol_keccak256(&all, 1, out);
}

// Accepted(number, syncHash), Seal(number, syncHash).
APART void block_digest(u8 *out, const Bridge *b, const u8 *type, u64 number, const void *sync_hash) {
  Word fields[2];
  word_u64(&fields[0], number);
  cp(&fields[1], sync_hash, 32);
  Fact fact = {type, fields, 2};
  fact_digest(out, b, &fact);
}

// End(member, number, syncHash, round) and EndDenial(..), in the present round.
APART void end_digest(u8 *out, const Bridge *b, const u8 *type, u64 number, const void *sync_hash) {
  Word fields[4];
  word_u64(&fields[0], b->chain);
  word_u64(&fields[1], number);
  cp(&fields[2], sync_hash, 32);
  word_u64(&fields[3], b->end_round);
  Fact fact = {type, fields, 4};
  fact_digest(out, b, &fact);
}

typedef struct { const u8 *at; u64 count; } Signatures;
typedef struct { Signatures validators, watchers; } Evidence;

// Signatures r || s || v by strictly ascending members of the group, at least as many as its threshold.
APART int has_signed(Bridge *b, u64 group, const Signatures *s, const u8 *digest) {
  u64 threshold = b->group_thresholds[group - 1];
  u8 previous[20] = {0}, key[64], hash[32], signature[64];
  if (threshold == 0 || s->count < threshold) return 0;
  const u8 *at = s->at;
  for (u64 i = 0; i < s->count; i++, at += SIGNATURE_BYTES) {
    u8 v = at[64];
    if (compare(at + 32, HALF_ORDER, 32) > 0 || (v != 27 && v != 28)) return 0;
    cp(signature, at, 64);
    if (sol_secp256k1_recover(digest, v - 27, signature, key)) return 0;
    Slice of = {key, 64};
    sol_keccak256(&of, 1, hash);
    if (compare(hash + 12, previous, SIGNER_BYTES) <= 0 || !is_member(b, group, hash + 12)) return 0;
    cp(previous, hash + 12, SIGNER_BYTES);
  }
  return 1;
}
