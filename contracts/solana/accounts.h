// Accounts: whose they are, making and closing them, rent and time. That the program owns an account, and that its size and
// tag are those of a kind, says that some code at this address has made it. The refusals' numbers are those of the program that is built.
#pragma once
#include "machine.h"

static const Pubkey SYSTEM = {{0}};
// BPFLoaderUpgradeab1e11111111111111111111111
static const Pubkey LOADER = {{2,168,246,145,78,136,161,176,226,16,21,62,247,99,174,43,0,194,185,61,22,193,36,210,192,83,122,16,4,128,0,0}};

// How many accounts and bytes a call has, and which accounts sign and are written, a bit each.
typedef struct { u64 accounts, bytes, signs, writes, has_tail, has_more; } Shape;

APART u64 check_shape(const Context *c, const Shape *s) {
  NEED(s->has_more ? c->n >= s->accounts : c->n == s->accounts, E_INPUT);
  NEED(s->has_tail ? c->data_len >= s->bytes : c->data_len == s->bytes, E_INPUT);
  for (u64 i = 0; i < c->n; i++) {
    NEED(!(s->signs >> i & 1) || c->a[i].is_signer, E_SIGNER);
    NEED(!(s->writes >> i & 1) || c->a[i].is_writable, E_ACCOUNT);
  }
  return 0;
}

#define CHECK_SHAPE(c, shape) do { static const Shape shape_ = shape; TRY(check_shape(c, &shape_)); } while (0)

ALWAYS void *find_own(const Context *c, const Account *a, u64 size, u64 tag) {
  return eq32(a->owner, &c->program) && a->data_len == size && *(u64 *)a->data == tag ? a->data : 0;
}

// The account's address is the one that follows from the seeds, with the highest bump: an account that is missing must
// not be looked for at another bump.
APART int is_derived(const Context *c, const Account *a, const Slice *seeds, u64 n, u8 *bump) {
  Pubkey key;
  return !sol_try_find_program_address(seeds, n, &c->program, &key, bump) && eq32(&key, a->key);
}

// The caller may upgrade this program, by the loader's own account of it.
APART u64 check_authority(const Context *c, const Account *who, const Account *program_data) {
  Pubkey key;
  u8 bump;
  Slice seeds[1] = {{&c->program, 32}};
  NEED(!sol_try_find_program_address(seeds, 1, &LOADER, &key, &bump), E_AUTHORITY);
  NEED(eq32(&key, program_data->key) && eq32(program_data->owner, &LOADER), E_AUTHORITY);
  NEED(program_data->data_len >= 45 && load64(program_data->data) << 32 >> 32 == 3, E_AUTHORITY);
  NEED(program_data->data[12] == 1 && eq(program_data->data + 13, who->key, 32), E_AUTHORITY);
  return 0;
}

// What an account of that size must hold, at least 1: without lamports it would be gone. Both numbers of the rate change, so
// they are always asked: lamports a byte, times a number of 64 bits with a point (2.0, then 1.0 after SIMD-0194); rounded up.
// Where they are of a kind that is not known here it is 1, and the runtime asks for what it wants: nothing stands still.
APART u64 rent_minimum(u64 size) {
  u64 r[3] = {0};
  if (sol_get_rent_sysvar(r)) return 1;
  u64 base = (size + 128) * r[0], power = r[1] >> 52, digits = r[1] << 12 >> 12 | 1ull << 52;
  // 2^-7 .. 2^23, and what fits 64 bits below.
  if (power < 1016 || power > 1046 || r[0] >> 32 || base >> 36) return 1;
  u64 low = base * (digits & 0x3ffffff), sum = base * (digits >> 26) + (low >> 26), shift = 1049 - power;
  u64 rest = (sum & ((1ull << shift) - 1)) | (low & 0x3ffffff), need = (sum >> shift) + (rest != 0);
  return need ? need : 1;
}

// A moment: UNIX seconds, 0 when there is no clock, and the slot.
typedef struct { u64 seconds, slot; } Moment;

APART void read_clock(Moment *now) {
  u64 clock[5] = {0};
  now->seconds = sol_get_clock_sysvar(clock) || clock[4] >> 40 ? 0 : clock[4];
  now->slot = clock[0];
}

APART u64 now_seconds(void) {
  Moment now;
  read_clock(&now);
  return now.seconds;
}

// One or two accounts for the system program; `to` signs when there are seeds.
APART u64 call_system(const Account *from, const Account *to, const u8 *data, u64 len, const Signer *signer) {
  Meta metas[2] = {{from->key, 1, 1}, {to->key, 1, (u8)(signer != 0)}};
  Account accounts[2];
  accounts[0] = *from;
  accounts[1] = *to;
  Call call = {&SYSTEM, metas, 2, data, len};
  return sol_invoke_signed_c(&call, accounts, 2, signer, signer != 0);
}

APART u64 send_lamports(const Account *from, const Account *to, u64 amount) {
  if (!amount) return 0;
  u8 data[12] = {2};
  cp(data + 4, &amount, 8);
  NEED(!call_system(from, to, data, 12, 0), E_CALLEE);
  return 0;
}

// The runtime writes a new size into the view that it is given: not into a copy.
APART u64 call_alone(Account *account, const u8 *data, u64 len, const Signer *signer) {
  Meta meta = {account->key, 1, 1};
  Call call = {&SYSTEM, &meta, 1, data, len};
  return sol_invoke_signed_c(&call, account, 1, signer, 1);
}

// Makes an account of this program at a derived address, also where somebody has sent lamports before.
APART u64 make_account(const Context *c, const Account *payer, Account *to, u64 size, const Signer *signer) {
  NEED(eq32(to->owner, &SYSTEM) && to->data_len == 0, E_EXISTS);
  u64 need = rent_minimum(size);
  if (*to->lamports < need) TRY(send_lamports(payer, to, need - *to->lamports));
  u8 data[36] = {8};  // allocate
  cp(data + 4, &size, 8);
  NEED(!call_alone(to, data, 12, signer), E_CALLEE);
  sol_memset_(data, 0, 12);
  data[0] = 1;  // assign
  cp(data + 4, &c->program, 32);
  NEED(!call_alone(to, data, 36, signer), E_CALLEE);
  return 0;
}

// The runtime takes the new size from where it has put the old one.
ALWAYS void resize(Account *a, u64 size) { *(u64 *)(a->data - 8) = size; }

// Gives an account's lamports away and makes it nobody's. A next call of the same transaction finds it empty.
ALWAYS void close_account(Account *a, Account *to) {
  u64 lamports = *a->lamports;
  *a->lamports = 0;
  *to->lamports += lamports;
  sol_memset_(a->data, 0, a->data_len);
  resize(a, 0);
  sol_memset_(a->owner, 0, 32);
}
