// The Solana program of a deployment: one chain's side of the system, always a member. Takes requests into its queues,
// keeps their tokens, imports what the primary has accepted, and pays. Calls the system and token programs only, none of
// them twice; what another program refuses ends the transaction. Nothing is read from logs, and none is written.
#include "account.h"
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
  }
  return E_INPUT;
}
