// The accounts of the bridge's program, each found by its own tag and size.
#pragma once
#include "generated.h"
#include "accounts.h"

#define QUEUE_BYTES(entries, entry) (sizeof(QueueHead) + (entries) * sizeof(entry))

ALWAYS Bridge *find_bridge(const Context *c, const Account *a) { return find_own(c, a, sizeof(Bridge), BRIDGE_TAG); }
ALWAYS Token *find_token(const Context *c, const Account *a) { return find_own(c, a, sizeof(Token), TOKEN_TAG); }
ALWAYS Fill *find_fill(const Context *c, const Account *a) { return find_own(c, a, sizeof(Fill), FILL_TAG); }
ALWAYS Exit *find_exit(const Context *c, const Account *a) { return find_own(c, a, sizeof(Exit), EXIT_TAG); }
ALWAYS Path *find_path(const Context *c, const Account *a) { return find_own(c, a, sizeof(Path), PATH_TAG); }
ALWAYS BlockHead *find_block(const Context *c, const Account *a) {
  int is_block = eq32(a->owner, &c->program) && a->data_len >= sizeof(BlockHead) && *(u64 *)a->data == BLOCK_TAG;
  return is_block ? (BlockHead *)a->data : 0;
}
