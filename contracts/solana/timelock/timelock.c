// The governor of a bridge program, and who may upgrade it: takes an owner's proposals, and makes the calls that were
// proposed when everybody who disagrees has had time to leave, as contracts/Timelock.vy does. Final itself: a program that
// could be replaced could forget its delay. What another program refuses ends the transaction.
#include "desk.h"
#include "owner.h"
#include "proposals.h"

u64 entrypoint(u8 *input) {
  Context *c = (Context *)HEAP;
  if (!parse(input, c) || c->data_len == 0) return E_INPUT;
  switch (c->data[0]) {
    case OP_INIT: return init(c);
    case OP_PROPOSE: return propose(c);
    case OP_EXECUTE: return execute(c);
    case OP_CANCEL: return cancel(c);
    case OP_CLOSE_PROPOSAL: return close_proposal(c);
    case OP_ACT: return act(c);
    case OP_CLOSE_FOUNDING: return close_founding(c);
    case OP_SET_OWNER: return set_owner(c);
    case OP_ACCEPT_OWNERSHIP: return accept_ownership(c);
    case OP_TIGHTEN_TOKEN: return tighten_token(c);
    case OP_SET_PRICE: return set_price(c);
    case OP_SET_PRICE_BOUNDS: return set_price_bounds(c);
    case OP_SET_SETTER: return set_setter(c);
  }
  return E_INPUT;
}
