// @ts-check
/**
 * What the page asks of a Solana chain. A wallet there answers no questions, so the node passes them on; what it says is
 * checked against itself and against what was published, and the wallet shows what it signs.
 */

import { decodeBase58, describeProgramError, findBridge, findSource, findTokenPlace, readBridge, readToken } from "../zklink/index.js";
import { NodeError, sleep } from "./api.js";
import { isPublicCluster } from "./solana_wallets.js";
import { Trouble, Unsure } from "./wallets.js";

/** @typedef {{ lamports: bigint, owner: string, data: Uint8Array }} Held */

export const SOLANA_FORMAT = 2;
export const COIN_DECIMALS = 9;
const CONFIRMED = { commitment: "confirmed" };
const LANDED = ["confirmed", "finalized"];
const LOOK_MS = 700;
/** Many times what a transaction has to land in, 150 slots: before that no node is believed that it can land no more. */
const LANDING_MS = 300_000;
/** How far a cluster's clock may be from this computer's. */
const MOST_DRIFT_SECONDS = 600;
const AMOUNT_AT = 64;

/**
 * Whether a chain's bridge is a program.
 * @param {{ address_format: number } | undefined} chain
 * @returns {boolean}
 */
export function isProgram(chain) {
  return chain?.address_format === SOLANA_FORMAT;
}

/**
 * @param {number} chain
 * @param {string} method
 * @param {...unknown} params
 * @returns {Promise<any>}
 */
export async function askChain(chain, method, ...params) {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`/swap/rpc/${chain}`, { method: "POST", headers, body }).then((response) => response.json(), () => null);
  if (!answer) throw new NodeError("The node that serves this page does not answer. Is it running?");
  if (answer.error) throw new NodeError(`The chain's node says: ${answer.error.message}.`);
  return answer.result;
}

/**
 * What accounts hold at `confirmed`; null for one that is not there.
 * @param {number} chain
 * @param {string[]} addresses
 * @returns {Promise<(Held | null)[]>}
 */
export async function readAccounts(chain, addresses) {
  const { value } = await askChain(chain, "getMultipleAccounts", addresses, { ...CONFIRMED, encoding: "base64" });
  return value.map((/** @type {any} */ found) => found && { lamports: BigInt(found.lamports), owner: found.owner, data: fromBase64(found.data[0]) });
}

/**
 * The bridge and a token there, as the program has them. Raises Trouble if they are not this deployment's.
 * @param {any} chain Of the API.
 * @param {number} tokenId
 * @param {string} deploymentHash
 */
export async function readProgram(chain, tokenId, deploymentHash) {
  const { program, bridge } = chain.contracts;
  const places = [findBridge(program), findTokenPlace(program, tokenId)];
  const held = await readAccounts(chain.chain, places);
  const wrong = new Trouble(`On ${chain.name} there is no bridge of this deployment at ${bridge}. Nothing was sent. Check the node.`);
  if (places[0] !== bridge || held.some((found) => found?.owner !== program)) throw wrong;
  try {
    const [fields, token] = [readBridge(/** @type {Held} */ (held[0]).data), readToken(/** @type {Held} */ (held[1]).data)];
    const hash = [...fields.deployment_hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (`0x${hash}` !== deploymentHash || fields.chain !== BigInt(chain.chain)) throw wrong;
    return { fields, token };
  } catch (error) {
    throw error instanceof Error && error.name === "WrongAnswer" ? wrong : error;
  }
}

/**
 * The chain's own second, at `confirmed`: deadlines are counted from it. Raises Trouble if a public cluster's time, by the
 * node's word, is not this computer's.
 * @param {any} chain Of the API.
 * @returns {Promise<number>}
 */
export async function readTime({ chain, name, caip2 }) {
  const now = await askChain(chain, "getBlockTime", await askChain(chain, "getSlot", CONFIRMED));
  if (isPublicCluster(caip2) && !(Math.abs(now - Date.now() / 1000) <= MOST_DRIFT_SECONDS)) {
    throw new Trouble(`The node says another time of ${name} than your computer's: ${now} seconds since 1970. Nothing was sent. Set your clock, or use another node.`);
  }
  return now;
}

/**
 * What somebody has of a token, in its mint's units; null without an account of it.
 * @param {number} chain
 * @param {ReturnType<typeof readToken>} token
 * @param {string} owner
 * @returns {Promise<bigint | null>}
 */
export async function readBalance(chain, token, owner) {
  const [held] = await readAccounts(chain, [findSource(token, owner)]);
  if (findSource(token, owner) === owner) return held?.lamports ?? 0n;
  return held && new DataView(held.data.buffer).getBigUint64(AMOUNT_AT, true);
}

/**
 * A blockhash that transactions can name, and the last height at which they can land.
 * @param {number} chain
 * @returns {Promise<{ blockhash: string, lastHeight: number }>}
 */
export async function readBlockhash(chain) {
  const { value } = await askChain(chain, "getLatestBlockhash", { commitment: "finalized" });
  decodeBase58(value.blockhash, 32);
  return { blockhash: value.blockhash, lastHeight: value.lastValidBlockHeight };
}

/**
 * Raises Trouble if the transaction would fail now.
 * @param {number} chain
 * @param {Uint8Array} wire Signed or not.
 */
export async function tryTransaction(chain, wire) {
  const options = { ...CONFIRMED, encoding: "base64", sigVerify: false };
  const { value } = await askChain(chain, "simulateTransaction", toBase64(wire), options);
  if (value.err !== null) throw new Trouble(`The chain would refuse the transaction now: ${describeProgramError(value.err)}. Nothing was sent.`);
}

/**
 * Waits until a transaction has landed. Bytes that are given are handed in again until then: they take effect once. Never
 * ends by an error of the network, for whoever were told of one would sign another swap. Raises Unsure if by the node's word
 * it failed, or can land no more; the latter not before it is so by this computer's clock, too.
 * @param {number} chain
 * @param {string} signature
 * @param {number} lastHeight
 * @param {Uint8Array} [wire]
 * @param {(words: string) => void} [tell]
 */
export async function waitLanded(chain, signature, lastHeight, wire, tell) {
  const end = Date.now() + LANDING_MS;
  for (;;) {
    try {
      const fate = await findFate(chain, signature, lastHeight, wire);
      if (fate === "landed") return;
      if (fate === "late" && Date.now() > end) throw new Unsure(`By the node's word the transaction was not taken in time, and cannot be any more. ${lookFor(signature)}`);
      if (fate === "late") tell?.(`By the node's word it is too late for it. The page looks until ${new Date(end).toLocaleTimeString()}: a node that lies would have you sign twice.`);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
    }
    await sleep(LOOK_MS);
  }
}

/**
 * One look at it. Raises NodeError, and Unsure if it failed.
 * @param {number} chain
 * @param {string} signature
 * @param {number} lastHeight
 * @param {Uint8Array} [wire]
 * @returns {Promise<"landed" | "open" | "late">}
 */
async function findFate(chain, signature, lastHeight, wire) {
  // The height is asked for first: what has not landed then, and is not there afterwards, never lands.
  const height = await askChain(chain, "getBlockHeight", { commitment: "finalized" });
  const { value: [found] } = await askChain(chain, "getSignatureStatuses", [signature], { searchTransactionHistory: true });
  if (found?.err) throw new Unsure(`By the node's word the transaction failed, and nothing was swapped: ${describeProgramError(found.err)}. ${lookFor(signature)}`);
  if (LANDED.includes(found?.confirmationStatus)) return "landed";
  if (!found && wire) await askChain(chain, "sendTransaction", toBase64(wire), { encoding: "base64", skipPreflight: true, maxRetries: 0 });
  return !found && height > lastHeight ? "late" : "open";
}

/**
 * @param {string} signature
 * @returns {string}
 */
function lookFor(signature) {
  return `Look into your wallet's own list before you send again, and for ${signature} in an explorer of the cluster: if it has landed, you would swap twice.`;
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
