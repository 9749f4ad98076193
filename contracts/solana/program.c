// The Solana program of a deployment: one chain's side of the system, always a member. Takes requests into its queues,
// keeps their tokens, imports what the primary has accepted, and pays. Calls the system and token programs only, none of
// them twice; what another program refuses ends the transaction. Nothing is read from logs, and none is written.
#include "account.h"
#include "end.h"
#include "exodus.h"
#include "members.h"
#include "payments.h"
#include "swap.h"

u64 entrypoint(u8 *input) {
  Context *c = (Context *)HEAP;
  if (!parse(input, c) || c->data_len == 0) return E_INPUT;
  switch (c->data[0]) {
    case OP_PUT_KEYS: return put_keys(c);
    case OP_INIT: return init(c);
    case OP_FOUND_GROUP: return found_group(c);
    case OP_REGISTER_TOKEN: return register_token(c);
    case OP_SET_TOKEN: return set_token(c);
    case OP_SET_PRICE: return set_price(c);
    case OP_SWAP: return swap(c);
    case OP_OPEN_BLOCK: return open_block(c);
    case OP_WRITE_BLOCK: return write_block(c);
    case OP_IMPORT_BLOCK: return import_block(c);
    case OP_EXECUTE: return execute(c);
    case OP_PAY: return pay(c);
    case OP_FILL: return fill(c);
    case OP_CLOSE_BLOCK: return close_block(c);
    case OP_COLLECT_FEES: return collect_fees(c);
    case OP_DEPOSIT: return deposit(c);
    case OP_FULL_EXIT: return full_exit(c);
    case OP_KEY_REQUEST: return key_request(c);
    case OP_CALL_FREEZE: return call_freeze(c);
    case OP_CONFIRM_FREEZE: return confirm_freeze(c);
    case OP_OPEN_PATH: return open_path(c);
    case OP_EXTEND_PATH: return extend_path(c);
    case OP_CLOSE_PATH: return close_path(c);
    case OP_RAISE_END: return raise_end(c);
    case OP_DENY_END: return deny_end(c);
    case OP_VOID_END: return void_end(c);
    case OP_FELL_END: return fell_end(c);
    case OP_STAND_END: return stand_end(c);
    case OP_SHOW_MISMATCH: return show_mismatch(c);
    case OP_IMPORT_BY_PATH: return import_by_path(c);
    case OP_BEGIN_EXODUS: return begin_exodus(c);
    case OP_CANCEL: return cancel(c);
    case OP_EXIT: return leave(c);
    case OP_PAY_EXIT: return pay_exit(c);
    case OP_ANNOUNCE_MEMBERS: return announce_members(c);
    case OP_WITHDRAW_MEMBERS: return withdraw_members(c);
    case OP_REPLACE_MEMBERS: return replace_members(c);
    case OP_REMOVE_MEMBER: return remove_member(c);
  }
  return E_INPUT;
}
