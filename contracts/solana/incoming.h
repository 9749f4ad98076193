// What comes in at the doors: a fee in lamports, and tokens, of which what arrived is measured and credited to this
// chain's custody.
#pragma once
#include "tokens.h"

typedef struct { Token *token; const Account *sender, *source, *vault, *mint, *program; u64 l1_amount; } Incoming;
// All that is given; what of it is burnt, in `sol` and in no book; the least that the rest must be.
typedef struct { const Bridge *bridge; const Account *payer, *sol; u64 coin, burnt, price; } Fee;

// What arrived, in layer-2 units. The token must cover what is owed of it, or a newcomer would pay an older claim.
APART u64 take_tokens(const Incoming *in, u64 *amount) {
  Token *t = in->token;
  const Account *vault = in->vault, *mint = in->mint;
  NEED(eq32(vault->key, &t->vault) && eq32(mint->key, &t->mint) && eq32(in->program->key, &t->program), E_ACCOUNT);
  NEED(in->l1_amount, E_ZERO_AMOUNT);
  Transfer transfer = {t, in->source, mint, vault, in->sender, in->l1_amount, 0};
  u64 before = is_native(t) ? *vault->lamports : amount_in(vault);
  if (is_native(t)) NEED(eq32(in->source->key, in->sender->key), E_ACCOUNT);
  TRY(take_in(&transfer));
  u64 after = is_native(t) ? *vault->lamports : amount_in(vault);
  NEED(after > before, E_ZERO_AMOUNT);
  u64 received = after - before;
  NEED(received % t->scale == 0, E_CONVERTIBLE);
  *amount = received / t->scale;
  NEED(*amount >= t->minimum, E_MINIMUM);
  NEED(*amount <= t->cap && t->custody <= t->cap - *amount, E_CAP);
  t->custody += *amount;
  NEED(is_native(t) || t->custody + t->owed <= after / t->scale, E_SHORT);
  return 0;
}

// All of it, at least the price.
APART u64 take_fee(const Fee *f, u64 *fee) {
  NEED(eq32(f->sol->key, &f->bridge->sol), E_ACCOUNT);
  NEED(f->coin >= f->burnt && f->coin - f->burnt >= f->price, E_FEE);
  *fee = f->coin - f->burnt;
  NEED(*fee >> NATIVE_FEE_BITS == 0, E_FEE_LIMIT);
  return send_lamports(f->payer, f->sol, f->coin);
}
