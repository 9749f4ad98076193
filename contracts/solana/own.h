// The accounts of the bridge's program. Whoever deployed it may have left accounts there by earlier code, with any content
// at any address. So the bridge is believed at its one address, and whatever else is believed for what it says carries the
// bridge's mark: the hash of a slot that came after all earlier code, which nobody could write before `init` knew it.
#pragma once
#include "generated.h"
#include "accounts.h"

#define QUEUE_BYTES(entries, entry) (sizeof(QueueHead) + (entries) * sizeof(entry))

enum { MARK_AT = 8 };
#define IS_MARKED(kind) _Static_assert(__builtin_offsetof(kind, mark) == MARK_AT, #kind)
IS_MARKED(Bridge);
IS_MARKED(Token);
IS_MARKED(BlockHead);
IS_MARKED(Fill);
IS_MARKED(Path);
IS_MARKED(Exit);

// From now on the call finds the accounts that carry its mark.
APART Bridge *find_bridge(Context *c, const Account *a) {
  u8 bump;
  Slice seeds[1] = {SEED("bridge")};
  Bridge *b = find_own(c, a, sizeof(Bridge), BRIDGE_TAG);
  if (!b || !is_derived(c, a, seeds, 1, &bump)) return 0;
  c->bump = bump;
  c->mark = &b->mark;
  return b;
}

ALWAYS int is_marked(const Context *c, const Account *a) { return c->mark && eq32(a->data + MARK_AT, c->mark); }

APART void *find_made(const Context *c, const Account *a, u64 size, u64 tag) {
  void *found = find_own(c, a, size, tag);
  return found && is_marked(c, a) ? found : 0;
}

ALWAYS Token *find_token(const Context *c, const Account *a) { return find_made(c, a, sizeof(Token), TOKEN_TAG); }
ALWAYS Fill *find_fill(const Context *c, const Account *a) { return find_made(c, a, sizeof(Fill), FILL_TAG); }
ALWAYS Exit *find_exit(const Context *c, const Account *a) { return find_made(c, a, sizeof(Exit), EXIT_TAG); }
ALWAYS Path *find_path(const Context *c, const Account *a) { return find_made(c, a, sizeof(Path), PATH_TAG); }

// For their writer alone, who writes nothing of them but their text: what is not marked is believed by no other call.
ALWAYS Path *find_text_of_path(const Context *c, const Account *a) { return find_own(c, a, sizeof(Path), PATH_TAG); }
ALWAYS BlockHead *find_text(const Context *c, const Account *a) {
  int is_block = eq32(a->owner, &c->program) && a->data_len >= sizeof(BlockHead) && *(u64 *)a->data == BLOCK_TAG;
  return is_block ? (BlockHead *)a->data : 0;
}

APART BlockHead *find_block(const Context *c, const Account *a) {
  BlockHead *head = find_text(c, a);
  return head && is_marked(c, a) ? head : 0;
}
