// The members of both groups, as contracts/Groups.vy has them: named once, when the bridge is founded; replaced as they were
// announced, 55 days later; one of a group removed at once. Who signs for the governor may be a wallet, or a program for an
// address that it derives: it pays for nothing and is written by nothing here.
#pragma once
#include "freeze.h"
#include "groups.h"
#include "tokens.h"

typedef struct { u64 group, threshold, count; const u8 *members; } List;

_Static_assert(sizeof(AnnounceMembersData) == sizeof(FoundGroupData), "a list stands behind the same head");

ALWAYS int is_group(u64 group) { return group == VALIDATORS_GROUP || group == WATCHERS_GROUP; }

// A list and its threshold can be a group's: strictly ascending members that are not in the other group, a majority of them
// or more. The governor is none of them: it has an address of this chain, which no member's name is.
APART u64 check_list(Bridge *b, const List *l) {
  NEED(is_group(l->group), E_NO_SUCH_GROUP);
  NEED(l->threshold <= l->count, E_THRESHOLD);
  NEED(2 * l->threshold > l->count, E_NO_MAJORITY);
  u8 previous[SIGNER_BYTES] = {0};
  for (u64 i = 0; i < l->count; i++) {
    const u8 *member = l->members + SIGNER_BYTES * i;
    NEED(compare(member, previous, SIGNER_BYTES) > 0, E_MEMBER_ORDER);
    NEED(!is_member(b, 3 - l->group, member), E_MEMBER_OF_BOTH);
    cp(previous, member, SIGNER_BYTES);
  }
  return 0;
}

APART u64 read_list(const Context *c, Bridge *b, List *l) {
  const AnnounceMembersData *d = (const AnnounceMembersData *)c->data;
  u64 bytes = c->data_len - sizeof *d;
  NEED(bytes % SIGNER_BYTES == 0 && bytes <= sizeof b->coming_members, E_INPUT);
  l->group = d->group;
  l->threshold = d->threshold;
  l->count = bytes / SIGNER_BYTES;
  l->members = (const u8 *)(d + 1);
  return check_list(b, l);
}

// Gives a group new members, all at once; the list is checked.
APART void set_members(Bridge *b, const List *l) {
  u8 (*members)[SIGNER_BYTES] = members_of(b, l->group);
  sol_memset_(members, 0, sizeof b->validators);
  cp(members, l->members, SIGNER_BYTES * l->count);
  b->group_counts[l->group - 1] = l->count;
  b->group_thresholds[l->group - 1] = l->threshold;
}

APART void forget_coming(Bridge *b) {
  b->coming_group = b->coming_count = b->coming_threshold = b->announced_at = b->announced_in = 0;
  sol_memset_(b->coming_members, 0, sizeof b->coming_members);
}

static u64 found_group(Context *c) {
  CHECK_SHAPE(c, FOUND_GROUP_SHAPE);
  Bridge *b = find_bridge(c, &c->a[FOUND_GROUP_BRIDGE]);
  List list;
  TRY(check_governor(&c->a[FOUND_GROUP_GOVERNOR], b));
  TRY(read_list(c, b, &list));
  NEED(b->group_counts[list.group - 1] == 0, E_EXISTS);
  set_members(b, &list);
  return 0;
}

// An announcement that waits is replaced, and the wait begins anew.
static u64 announce_members(Context *c) {
  CHECK_SHAPE(c, ANNOUNCE_MEMBERS_SHAPE);
  Bridge *b = find_bridge(c, &c->a[ANNOUNCE_MEMBERS_BRIDGE]);
  List list;
  TRY(check_governor(&c->a[ANNOUNCE_MEMBERS_GOVERNOR], b));
  // Or the other group would be named with a member that is coming here.
  NEED(b->group_counts[0] && b->group_counts[1], E_GROUP);
  TRY(read_list(c, b, &list));
  Moment now;
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  forget_coming(b);
  b->coming_group = list.group;
  b->coming_count = list.count;
  b->coming_threshold = list.threshold;
  cp(b->coming_members, list.members, SIGNER_BYTES * list.count);
  b->announced_at = now.seconds;
  b->announced_in = now.slot;
  return 0;
}

static u64 withdraw_members(Context *c) {
  CHECK_SHAPE(c, WITHDRAW_MEMBERS_SHAPE);
  Bridge *b = find_bridge(c, &c->a[WITHDRAW_MEMBERS_BRIDGE]);
  TRY(check_governor(&c->a[WITHDRAW_MEMBERS_GOVERNOR], b));
  NEED(b->coming_group, E_NOTHING_ANNOUNCED);
  forget_coming(b);
  return 0;
}

// What the old members have signed counts no more; what it has made of an END before, stays.
static u64 replace_members(Context *c) {
  CHECK_SHAPE(c, REPLACE_MEMBERS_SHAPE);
  Bridge *b = find_bridge(c, &c->a[REPLACE_MEMBERS_BRIDGE]);
  NEED(b, E_ACCOUNT);
  NEED(b->coming_group, E_NOTHING_ANNOUNCED);
  Moment now, began = {b->announced_at, b->announced_in};
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  NEED(is_over(b, &began, &now, GROUP_DELAY_SECONDS), E_TOO_EARLY_TO_REPLACE);
  List list = {b->coming_group, b->coming_threshold, b->coming_count, b->coming_members[0]};
  set_members(b, &list);
  forget_coming(b);
  return 0;
}

// The threshold stays. A coming list stays, too: who is removed and stands on it comes back with it.
static u64 remove_member(Context *c) {
  CHECK_SHAPE(c, REMOVE_MEMBER_SHAPE);
  Bridge *b = find_bridge(c, &c->a[REMOVE_MEMBER_BRIDGE]);
  TRY(check_governor(&c->a[REMOVE_MEMBER_GOVERNOR], b));
  const RemoveMemberData *d = (const RemoveMemberData *)c->data;
  u64 group = d->group, at = is_group(group) ? find_member(b, group, d->member) : MAX_SIGNERS;
  NEED(at < MAX_SIGNERS, E_NOT_A_MEMBER);
  u64 left = b->group_counts[group - 1] - 1;
  NEED(left >= b->group_thresholds[group - 1], E_TOO_FEW_REMAIN);
  Moment now, last = {b->removed_at[group - 1], b->removed_in[group - 1]};
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  NEED(!last.seconds || is_over(b, &last, &now, GROUP_DELAY_SECONDS), E_TOO_EARLY_TO_REMOVE);
  u8 (*members)[SIGNER_BYTES] = members_of(b, group);
  for (; at < left; at++) cp(members[at], members[at + 1], SIGNER_BYTES);
  sol_memset_(members[left], 0, SIGNER_BYTES);
  b->group_counts[group - 1] = left;
  b->removed_at[group - 1] = now.seconds;
  b->removed_in[group - 1] = now.slot;
  return 0;
}
