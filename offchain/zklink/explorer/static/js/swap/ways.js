// @ts-check
/**
 * How the tokens of a swap come to the bridge: on an allowance that is there, by one signature that goes with the swap's own
 * transaction, or by an approval before it. Takes a plan; gives the call of the swap. What has been signed is tried first.
 */

import { encodeApprove, encodeSwap, encodeWithAuthorization, encodeWithPermit2, fromHex, keccak, reads, toHex } from "../zklink/index.js";
import { sleep } from "./api.js";
import { NotSigned, isPlainAccount, signAuthorization, signPermit, signPermit2 } from "./permits.js";
import { Trouble, read } from "./wallets.js";

/** @typedef {import("./wallets.js").Provider} Provider */
/** @typedef {import("./send.js").Plan} Plan */
/** @typedef {{ from: string, to: string, data: string, value: string }} Call */

const APPROVAL_SECONDS = 180;

/** Length and Keccak-256 of the entry's code, as in the client's entry_check.py; behind it stand four words. */
const ENTRY_CODE_BYTES = 7891;
const ENTRY_CODE_HASH = "0xbf3cf1de60c5c3c7a8535576ec2111ad57e02430398f986a28290fbad13c7b53";
const ENTRY_WORDS_BYTES = 128;

/**
 * Permission for exactly the amount, unless the bridge may take as much already, and the swap's call with it.
 * @param {Provider} provider
 * @param {string} account
 * @param {Plan} plan
 * @param {bigint} value
 * @param {string} amount In words.
 * @param {(words: string) => void} tell
 * @returns {Promise<{ words: string, call: Call }>}
 */
export async function chooseWay(provider, account, plan, value, amount, tell) {
  const call = (/** @type {string} */ to, /** @type {string} */ data) => ({ from: account, to, data, value: `0x${value.toString(16)}` });
  const plain = call(plan.bridge, encodeSwap(plan.order));
  if (plan.isNative) return { words: "not needed for the chain's coin", call: plain };
  const left = /** @type {bigint} */ (await read(provider, plan.token, reads.allowance(account, plan.bridge)));
  if (left >= plan.l1Amount) return { words: "there already", call: plain };
  if (plan.bySignature && (await isPlainAccount(provider, account))) {
    tell("Sign it in your wallet");
    for (const sign of [byPermit, byAuthorization, byPermit2]) {
      const signed = await sign(provider, account, plan).catch(stopIfUnsigned);
      if (signed === undefined) break;
      if (!signed) continue;
      const tried = call(signed.to, signed.data);
      if (await isTaken(provider, tried)) return { words: `of exactly ${amount}, ${signed.words}: no transaction`, call: tried };
    }
  }
  await approve(provider, account, plan, left, tell);
  return { words: `of exactly ${amount}`, call: plain };
}

/**
 * @param {Provider} provider
 * @param {string} account
 * @param {Plan} plan
 */
async function byPermit(provider, account, plan) {
  const permit = await signPermit(provider, wantedOf(account, plan), plan.bridge);
  return permit && { to: plan.bridge, data: encodeSwap(plan.order, { permit }), words: "signed" };
}

/**
 * @param {Provider} provider
 * @param {string} account
 * @param {Plan} plan
 */
async function byAuthorization(provider, account, plan) {
  const place = await findEntry(provider, plan);
  const relay = { relayerFee: 0, relayer: account };
  const signed = place && (await signAuthorization(provider, wantedOf(account, plan), place, plan.order, relay));
  if (!signed) return null;
  const data = encodeWithAuthorization("swap", plan.order, relay, account, signed, account);
  return { to: place.entry, data, words: "signed as an authorization" };
}

/**
 * @param {Provider} provider
 * @param {string} account
 * @param {Plan} plan
 */
async function byPermit2(provider, account, plan) {
  const place = await findEntry(provider, plan);
  const relay = { relayerFee: 0, relayer: account };
  const signed = place && (await signPermit2(provider, wantedOf(account, plan), place, plan.order, relay));
  if (!signed) return null;
  return { to: place.entry, data: encodeWithPermit2("swap", plan.order, relay, account, signed, account), words: "signed for Permit2" };
}

/**
 * The entry beside the bridge, if its code is an entry's and it says so itself: a false one could take what is signed.
 * @param {Provider} provider
 * @param {Plan} plan
 */
async function findEntry(provider, { entry, bridge, evmChainId }) {
  if (!entry) return null;
  const code = await provider.request({ method: "eth_getCode", params: [entry, "latest"] }).then(fromHex, () => new Uint8Array());
  const isGenuine = toHex(keccak(code.subarray(0, ENTRY_CODE_BYTES))) === ENTRY_CODE_HASH;
  if (!isGenuine || code.length !== ENTRY_CODE_BYTES + ENTRY_WORDS_BYTES) return null;
  const [behind, permit2] = await Promise.all([read(provider, entry, reads.entryBridge()), read(provider, entry, reads.entryPermit2())]).catch(() => [null, null]);
  if (String(behind).toLowerCase() !== bridge.toLowerCase()) return null;
  return { evmChainId, entry, bridge, ...(BigInt(String(permit2)) ? { permit2: String(permit2) } : {}) };
}

/**
 * @param {string} account
 * @param {Plan} plan
 */
function wantedOf(account, { token, evmChainId, l1Amount, order }) {
  return { token, owner: account, evmChainId, value: l1Amount, deadline: order.deadline };
}

/**
 * Ends the tries if the wallet does not sign; raises anything else.
 * @param {unknown} error
 * @returns {undefined}
 */
function stopIfUnsigned(error) {
  if (!(error instanceof NotSigned)) throw error;
}

/**
 * @param {Provider} provider
 * @param {Call} call
 * @returns {Promise<boolean>}
 */
async function isTaken(provider, call) {
  return provider.request({ method: "eth_call", params: [call, "latest"] }).then(() => true, () => false);
}

/**
 * @param {Provider} provider
 * @param {string} account
 * @param {Plan} plan
 * @param {bigint} left What the bridge may take now.
 * @param {(words: string) => void} tell
 */
async function approve(provider, account, plan, left, tell) {
  // Some tokens change an allowance only from zero or to zero.
  for (const amount of left ? [0n, plan.l1Amount] : [plan.l1Amount]) {
    tell("Confirm it in your wallet");
    const data = encodeApprove(plan.bridge, amount);
    const hash = await provider.request({ method: "eth_sendTransaction", params: [{ from: account, to: plan.token, data }] });
    tell("Waiting for the chain");
    await waitMined(provider, hash);
  }
}

/**
 * Polls for the receipt. Raises Trouble if it reverted, or did not come in time.
 * @param {Provider} provider
 * @param {string} hash
 */
async function waitMined(provider, hash) {
  const end = Date.now() + 1000 * APPROVAL_SECONDS;
  while (Date.now() < end) {
    const receipt = await provider.request({ method: "eth_getTransactionReceipt", params: [hash] }).catch(() => null);
    if (receipt) {
      if (BigInt(receipt.status) === 1n) return;
      throw new Trouble("The token has refused the approval. Nothing was swapped.");
    }
    await sleep(500);
  }
  throw new Trouble("The approval is not mined yet: wait until your wallet shows it, then press the button again.");
}
