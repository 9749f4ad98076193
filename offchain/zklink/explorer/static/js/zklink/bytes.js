// @ts-check
/** Numbers and bytes, read strictly: a text that is not exactly a number or hexadecimal is refused. */

import { keccak_256 } from "../../vendor/noble/hashes/sha3.js";
import { ZkLinkError } from "./errors.js";

/** @typedef {bigint | number | string} Numeric A BigInt, a safe integer, or a decimal string. */
/** @typedef {`0x${string}` | string} Hex Bytes in hexadecimal, with 0x. */

const DECIMAL = /^(0|[1-9][0-9]*)$/;
const HEX = /^0x([0-9a-fA-F]{2})*$/;

/**
 * A whole number that is not negative. Raises NotANumber.
 * @param {Numeric} value
 * @param {string} [what]
 * @returns {bigint}
 */
export function toBigInt(value, what = "value") {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && DECIMAL.test(value)) return BigInt(value);
  throw new ZkLinkError("NotANumber", `${what} must be a BigInt, a whole number or a decimal string`, { what });
}

/**
 * The bytes of a hexadecimal text. Raises NotHex, or WrongLength where a length is asked for.
 * @param {Hex} text
 * @param {number} [length]
 * @param {string} [what]
 * @returns {Uint8Array}
 */
export function fromHex(text, length, what = "bytes") {
  if (typeof text !== "string" || !HEX.test(text)) {
    throw new ZkLinkError("NotHex", `${what} must be hexadecimal, with 0x`, { what });
  }
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 + 2 * i, 4 + 2 * i), 16);
  if (length !== undefined && bytes.length !== length) {
    throw new ZkLinkError("WrongLength", `${what} has ${bytes.length} bytes, not ${length}`, { what, length: bytes.length });
  }
  return bytes;
}

/**
 * Bytes in hexadecimal, with 0x, in small letters.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toHex(bytes) {
  let text = "0x";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/**
 * A number in `length` big-endian bytes. Raises NumberTooLarge.
 * @param {bigint} value
 * @param {number} [length]
 * @returns {Uint8Array}
 */
export function toBytes(value, length = 32) {
  if (value < 0n || value >> BigInt(8 * length)) {
    throw new ZkLinkError("NumberTooLarge", `${value} does not fit into ${length} bytes`, { value });
  }
  return fromHex(`0x${value.toString(16).padStart(2 * length, "0")}`);
}

/**
 * The number that big-endian bytes say.
 * @param {Uint8Array} bytes
 * @returns {bigint}
 */
export function fromBytes(bytes) {
  return bytes.length ? BigInt(toHex(bytes)) : 0n;
}

/**
 * The number that little-endian bytes say.
 * @param {Uint8Array} bytes
 * @returns {bigint}
 */
export function fromBytesLittle(bytes) {
  return fromBytes(Uint8Array.from(bytes).reverse());
}

/**
 * Bytes one after the other.
 * @param {...Uint8Array} parts
 * @returns {Uint8Array}
 */
export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Keccak-256 of bytes or of a text in UTF-8.
 * @param {Uint8Array | string} data
 * @returns {Uint8Array}
 */
export function keccak(data) {
  return keccak_256(typeof data === "string" ? new TextEncoder().encode(data) : data);
}

/**
 * Keccak-256 of words of 32 bytes each.
 * @param {...(bigint | Uint8Array)} words
 * @returns {Uint8Array}
 */
export function keccakWords(...words) {
  return keccak(concat(...words.map((word) => (typeof word === "bigint" ? toBytes(word) : word))));
}
