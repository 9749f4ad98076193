// @ts-check
/**
 * What the page asks of a Solana chain. A wallet there answers no questions, so the node passes them on; what it says is
 * checked against itself and against what was published, and the wallet shows what it signs.
 */

import { decodeBase58, describeProgramError, findBridge, findSource, findTokenPlace, readBridge, readToken } from "../zklink/index.js";
import { NodeError, sleep } from "./api.js";
import { Trouble } from "./wallets.js";

/** @typedef {{ lamports: bigint, owner: string, data: Uint8Array }} Held */

export const SOLANA_FORMAT = 2;
export const COIN_DECIMALS = 9;
const CONFIRMED = { commitment: "confirmed" };
const LANDED = ["confirmed", "finalized"];
const LOOK_MS = 700;
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
 * The chain's own second, at `confirmed`.
 * @param {number} chain
 * @returns {Promise<number>}
 */
export async function readTime(chain) {
  return askChain(chain, "getBlockTime", await askChain(chain, "getSlot", CONFIRMED));
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
 * ends by an error of the network, for whoever were told of one would sign another swap. Raises Trouble if it failed, or can
 * land no more.
 * @param {number} chain
 * @param {string} signature
 * @param {number} lastHeight
 * @param {Uint8Array} [wire]
 */
export async function waitLanded(chain, signature, lastHeight, wire) {
  for (;;) {
    try {
      if (await hasLanded(chain, signature, lastHeight, wire)) return;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
    }
    await sleep(LOOK_MS);
  }
}

/**
 * One look at it: whether it has landed. Raises NodeError, and Trouble as `waitLanded` does.
 * @param {number} chain
 * @param {string} signature
 * @param {number} lastHeight
 * @param {Uint8Array} [wire]
 * @returns {Promise<boolean>}
 */
async function hasLanded(chain, signature, lastHeight, wire) {
  // The height is asked for first: what has not landed then, and is not there afterwards, never lands.
  const height = await askChain(chain, "getBlockHeight", { commitment: "finalized" });
  const { value: [found] } = await askChain(chain, "getSignatureStatuses", [signature], { searchTransactionHistory: true });
  if (found?.err) throw new Trouble(`The transaction failed: ${describeProgramError(found.err)}. Nothing was swapped.`);
  if (LANDED.includes(found?.confirmationStatus)) return true;
  if (!found && height > lastHeight) throw new Trouble("The transaction was not taken in time, and cannot be any more. Try again.");
  if (!found && wire) await askChain(chain, "sendTransaction", toBase64(wire), { encoding: "base64", skipPreflight: true, maxRetries: 0 });
  return false;
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
