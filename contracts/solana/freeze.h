// How anybody freezes a chain whose oldest request no block answers, as contracts/modules/freeze_calls.vy does: called when
// it has waited too long, confirmed a day later if it still waits. Words and times stand in the ring. A frozen chain takes
// no requests, for good.
#pragma once
#include "queue.h"

_Static_assert(SWAP_REQUEST_2_QUEUED_AT_SHIFT == ACCOUNT_REQUEST_2_TIME_SHIFT, "the time of a request of either lane");

// Whether a window that began then is over: in seconds, and in slots, which a halted cluster does not make.
APART int is_over(const Bridge *b, const Moment *began, const Moment *now, u64 seconds) {
  return now->seconds >= began->seconds + seconds && now->slot >= began->slot + seconds / DAY * b->slots_per_day;
}

ALWAYS int is_lane(u64 lane) { return lane == SWAP_LANE || lane == ACCOUNT_LANE; }

APART u64 freeze_now(Bridge *b, const Moment *now) {
  NEED(!b->frozen_at, E_FROZEN_BEFORE);
  b->frozen_at = now->seconds;
  return 0;
}

static u64 call_freeze(Context *c) {
  CHECK_SHAPE(c, CALL_FREEZE_SHAPE);
  Bridge *b = find_bridge(c, &c->a[CALL_FREEZE_BRIDGE]);
  const Account *queue = &c->a[CALL_FREEZE_QUEUE];
  u64 lane = ((const CallFreezeData *)c->data)->lane;
  NEED(b, E_ACCOUNT);
  NEED(is_lane(lane), E_LANE);
  NEED(is_queue(b, lane, queue), E_ACCOUNT);
  NEED(!b->frozen_at, E_FROZEN_ALREADY);
  Moment now;
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  u64 consumed = b->consumed[lane - 1];
  // Nobody makes the day begin anew.
  NEED(b->freeze_requests[lane - 1] <= consumed, E_CALLED_ALREADY);
  NEED(consumed < b->totals[lane - 1], E_NO_REQUEST);
  const Word *words = (const Word *)(entry_at(queue, lane, consumed + 1) + 32);
  NEED(now.seconds > field(&words[2], SWAP_REQUEST_2_QUEUED_AT_SHIFT, 40) + EXPIRY_SECONDS, E_NOT_EXPIRED);
  b->freeze_requests[lane - 1] = consumed + 1;
  b->freeze_at[lane - 1] = now.seconds;
  b->freeze_in[lane - 1] = now.slot;
  return 0;
}

static u64 confirm_freeze(Context *c) {
  CHECK_SHAPE(c, CONFIRM_FREEZE_SHAPE);
  Bridge *b = find_bridge(c, &c->a[CONFIRM_FREEZE_BRIDGE]);
  u64 lane = ((const ConfirmFreezeData *)c->data)->lane;
  NEED(b, E_ACCOUNT);
  NEED(is_lane(lane), E_LANE);
  Moment now, began = {b->freeze_at[lane - 1], b->freeze_in[lane - 1]};
  read_clock(&now);
  NEED(now.seconds, E_CLOCK);
  NEED(b->freeze_requests[lane - 1], E_NOT_CALLED);
  NEED(b->freeze_requests[lane - 1] > b->consumed[lane - 1], E_WAS_CONSUMED);
  NEED(is_over(b, &began, &now, FREEZE_DELAY_SECONDS), E_TOO_EARLY);
  return freeze_now(b, &now);
}
