// Making the bridge: its keys, the deployment. Only the program's upgrade authority makes it, so nobody is
// faster, and only once. The deployment's hash is computed here, from the table and the keys themselves.
#pragma once
#include "chains.h"
#include "groth16.h"

typedef struct { u64 tag; u8 swap[768], account[768], exit[832]; } Keys;
_Static_assert(sizeof(Keys) == KEYS_SIZE, "Keys");

ALWAYS Keys *find_keys(const Context *c, const Account *a) { return find_own(c, a, sizeof(Keys), KEYS_TAG); }

ALWAYS void hash_bytes(void *out, const void *data, u64 n) {
  Slice s = {data, n};
  sol_keccak256(&s, 1, out);
}

static u64 put_keys(Context *c) {
  CHECK_SHAPE(c, PUT_KEYS_SHAPE);
  Account *keys = &c->a[PUT_KEYS_KEYS];
  u8 bump;
  Slice seeds[1] = {SEED("bridge")};
  TRY(check_authority(c, &c->a[PUT_KEYS_AUTHORITY], &c->a[PUT_KEYS_PROGRAM_DATA]));
  NEED(is_derived(c, &c->a[PUT_KEYS_BRIDGE], seeds, 1, &bump), E_ACCOUNT);
  NEED(c->a[PUT_KEYS_BRIDGE].data_len == 0, E_EXISTS);
  NEED(eq32(keys->owner, &c->program) && keys->data_len == sizeof(Keys), E_KEYS);
  u64 *tag = (u64 *)keys->data;
  NEED(*tag == 0 || *tag == KEYS_TAG, E_KEYS);
  const PutKeysData *d = (const PutKeysData *)c->data;
  u64 at = load16(d->at), n = c->data_len - sizeof(PutKeysData);
  NEED(at + n <= sizeof(Keys) - 8, E_INPUT);
  *tag = KEYS_TAG;
  cp(keys->data + 8 + at, d + 1, n);
  return 0;
}

// A new account of this program, of that size and with its rent; from now on it is the queue of a lane.
APART u64 take_queue(const Context *c, const Account *a, u64 lane, u64 size) {
  NEED(eq32(a->owner, &c->program) && a->data_len == size, E_QUEUE);
  NEED(*a->lamports >= rent_minimum(size), E_QUEUE);
  QueueHead *head = (QueueHead *)a->data;
  NEED(head->tag == 0, E_QUEUE);
  head->tag = QUEUE_TAG;
  head->lane = lane;
  return 0;
}

// The table's entries, ascending; folds them into the chains' hash.
APART u64 read_table(Bridge *b, const ChainEntry *e, u64 n, const Pubkey *own, u8 *chains_hash) {
  u64 previous = 0;
  sol_memset_(chains_hash, 0, 32);
  for (u64 i = 0; i < n; i++, e++) {
    u64 k = e->chain, format = e->address_format;
    NEED(k > previous && k <= MAX_CHAINS && (format == FORMAT_EVM || format == FORMAT_BYTES32), E_TABLE);
    Word w[4];
    word_u64(&w[0], k);
    cp(&w[1], e->evm_chain_id, 32);
    word_u64(&w[2], format);
    cp(&w[3], e->bridge, 32);
    NEED(!is_zero32(&w[3]) && (format != FORMAT_EVM || !is_zero32(&w[1])), E_TABLE);
    NEED(is_evm_name(&w[3]) ? format == FORMAT_EVM && w[3].b[0] == 0 : format == FORMAT_BYTES32, E_TABLE);
    if (k == b->chain) NEED(format == FORMAT_BYTES32 && eq32(&w[3], own), E_OWN_ENTRY);
    if (k == b->primary) NEED(format == FORMAT_EVM, E_TABLE);
    previous = k;
    b->chain_mask |= 1ull << k;
    b->formats |= format << (8 * k);
    cp(&b->bridges[k], &w[3], 32);
    keccak_words(chains_hash, chains_hash, w, 4);
  }
  NEED(b->chain != b->primary && is_chain(b, b->chain) && is_chain(b, b->primary), E_OWN_ENTRY);
  return 0;
}

APART void compute_domain(Word *out, const u8 *tag, const Bridge *b) {
  u8 hash[32];
  keccak_words(hash, tag, &b->deployment_hash, 1);
  word_zero(out);
  cp(out->b + 1, hash, 31);
}

APART void compute_deployment(Bridge *b, const u8 *chains_hash) {
  Word in[8];
  in[0] = b->root;
  word_u64(&in[1], b->primary);
  word_u64(&in[2], b->token_limit);
  word_u64(&in[3], b->account_limit);
  cp(&in[4], b->vk_hashes, 96);
  cp(&in[7], chains_hash, 32);
  keccak_words(&b->deployment_hash, DEPLOYMENT_TAG_HASH, in, 8);
  compute_domain(&b->swap_domain, SWAP_LANE_TAG_HASH, b);
  compute_domain(&b->account_domain, ACCOUNT_LANE_TAG_HASH, b);
  compute_domain(&b->exit_domain, EXIT_TAG_HASH, b);
  b->sync_hash = b->queue_hashes[0] = b->queue_hashes[1] = b->deployment_hash;
}

ALWAYS int is_limit(u64 x, u64 least, u64 most) { return x > least && x <= most; }

APART u64 fill_bridge(Context *c, Bridge *b, const Keys *keys) {
  const InitData *d = (const InitData *)c->data;
  u64 tail = c->data_len - sizeof(InitData);
  b->tag = BRIDGE_TAG;
  b->chain = d->chain;
  b->primary = d->primary;
  b->token_limit = load64(d->token_limit);
  b->account_limit = load64(d->account_limit);
  NEED(is_limit(b->token_limit, 2, 1ull << 16) && is_limit(b->account_limit, 1, 1ull << 32), E_LIMITS);
  b->slots_per_day = load64(d->slots_per_day);
  NEED(is_limit(b->slots_per_day, 0, 1ull << 32), E_LIMITS);
  cp(&b->root, d->genesis_root, 32);
  NEED(is_scalar(&b->root) && !is_zero32(&b->root), E_GENESIS);
  cp(&b->governor, d->governor, 32);
  cp(&b->fee_recipient, d->fee_recipient, 32);
  NEED(is_account_name((const Word *)&b->governor), E_GOVERNOR);
  NEED(is_account_name((const Word *)&b->fee_recipient), E_GOVERNOR);
  b->swap_queue = *c->a[INIT_SWAP_QUEUE].key;
  b->account_queue = *c->a[INIT_ACCOUNT_QUEUE].key;
  b->keys = *c->a[INIT_KEYS].key;
  hash_bytes(&b->vk_hashes[0], keys->swap, sizeof keys->swap);
  hash_bytes(&b->vk_hashes[1], keys->account, sizeof keys->account);
  hash_bytes(&b->vk_hashes[2], keys->exit, sizeof keys->exit);
  NEED(b->chain <= MAX_CHAINS && b->primary <= MAX_CHAINS && tail % sizeof(ChainEntry) == 0, E_TABLE);
  u8 chains_hash[32] __attribute__((aligned(8)));
  TRY(read_table(b, (const ChainEntry *)(d + 1), tail / sizeof(ChainEntry), c->a[INIT_BRIDGE].key, chains_hash));
  compute_deployment(b, chains_hash);
  return 0;
}

// SysvarS1otHashes111111111111111111111111111: how many, then of each slot its number and its hash, the newest first.
static const Pubkey SLOT_HASHES = {{6,167,213,23,25,47,10,175,198,242,101,227,251,119,204,122,218,130,197,41,208,190,59,19,110,45,0,85,32,0,0,0}};
enum { FIRST_HASH_AT = 16 };

// The hash of the slot before this one. Code that is replaced runs for the last time in the slot that replaces it, whose
// hash is over all that it has written: it could not write the mark anywhere.
APART u64 set_mark(Bridge *b, const Account *slots) {
  NEED(eq32(slots->key, &SLOT_HASHES), E_ACCOUNT);
  NEED(load64(slots->data), E_CLOCK);
  cp(&b->mark, slots->data + FIRST_HASH_AT, 32);
  return 0;
}

static u64 init(Context *c) {
  CHECK_SHAPE(c, INIT_SHAPE);
  Account *authority = &c->a[INIT_AUTHORITY], *bridge = &c->a[INIT_BRIDGE], *sol = &c->a[INIT_SOL];
  TRY(check_authority(c, authority, &c->a[INIT_PROGRAM_DATA]));
  u8 bump[1], sol_bump[1];
  Slice seeds[2] = {SEED("bridge"), {bump, 1}}, sol_seeds[2] = {SEED("sol"), {sol_bump, 1}};
  NEED(is_derived(c, bridge, seeds, 1, bump) && is_derived(c, sol, sol_seeds, 1, sol_bump), E_ACCOUNT);
  TRY(take_queue(c, &c->a[INIT_SWAP_QUEUE], SWAP_LANE, QUEUE_BYTES(SWAP_ENTRIES, SwapEntry)));
  TRY(take_queue(c, &c->a[INIT_ACCOUNT_QUEUE], ACCOUNT_LANE, QUEUE_BYTES(ACCOUNT_ENTRIES, AccountEntry)));
  const Keys *keys = find_keys(c, &c->a[INIT_KEYS]);
  NEED(keys, E_KEYS);
  Signer signer = {seeds, 2}, sol_signer = {sol_seeds, 2};
  TRY(make_account(c, authority, bridge, sizeof(Bridge), &signer));
  TRY(make_account(c, authority, sol, 0, &sol_signer));
  Bridge *b = (Bridge *)bridge->data;
  TRY(set_mark(b, &c->a[INIT_SLOT_HASHES]));
  b->sol = *sol->key;
  return fill_bridge(c, b, keys);
}
