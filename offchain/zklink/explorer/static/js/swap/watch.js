// @ts-check
/** The life of a swap by the hash of its transaction alone: asked again whenever an event says so, or time has passed. */

import { formatAmount } from "../zklink/index.js";
import { ask, sleep } from "./api.js";

/** @typedef {{ name: string, words: string, state: "done" | "now" | "todo" | "bad" }} Line */

const WAY = ["seen", "queued", "sealed", "accepted", "imported", "executed", "arrived"];
const WORDS = {
  seen: "Mined on its chain",
  queued: "Final there, in the queue",
  sealed: "In a block: the outcome is known",
  accepted: "Proven and accepted by the primary chain",
  imported: "The paying chain has the block",
  executed: "Paid out",
  arrived: "Arrived",
};
const ENDS = {
  refunded: "Refunded on its chain",
  cancelled: "Paid back after a freeze",
  owed: "The bridge owes it: the payment to the address failed",
  due: "Due: it waits for the recipient's account of the token",
  stopped: "Its chain is frozen and no block has it",
};
const LONGEST_PAUSE = 5;

/**
 * Follows a swap until its state is final. Never ends by an error of the network.
 * @param {string} hash
 * @param {(answer: any, trouble: string) => void} show
 * @returns {Promise<any>}
 */
export async function watchSwap(hash, show) {
  const events = new EventSource(`/v1/events?topics=transfers&tx_hash=${hash}`);
  let wake = () => {};
  for (const topic of ["transfers", "reset"]) events.addEventListener(topic, () => wake());
  let last = null;
  try {
    for (;;) {
      let pause = 2;
      try {
        last = await ask(`/v1/transfers/${hash}`);
        show(last, "");
        if (last.is_final) return last;
        pause = Math.min(last.retry_after_seconds ?? 2, LONGEST_PAUSE);
      } catch (error) {
        show(last, error instanceof Error ? error.message : String(error));
      }
      await Promise.race([sleep(1000 * Math.max(pause, 1)), new Promise((resolve) => (wake = () => resolve(null)))]);
    }
  } finally {
    events.close();
  }
}

/**
 * The lines of a swap's way: what has happened, where it is, what is to come.
 * @param {any} transfer One of the answer's, or null while no chain has shown it.
 * @returns {Line[]}
 */
export function describeWay(transfer) {
  const state = transfer?.state ?? "unknown";
  /** @type {Line[]} */
  const lines = [{ name: "sent", words: "Sent", state: "done" }];
  // On Solana a payout waits for an account, and goes on by itself once that is there.
  const isDue = state === "owed" && transfer.recipient?.startsWith("solana:");
  const end = ENDS[isDue ? "due" : /** @type {keyof typeof ENDS} */ (state)];
  const at = WAY.indexOf(state);
  if (end) {
    const isBad = state === "owed" || state === "stopped";
    return [...lines, { name: state, words: end, state: isDue ? "now" : isBad ? "bad" : "done" }];
  }
  for (const [place, name] of WAY.entries()) {
    const isDone = place < at || (place === at && transfer.is_final);
    const words = WORDS[/** @type {keyof typeof WORDS} */ (name)];
    lines.push({ name, words, state: isDone ? "done" : place === Math.max(at, 0) ? "now" : "todo" });
  }
  if (at < 0) lines[1].state = "now";
  return lines;
}

/**
 * What has arrived, and for whom; empty before. A broker that paid ahead of the block has kept its fee.
 * @param {any} transfer
 * @param {Map<number, any>} tokens
 * @returns {string}
 */
export function describePaid(transfer, tokens) {
  const token = tokens.get(transfer?.token_out);
  if (transfer?.state !== "arrived" || !token || transfer.amount_out === null) return "";
  const fill = transfer.receipts.find((/** @type {any} */ receipt) => receipt.how === "fill");
  const amount = `${formatAmount(fill ? fill.amount : transfer.amount_out, token.decimals)} ${token.symbol}`;
  return `${amount} for ${transfer.recipient.split(":").pop()}${fill ? ", from a broker" : ""}`;
}
