// What a program needs of Solana's machine: types, syscalls, and the accounts as the loader hands them over. Takes the
// input region, gives views into it. Never trusts an account: that is the caller's business (accounts.h).
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

typedef struct { u8 x[32]; } __attribute__((aligned(8))) Pubkey;
typedef struct {
  const Pubkey *key;
  u64 *lamports;
  u64 data_len;
  u8 *data;
  Pubkey *owner;
  u64 rent_epoch;
  u8 is_signer, is_writable, executable;
} Account;
typedef struct { const Pubkey *key; u8 is_writable, is_signer; } Meta;
typedef struct { const Pubkey *program; const Meta *metas; u64 metas_n; const u8 *data; u64 data_len; } Call;
typedef struct { const void *p; u64 n; } Slice;
typedef struct { const Slice *seeds; u64 n; } Signer;

extern u64 sol_keccak256(const Slice *, u64, void *);
extern u64 sol_secp256k1_recover(const u8 *hash, u64 recovery_id, const u8 *signature, u8 *out);
extern u64 sol_alt_bn128_group_op(u64 op, const u8 *in, u64 n, u8 *out);
extern u64 sol_try_find_program_address(const Slice *, u64, const Pubkey *, Pubkey *, u8 *);
extern u64 sol_invoke_signed_c(const Call *, const Account *, u64, const Signer *, u64);
extern void sol_memcpy_(void *, const void *, u64);
extern void sol_memset_(void *, u8, u64);
extern void sol_memcmp_(const void *, const void *, u64, int *);
extern u64 sol_get_clock_sysvar(void *);
extern u64 sol_get_rent_sysvar(void *);

#define ALWAYS static inline __attribute__((always_inline))
#define APART static __attribute__((noinline))
// Leaves the function with an error unless the condition holds.
#define NEED(condition, error) do { if (!(condition)) return (error); } while (0)
// Leaves it with the error that a call gave.
#define TRY(call) do { u64 failed_ = (call); if (failed_) return failed_; } while (0)
#define SEED(text) {text, sizeof(text) - 1}

ALWAYS void cp(void *to, const void *from, u64 n) { sol_memcpy_(to, from, n); }

ALWAYS int eq(const void *a, const void *b, u64 n) {
  int r;
  sol_memcmp_(a, b, n, &r);
  return r == 0;
}

// Both 8-aligned.
ALWAYS int eq32(const void *a, const void *b) {
  const u64 *x = a, *y = b;
  return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3])) == 0;
}

ALWAYS int is_zero32(const void *a) {
  const u64 *x = a;
  return (x[0] | x[1] | x[2] | x[3]) == 0;
}

// Little-endian, at any address.
ALWAYS u64 load16(const u8 *p) { return p[0] | (u64)p[1] << 8; }
ALWAYS u64 load32(const u8 *p) { return load16(p) | load16(p + 2) << 16; }
ALWAYS u64 load64(const u8 *p) {
  u64 x;
  cp(&x, p, 8);
  return x;
}

// 32 KiB, all zero. Account views stand here, because a stack frame has 4 KiB. Of the bridge that the call has shown: its
// mark, 0 before, and the bump of its address.
static u8 *const HEAP = (u8 *)0x300000000ull;
enum { MAX_ACCOUNTS = 32, MAX_GROWTH = 10240, DUPLICATE_NONE = 0xff };

typedef struct {
  Account a[MAX_ACCOUNTS];
  u64 n;
  const u8 *data;
  u64 data_len;
  Pubkey program;
  const Pubkey *mark;
  u64 bump;
} Context;

// Reads the loader's input; 0 when there are too many accounts.
ALWAYS int parse(u8 *p, Context *c) {
  u64 n = *(u64 *)p;
  p += 8;
  c->n = n;
  if (n > MAX_ACCOUNTS) return 0;
  for (u64 i = 0; i < n; i++) {
    u8 d = *p;
    if (d != DUPLICATE_NONE) {
      if (d >= i) return 0;
      c->a[i] = c->a[d];
      p += 8;
      continue;
    }
    Account *a = &c->a[i];
    a->is_signer = p[1];
    a->is_writable = p[2];
    a->executable = p[3];
    a->key = (Pubkey *)(p + 8);
    a->owner = (Pubkey *)(p + 40);
    a->lamports = (u64 *)(p + 72);
    a->data_len = *(u64 *)(p + 80);
    a->data = p + 88;
    p += 88 + a->data_len + MAX_GROWTH;
    p = (u8 *)(((u64)p + 7) & ~7ull);
    a->rent_epoch = *(u64 *)p;
    p += 8;
  }
  c->data_len = *(u64 *)p;
  c->data = p + 8;
  cp(&c->program, p + 8 + c->data_len, 32);  // a copy is 8-aligned
  return 1;
}
