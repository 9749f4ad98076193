// The two queues of requests: rings of hashes and words. The hash before the oldest open request is never overwritten.
#pragma once
#include "slices.h"

ALWAYS u64 ring_of(u64 lane) { return lane == SWAP_LANE ? SWAP_ENTRIES : ACCOUNT_ENTRIES; }
ALWAYS u64 entry_size(u64 lane) { return lane == SWAP_LANE ? sizeof(SwapEntry) : sizeof(AccountEntry); }

// The account is the queue that the bridge was made with.
ALWAYS int is_queue(const Bridge *b, u64 lane, const Account *a) {
  return eq32(a->key, lane == SWAP_LANE ? &b->swap_queue : &b->account_queue);
}

ALWAYS u8 *entry_at(const Account *queue, u64 lane, u64 id) {
  return queue->data + sizeof(QueueHead) + id % ring_of(lane) * entry_size(lane);
}

// The queue's hash after `count` requests, for a count from what is consumed to the last one.
ALWAYS const void *hash_at(const Bridge *b, const Account *queue, u64 lane, u64 count) {
  return count == 0 ? (const void *)&b->deployment_hash : entry_at(queue, lane, count);
}

// Appends a request whose words stand in their place already.
APART void append(Bridge *b, const Account *queue, u64 lane, u64 fee) {
  u64 id = b->totals[lane - 1] + 1;
  u8 *entry = entry_at(queue, lane, id);
  Pubkey *hash = &b->queue_hashes[lane - 1];
  keccak_words(hash, hash, entry + 32, (entry_size(lane) - 32) / 32);
  cp(entry, hash, 32);
  b->totals[lane - 1] = id;
  b->open_fees[lane - 1] += fee;
}

// Whether the requests that a block has hashed are the next ones of the queue.
APART int is_matched(const Bridge *b, const Account *queue, u64 lane, const Content *content) {
  u64 count = b->consumed[lane - 1] + content->requests, total = b->totals[lane - 1];
  int is_part = !is_zero32(&content->part);
  if (count + (u64)is_part > total) return 0;
  if (!eq32(hash_at(b, queue, lane, count), &content->queue_hash)) return 0;
  return !is_part || eq32(hash_at(b, queue, lane, count + 1), &content->part);
}

// Notes that a block has consumed requests, whose hash it has computed itself.
APART u64 consume(Bridge *b, const Account *queue, u64 lane, const Content *content) {
  NEED(is_matched(b, queue, lane, content), E_REQUESTS);
  NEED(content->fees <= b->open_fees[lane - 1], E_OPEN_FEES);
  b->open_fees[lane - 1] -= content->fees;
  b->earned_fees += content->fees;
  b->consumed[lane - 1] += content->requests;
  return 0;
}
