// The way out: an imported block's payouts move from custody to what is owed; each is paid by itself, by anybody; a broker
// may pay one ahead of its block, and is repaid. Books are written before tokens move. Never pays more of a token than came in here.
#pragma once
#include "history.h"
#include "tokens.h"

ALWAYS void mark_paid(BlockHead *head, u64 i) {
  head->paid[i / 64] |= 1ull << (i % 64);
  head->unpaid--;
}
ALWAYS int is_fillable(u64 kind) { return kind == SWAP_PAID_KIND || kind == WITHDRAW_PAYOUT_KIND; }

APART Token *find_paid_token(const Context *c, u64 id) {
  for (u64 i = EXECUTE_TOKEN; i < c->n; i++) {
    Token *t = find_token(c, &c->a[i]);
    if (t && t->id == id) return t;
  }
  return 0;
}

static u64 execute(Context *c) {
  CHECK_SHAPE(c, EXECUTE_SHAPE);
  Bridge *b = find_bridge(c, &c->a[EXECUTE_BRIDGE]);
  BlockHead *head = find_block(c, &c->a[EXECUTE_BLOCK]);
  NEED(b && head, E_ACCOUNT);
  NEED(head->stage == IMPORTED, E_STAGE);
  for (u64 i = 0; i < head->payouts; i++) {
    const Word *p = payout_at(head, i);
    u64 amount = field(&p[0], PAYOUT_0_AMOUNT_SHIFT, 64);
    int is_long = is_long_amount(&p[0], PAYOUT_0_AMOUNT_SHIFT);
    // A full exit may pay nothing of a token that was never registered: it holds up no other payout.
    if (!amount && !is_long) {
      mark_paid(head, i);
      continue;
    }
    Token *t = find_paid_token(c, field(&p[0], PAYOUT_0_TOKEN_SHIFT, 16));
    NEED(t, E_TOKEN_ID);
    NEED(!is_long && amount <= t->custody, E_CUSTODY);
    t->custody -= amount;
    t->owed += amount;
  }
  head->stage = EXECUTED;
  head->executed_at = now_seconds();
  b->unpaid--;
  return 0;
}

// `who` gets it: for SOL at its address, else at its associated account, or at any account of it where it signs.
APART u64 check_destination(const Account *to, const Token *t, const Pubkey *who, int may_choose, u64 error) {
  if (is_native(t)) {
    NEED(eq32(to->key, who), error);
    return 0;
  }
  NEED(is_holding(to, t) && is_held_by(to, who) && !eq32(to->key, &t->vault), error);
  NEED(may_choose || is_associated(to, who, t), error);
  return 0;
}

// Calls that pay have the accounts that this needs at the places of `pay`.
APART u64 check_token_places(const Context *c, const Token *t) {
  NEED(eq32(c->a[PAY_VAULT].key, &t->vault) && eq32(c->a[PAY_MINT].key, &t->mint), E_ACCOUNT);
  NEED(eq32(c->a[PAY_TOKEN_PROGRAM].key, &t->program), E_ACCOUNT);
  return 0;
}

// An account must not end below its rent.
ALWAYS int has_rent(const Account *to, u64 lamports) { return *to->lamports + lamports >= rent_minimum(to->data_len); }

APART u64 send_coin(const Account *sol, const Account *to, u64 lamports) {
  NEED(has_rent(to, lamports), E_PAY_RENT);
  NEED(*sol->lamports >= rent_minimum(0) + lamports, E_SHORT);
  *sol->lamports -= lamports;
  *to->lamports += lamports;
  return 0;
}

// Sends out of the vault. SOL is moved without a call.
APART u64 send(const Context *c, const Token *t, const Account *to, u64 l1_amount) {
  if (is_native(t)) return send_coin(&c->a[PAY_VAULT], to, l1_amount);
  u8 bump[1] = {(u8)c->bump};
  Slice seeds[2] = {SEED("bridge"), {bump, 1}};
  Signer signer = {seeds, 2};
  Transfer transfer = {t, &c->a[PAY_VAULT], &c->a[PAY_MINT], to, &c->a[PAY_BRIDGE], l1_amount, &signer};
  return transfer_tokens(&transfer);
}

// What a broker has earned of the fee, by its lead; the rest is the recipient's.
ALWAYS u64 earned_fee(u64 fee, u64 filled_at, u64 executed_at) {
  u64 lead = executed_at > filled_at ? executed_at - filled_at : 0;
  if (lead >= FILL_LEAD_SECONDS) return fee;
  return fee / FILL_LEAD_SECONDS * lead + fee % FILL_LEAD_SECONDS * lead / FILL_LEAD_SECONDS;
}

APART void fill_key(u8 *out, const Bridge *b, const Word *p) { keccak_words(out, &b->deployment_hash, p, PAYOUT_WORDS); }

// The fill of a payout, or 0 where nobody filled. The account is the one place where it can be.
APART u64 find_fill_of(const Context *c, const Bridge *b, const Word *p, Fill **out) {
  u8 key[32], bump;
  *out = 0;
  if (!is_fillable(kind_of(p))) return 0;
  fill_key(key, b, p);
  Slice seeds[2] = {SEED("fill"), {key, 32}};
  NEED(is_derived(c, &c->a[PAY_FILL], seeds, 2, &bump), E_ACCOUNT);
  *out = find_fill(c, &c->a[PAY_FILL]);
  return 0;
}

// What is due of a payout: `rest` is the recipient's part, all of it where nobody has filled. `repays` and `rests` say which
// parts this call pays, `waits` that the recipient's is left due.
typedef struct { const Token *token; Word *words; Fill *fill; u64 amount, rest; int repays, rests, waits; } Due;

// Whether the recipient's part can be paid to the account that the call names.
APART u64 check_place(const Context *c, const Due *d) {
  Word recipient;
  recipient_of(&recipient, d->words);
  const Account *to = &c->a[PAY_DESTINATION], *claimant = &c->a[PAY_CLAIMANT];
  int may_choose = claimant->is_signer && eq32(claimant->key, &recipient);
  TRY(check_destination(to, d->token, (const Pubkey *)&recipient, may_choose, E_PAY_TO));
  NEED(!is_native(d->token) || has_rent(to, d->rest * d->token->scale), E_PAY_RENT);
  return 0;
}

// Broker and recipient are paid in one call or in two: neither can hold the other's part up.
APART u64 read_due(const Context *c, const Bridge *b, const BlockHead *head, Due *d) {
  const Word *p = d->words;
  d->amount = d->rest = field(&p[0], PAYOUT_0_AMOUNT_SHIFT, 64);
  TRY(find_fill_of(c, b, p, &d->fill));
  const Fill *f = d->fill;
  if (f) {
    u64 fee = field(&p[2], PAYOUT_2_FILL_FEE_SHIFT, 64);
    d->rest = fee - earned_fee(fee, f->filled_at, head->executed_at);
    d->repays = eq32(c->a[PAY_REPAY_TO].key, &f->repay_to);
    NEED(!d->repays || eq32(c->a[PAY_FILL_PAYER].key, &f->payer), E_FILL_REPAY);
    if (!d->rest || f->is_rested) {
      NEED(d->repays, E_FILL_REPAY);
      return 0;
    }
  }
  u64 failed = check_place(c, d);
  if (failed && !d->repays) return failed;
  d->rests = !failed;
  d->waits = !d->rests;
  return 0;
}

// What is left of a filled payout, in its words or in its fill.
APART void note_left(BlockHead *head, u64 i, Due *d) {
  if (d->fill && !d->repays) {
    d->fill->is_rested = 1;
  } else if (d->waits) {
    put_field(&d->words[0], PAYOUT_0_AMOUNT_SHIFT, 64, d->rest);
    put_field(&d->words[2], PAYOUT_2_FILL_FEE_SHIFT, 112, 0);
  } else {
    mark_paid(head, i);
  }
}

static u64 pay(Context *c) {
  CHECK_SHAPE(c, PAY_SHAPE);
  const Bridge *b = find_bridge(c, &c->a[PAY_BRIDGE]);
  BlockHead *head = find_block(c, &c->a[PAY_BLOCK]);
  Token *t = find_token(c, &c->a[PAY_TOKEN]);
  NEED(b && head && t, E_ACCOUNT);
  NEED(head->stage == EXECUTED, E_STAGE);
  u64 i = ((const PayData *)c->data)->index;
  NEED(i < head->payouts && !is_paid(head, i), E_PAID);
  Due due = {.token = t, .words = payout_at(head, i)};
  NEED(t->id == field(&due.words[0], PAYOUT_0_TOKEN_SHIFT, 16), E_ACCOUNT);
  TRY(check_token_places(c, t));
  TRY(read_due(c, b, head, &due));
  u64 repaid = due.repays ? due.amount - due.rest : 0, rested = due.rests ? due.rest : 0;
  note_left(head, i, &due);
  t->owed -= repaid + rested;
  if (repaid) TRY(send(c, t, &c->a[PAY_REPAY_TO], repaid * t->scale));
  if (rested) TRY(send(c, t, &c->a[PAY_DESTINATION], rested * t->scale));
  if (repaid) close_account(&c->a[PAY_FILL], &c->a[PAY_FILL_PAYER]);
  return 0;
}

// A payout of kind 2 or 20 on this chain.
APART u64 check_fillable(const Bridge *b, const Word *p) {
  u64 kind = kind_of(p), source = p->b[2];
  NEED(is_word(p) && is_fillable(kind) && p->b[3] == b->chain && !has_unused_bits(p), E_FILL_FORM);
  if (kind == SWAP_PAID_KIND) NEED(is_chain(b, source) && field(p, PAYOUT_0_ID_SHIFT, 64), E_FILL_FORM);
  else NEED(source == 0, E_FILL_FORM);
  NEED(!is_long_amount(&p[0], PAYOUT_0_AMOUNT_SHIFT) && !is_long_amount(&p[2], PAYOUT_2_FILL_FEE_SHIFT), E_FILL_FEE);
  NEED(field(&p[2], PAYOUT_2_FILL_FEE_SHIFT, 64) < field(&p[0], PAYOUT_0_AMOUNT_SHIFT, 64), E_FILL_FEE);
  return 0;
}

APART u64 record_fill(Context *c, const Bridge *b, const Word *p) {
  u8 key[32], bump[1];
  Account *fill = &c->a[FILL_FILL], *broker = &c->a[FILL_BROKER];
  fill_key(key, b, p);
  Slice seeds[3] = {SEED("fill"), {key, 32}, {bump, 1}};
  NEED(is_derived(c, fill, seeds, 2, bump), E_ACCOUNT);
  Signer signer = {seeds, 3};
  TRY(make_account(c, broker, fill, sizeof(Fill), &signer));
  Fill *f = (Fill *)fill->data;
  f->tag = FILL_TAG;
  f->mark = *c->mark;
  f->filled_at = now_seconds();
  NEED(f->filled_at, E_CLOCK);
  f->payer = *broker->key;
  f->repay_to = *c->a[FILL_REPAY_TO].key;
  return 0;
}

// Where a broker can be repaid: a token account that is not the vault; for SOL an account that is neither this program's,
// as the fill itself, nor executable.
APART u64 check_repay(const Context *c, const Token *t, const Account *to) {
  if (is_native(t)) NEED(!eq32(to->owner, &c->program) && !to->executable, E_FILL_REPAY);
  else NEED(is_holding(to, t) && !eq32(to->key, &t->vault), E_FILL_REPAY);
  return 0;
}

static u64 fill(Context *c) {
  CHECK_SHAPE(c, FILL_SHAPE);
  Bridge *b = find_bridge(c, &c->a[FILL_BRIDGE]);
  Token *t = find_token(c, &c->a[FILL_TOKEN]);
  NEED(b && t, E_ACCOUNT);
  const FillData *d = (const FillData *)c->data;
  Word p[PAYOUT_WORDS], recipient;
  cp(p, d->payout, sizeof p);
  TRY(check_fillable(b, p));
  NEED(load64(d->block) > b->number, E_FILL_LATE);
  NEED(is_here(b, t) && t->id == field(&p[0], PAYOUT_0_TOKEN_SHIFT, 16), E_ACCOUNT);
  NEED(eq32(c->a[FILL_MINT].key, &t->mint) && eq32(c->a[FILL_TOKEN_PROGRAM].key, &t->program), E_ACCOUNT);
  recipient_of(&recipient, p);
  NEED(is_address_of(b, b->chain, &recipient) && !is_bridge_of(b, b->chain, &recipient), E_FILL_FORM);
  u64 amount = field(&p[0], PAYOUT_0_AMOUNT_SHIFT, 64), fee = field(&p[2], PAYOUT_2_FILL_FEE_SHIFT, 64);
  NEED(amount <= most_units(t->scale), E_FILL_FEE);
  Account *to = &c->a[FILL_DESTINATION], *source = &c->a[FILL_SOURCE], *broker = &c->a[FILL_BROKER];
  TRY(check_destination(to, t, (const Pubkey *)&recipient, 0, E_FILL_TO));
  TRY(record_fill(c, b, p));
  TRY(check_repay(c, t, &c->a[FILL_REPAY_TO]));
  u64 l1_amount = (amount - fee) * t->scale, before = is_native(t) ? *to->lamports : amount_in(to);
  if (is_native(t)) NEED(eq32(source->key, broker->key), E_ACCOUNT);
  Transfer transfer = {t, source, &c->a[FILL_MINT], to, broker, l1_amount, 0};
  TRY(take_in(&transfer));
  u64 after = is_native(t) ? *to->lamports : amount_in(to);
  NEED(after >= before && after - before >= l1_amount, E_NOT_ARRIVED);
  return 0;
}

static u64 collect_fees(Context *c) {
  CHECK_SHAPE(c, COLLECT_FEES_SHAPE);
  Bridge *b = find_bridge(c, &c->a[COLLECT_FEES_BRIDGE]);
  Account *sol = &c->a[COLLECT_FEES_SOL], *to = &c->a[COLLECT_FEES_FEE_RECIPIENT];
  NEED(b && eq32(sol->key, &b->sol) && eq32(to->key, &b->fee_recipient), E_ACCOUNT);
  u64 amount = b->earned_fees;
  NEED(has_rent(to, amount), E_PAY_RENT);
  b->earned_fees = 0;
  *sol->lamports -= amount;
  *to->lamports += amount;
  return 0;
}
