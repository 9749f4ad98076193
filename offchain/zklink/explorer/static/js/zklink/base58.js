// @ts-check
/** Base58, in which Solana writes addresses, hashes and signatures. */

import { fromBytes, toBytes } from "./bytes.js";
import { ZkLinkError } from "./errors.js";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** Letters that a text may have: no signature has more, and longer ones would take their time. */
const LONGEST = 128;

/**
 * Bytes as text; each zero byte in front is a 1.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encodeBase58(bytes) {
  let text = "";
  for (let number = fromBytes(bytes); number; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return "1".repeat(countZeros(bytes)) + text;
}

/**
 * The bytes of a text. Raises NotBase58, or WrongLength where a length is asked for.
 * @param {string} text
 * @param {number} [length]
 * @returns {Uint8Array}
 */
export function decodeBase58(text, length) {
  if (typeof text !== "string" || text.length > LONGEST || [...text].some((letter) => !ALPHABET.includes(letter))) {
    throw new ZkLinkError("NotBase58", "this is no base58", {});
  }
  let number = 0n;
  for (const letter of text) number = number * 58n + BigInt(ALPHABET.indexOf(letter));
  const size = Math.ceil(number.toString(16).length / 2);
  const ones = text.length - text.replace(/^1+/, "").length;
  const bytes = new Uint8Array(ones + (number ? size : 0));
  if (number) bytes.set(toBytes(number, size), ones);
  if (length !== undefined && bytes.length !== length) {
    throw new ZkLinkError("WrongLength", `this base58 has ${bytes.length} bytes, not ${length}`, { length: bytes.length });
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {number}
 */
function countZeros(bytes) {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? bytes.length : first;
}
