// Tokens of SPL Token and Token-2022: which mints are taken, and moving tokens. SOL is a token whose program is the
// system program and whose vault is the account `sol` of this program.
#pragma once
#include "own.h"

// TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA, TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb
static const Pubkey SPL_TOKEN = {{6,221,246,225,215,101,161,147,217,203,225,70,206,235,121,172,28,180,133,237,95,91,55,145,58,140,245,133,126,255,0,169}};
static const Pubkey TOKEN_2022 = {{6,221,246,225,238,117,143,222,24,66,93,188,228,108,205,218,182,26,252,77,131,185,13,39,254,189,249,40,216,161,139,252}};
// ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL, So11111111111111111111111111111111111111112
static const Pubkey ASSOCIATED = {{140,151,37,143,78,36,137,241,187,61,16,41,20,142,13,131,11,90,19,153,218,255,16,132,4,142,123,216,219,233,248,89}};
static const Pubkey NATIVE_MINT = {{6,155,136,87,254,171,129,132,251,104,127,99,70,24,192,53,218,196,57,220,26,235,59,85,152,160,240,0,0,0,0,1}};

enum {
  MINT_SIZE = 82, HOLDING_SIZE = 165, MINT_DECIMALS_AT = 44, MINT_STATE_AT = 45, EXTENSIONS_AT = 166, MINT_KIND = 1,
  HOLDING_OWNER_AT = 32, HOLDING_AMOUNT_AT = 64, DELEGATE_AT = 72, HOLDING_STATE_AT = 108, CLOSE_AUTHORITY_AT = 129,
  MAX_L1_DECIMALS = 19, MAX_SCALE_DECIMALS = 18,
};

ALWAYS int is_native(const Token *t) { return is_zero32(&t->program); }

// Metadata and group pointers, metadata and groups; whatever else an issuer may have put into a mint is refused: fees,
// hooks, a permanent delegate, what is confidential, pausable or closable.
ALWAYS int is_harmless_extension(u64 type) { return type >= 18 && type <= 23; }

// A mint of one of the two programs that does nothing but what tokens do.
APART int is_plain_mint(const Account *mint, const Pubkey *program) {
  if (!eq32(mint->owner, program) || mint->data_len < MINT_SIZE || mint->data[MINT_STATE_AT] != 1) return 0;
  if (mint->data_len == MINT_SIZE) return 1;
  if (!eq32(program, &TOKEN_2022) || mint->data_len < EXTENSIONS_AT || mint->data[EXTENSIONS_AT - 1] != MINT_KIND) return 0;
  u64 at = EXTENSIONS_AT;
  while (at + 4 <= mint->data_len) {
    u64 type = load16(mint->data + at);
    if (type == 0) break;
    if (!is_harmless_extension(type)) return 0;
    at += 4 + load16(mint->data + at + 2);
  }
  return 1;
}

// A token account of this mint that can be used: initialised and not frozen.
ALWAYS int is_holding(const Account *a, const Token *t) {
  return eq32(a->owner, &t->program) && a->data_len >= HOLDING_SIZE && eq(a->data, &t->mint, 32) && a->data[HOLDING_STATE_AT] == 1;
}
ALWAYS int is_held_by(const Account *a, const Pubkey *owner) { return eq(a->data + HOLDING_OWNER_AT, owner, 32); }
ALWAYS u64 amount_in(const Account *a) { return load64(a->data + HOLDING_AMOUNT_AT); }

APART int is_associated(const Account *a, const Pubkey *owner, const Token *t) {
  Pubkey key;
  u8 bump;
  Slice seeds[3] = {{owner, 32}, {&t->program, 32}, {&t->mint, 32}};
  return !sol_try_find_program_address(seeds, 3, &ASSOCIATED, &key, &bump) && eq32(&key, a->key);
}

// Calls have at most five arguments on this machine: hence a struct.
typedef struct { const Token *token; const Account *from, *mint, *to, *authority; u64 amount; const Signer *signer; } Transfer;

APART u64 transfer_tokens(const Transfer *t) {
  u8 data[10] = {12};  // TransferChecked
  cp(data + 1, &t->amount, 8);
  data[9] = (u8)t->token->decimals;
  Meta metas[4] = {{t->from->key, 1, 0}, {t->mint->key, 0, 0}, {t->to->key, 1, 0}, {t->authority->key, 0, 1}};
  Account accounts[4];
  accounts[0] = *t->from;
  accounts[1] = *t->mint;
  accounts[2] = *t->to;
  accounts[3] = *t->authority;
  Call call = {&t->token->program, metas, 4, data, 10};
  NEED(!sol_invoke_signed_c(&call, accounts, 4, t->signer, t->signer != 0), E_CALLEE);
  return 0;
}

// Takes tokens of somebody who signs, or SOL.
APART u64 take_in(const Transfer *t) {
  return is_native(t->token) ? send_lamports(t->from, t->to, t->amount) : transfer_tokens(t);
}

// The most units that fit 64 bits as l1 units. Apart, or the compiler makes a product of 128 bits of the comparison.
APART u64 most_units(u64 scale) { return ~0ull / scale; }
