// @ts-check
/** The bridge's program on Solana: what its accounts say, its prices, and the call of a swap. */

import { decodeBase58, encodeBase58 } from "./base58.js";
import { concat, fromBytes, fromBytesLittle, fromHex, toBigInt, toBytes } from "./bytes.js";
import { ZkLinkError } from "./errors.js";
import { SYSTEM_PROGRAM, deriveAddress, findHolding } from "./solana.js";
import {
  BRIDGE_FIELDS, BRIDGE_SEED, BRIDGE_TAG, FIRST_REFUSAL, REFUSALS, SIZES, SWAP_FIELDS, SWAP_NUMBER, SWAP_ROLES, TOKEN_FIELDS,
  TOKEN_SEED, TOKEN_TAG,
} from "./solana_layouts.js";

/** @import { Numeric } from "./bytes.js" */
/** @import { Call } from "./solana.js" */
/** @typedef {Uint8Array | bigint} Value Bytes of a key, or a number. */
/**
 * What a swap asks for; addresses in base58, the recipient as 32 bytes in hexadecimal, amounts as for `encodeSwap`, the fee
 * in lamports.
 * @typedef {{ tokenIn: Numeric, l1Amount: Numeric, destination: Numeric, tokenOut: Numeric, via: Numeric, minOut: Numeric, operatorFee: Numeric,
 *   fillFee: Numeric, recipient: string, refundTo: string, deadline: Numeric, fee: Numeric }} ProgramSwap
 */

const KEYS = new Set(["key", "signer"]);
const LITTLE = new Set(["u8", "u16", "u32", "u64"]);

/**
 * Where the bridge is.
 * @param {string} program
 * @returns {string}
 */
export function findBridge(program) {
  return deriveAddress([new TextEncoder().encode(BRIDGE_SEED)], program);
}

/**
 * Where the program keeps a token of the layer 2.
 * @param {string} program
 * @param {Numeric} token
 * @returns {string}
 */
export function findTokenPlace(program, token) {
  return deriveAddress([new TextEncoder().encode(TOKEN_SEED), toBytes(toBigInt(token), 8).reverse()], program);
}

/**
 * The bridge's account. Raises WrongAnswer unless it is one.
 * @param {Uint8Array} data
 * @returns {Record<string, any>} Keys as bytes, numbers as BigInt, lists where there are several.
 */
export function readBridge(data) {
  return unpack("bridge", BRIDGE_FIELDS, BRIDGE_TAG, data);
}

/**
 * A token's account. Raises WrongAnswer unless it is one of a token that is on this chain.
 * @param {Uint8Array} data
 * @returns {{ mint: string, vault: string, program: string, scale: bigint, isPaused: boolean }}
 */
export function readToken(data) {
  const { mint, vault, program, scale, is_paused: isPaused } = unpack("token", TOKEN_FIELDS, TOKEN_TAG, data);
  if (mint.every((/** @type {number} */ byte) => !byte)) throw new ZkLinkError("WrongAnswer", "the token is not on this chain", {});
  return { mint: encodeBase58(mint), vault: encodeBase58(vault), program: encodeBase58(program), scale, isPaused: isPaused !== 0n };
}

/**
 * What a door costs now and within so many seconds, in lamports.
 * @param {Record<string, any>} bridge
 * @param {number} kind A chain for swaps to it.
 * @param {number} now UNIX seconds of the chain.
 * @param {number} [seconds]
 * @returns {bigint}
 */
export function findDoorPrice(bridge, kind, now, seconds = 600) {
  const [price, next, since] = [bridge.prices[kind], bridge.next_prices[kind], bridge.prices_from[kind]];
  if (BigInt(now + seconds) < since) return price;
  return BigInt(now) >= since || next > price ? next : price;
}

/**
 * Where an owner has a token: its associated account, and itself for SOL.
 * @param {{ mint: string, program: string }} token
 * @param {string} owner
 * @returns {string}
 */
export function findSource(token, owner) {
  return token.program === SYSTEM_PROGRAM ? owner : findHolding(owner, token.mint, token.program);
}

/**
 * The call of a swap. Raises FieldMismatch for a field too many or too few, NumberTooLarge, WrongLength.
 * @param {string} program
 * @param {string} sender
 * @param {Record<string, any>} bridge
 * @param {ReturnType<typeof readToken>} token What comes in.
 * @param {ProgramSwap} swap
 * @returns {Call}
 */
export function encodeProgramSwap(program, sender, bridge, token, swap) {
  /** @type {Record<string, string>} */
  const places = {
    sender,
    bridge: findBridge(program),
    swap_queue: encodeBase58(bridge.swap_queue),
    token_in: findTokenPlace(program, swap.tokenIn),
    token_out: findTokenPlace(program, swap.tokenOut),
    token_via: toBigInt(swap.via) ? findTokenPlace(program, swap.via) : SYSTEM_PROGRAM,
    source: findSource(token, sender),
    vault: token.vault,
    mint: token.mint,
    token_program: token.program,
    sol: encodeBase58(bridge.sol),
    system_program: SYSTEM_PROGRAM,
  };
  const accounts = SWAP_ROLES.map(([name, isSigner, isWritable]) => ({ address: places[name], isSigner, isWritable }));
  const values = { ...swap, recipient: fromHex(swap.recipient, 32, "recipient"), refundTo: decodeBase58(swap.refundTo, 32) };
  const data = concat(Uint8Array.of(SWAP_NUMBER), pack(SWAP_FIELDS, values));
  return { program, accounts, data };
}

/**
 * A transaction's error in words: the program's own reason where it is one, else the cluster's name for it.
 * @param {any} error
 * @returns {string}
 */
export function describeProgramError(error) {
  const inner = error?.InstructionError?.[1];
  if (inner?.Custom !== undefined) return REFUSALS[inner.Custom - FIRST_REFUSAL] ?? `another program's error ${inner.Custom}`;
  return typeof (inner ?? error) === "string" ? (inner ?? error) : JSON.stringify(inner ?? error);
}

/**
 * @param {[string, string, number][]} fields
 * @param {Record<string, Numeric | Uint8Array>} values
 * @returns {Uint8Array}
 */
function pack(fields, values) {
  const names = fields.map(([name]) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase()));
  const odd = [...Object.keys(values).filter((name) => !names.includes(name)), ...names.filter((name) => !(name in values))];
  if (odd.length) throw new ZkLinkError("FieldMismatch", `a swap of a program: fields ${odd.join(", ")}`, { fields: odd });
  const parts = fields.map(([, kind], place) => {
    const value = values[names[place]];
    if (value instanceof Uint8Array) return value;
    const bytes = toBytes(toBigInt(value, names[place]), sizeOf(kind));
    return LITTLE.has(kind) ? bytes.reverse() : bytes;
  });
  return concat(...parts);
}

/**
 * @param {string} what
 * @param {[string, string, number][]} fields
 * @param {bigint} tag
 * @param {Uint8Array} data
 * @returns {Record<string, any>}
 */
function unpack(what, fields, tag, data) {
  const wanted = fields.reduce((total, [, kind, count]) => total + sizeOf(kind) * count, 0);
  if (data.length !== wanted || fromBytesLittle(data.subarray(0, 8)) !== tag) {
    throw new ZkLinkError("WrongAnswer", `this is no account of a ${what}`, { what });
  }
  let at = 0;
  const read = (/** @type {string} */ kind) => {
    const bytes = data.slice(at, (at += sizeOf(kind)));
    return KEYS.has(kind) ? bytes : LITTLE.has(kind) ? fromBytesLittle(bytes) : fromBytes(bytes);
  };
  /** @type {Record<string, any>} */
  const values = {};
  for (const [name, kind, count] of fields) {
    values[name] = count === 1 ? read(kind) : Array.from({ length: count }, () => read(kind));
  }
  return values;
}

/**
 * @param {string} kind
 * @returns {number}
 */
function sizeOf(kind) {
  return /** @type {Record<string, number>} */ (SIZES)[kind];
}
