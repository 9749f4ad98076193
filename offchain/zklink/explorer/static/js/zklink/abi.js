// @ts-check
/** Calls of contracts: the ABI's encoding of arguments, and the decoding of simple answers. */

import { checkAddress, checksumAddress } from "./addresses.js";
import { concat, fromBytes, fromHex, keccak, toBigInt, toBytes, toHex } from "./bytes.js";
import { ZkLinkError } from "./errors.js";

/**
 * @typedef {{ kind: "tuple", members: Type[] } | { kind: "array", of: Type, size: number | null }
 *   | { kind: "plain", name: string }} Type
 */

/**
 * The data of a call. Raises WrongArguments, and where a value does not fit its type, NumberTooLarge, NotHex and the like.
 * @param {string} signature Such as "approve(address,uint256)".
 * @param {unknown[]} values Structs are arrays of their fields.
 * @returns {string}
 */
export function encodeCall(signature, values) {
  const open = signature.indexOf("(");
  return toHex(concat(keccak(signature).slice(0, 4), encodeType(parseType(signature.slice(open)), values)));
}

/**
 * The encoding of values, without a selector.
 * @param {string} types A tuple, such as "(uint256,bytes)".
 * @param {unknown[]} values
 * @returns {Uint8Array}
 */
export function encodeValues(types, values) {
  return encodeType(parseType(types), values);
}

/**
 * The values that an answer of plain types holds: BigInt for numbers, text for addresses, bytes and strings. Raises
 * WrongAnswer.
 * @param {string[]} types
 * @param {string} data
 * @returns {(bigint | boolean | string)[]}
 */
export function decodeValues(types, data) {
  const bytes = fromHex(data, undefined, "answer");
  return types.map((type, i) => decodePlain(type, bytes, 32 * i));
}

/**
 * @param {string} type
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {bigint | boolean | string}
 */
function decodePlain(type, bytes, at) {
  const word = readWord(bytes, at);
  const number = fromBytes(word);
  if (type.startsWith("uint")) {
    if (number >> BigInt(Number(type.slice(4) || 256))) throw new ZkLinkError("WrongAnswer", `${number} is no ${type}`, {});
    return number;
  }
  if (type === "bool") {
    if (number > 1n) throw new ZkLinkError("WrongAnswer", `${number} is no bool`, {});
    return number === 1n;
  }
  if (type === "address") {
    if (number >> 160n) throw new ZkLinkError("WrongAnswer", "this word is no address", {});
    return checksumAddress(toHex(word.slice(12)));
  }
  if (type === "bytes32") return toHex(word);
  if (type !== "string" && type !== "bytes") throw new ZkLinkError("UnknownType", `type ${type} is not known here`, {});
  const start = readSmall(number);
  const length = readSmall(fromBytes(readWord(bytes, start)));
  const found = bytes.slice(start + 32, start + 32 + length);
  if (found.length !== length) throw new ZkLinkError("WrongAnswer", "the answer is too short", {});
  return type === "string" ? new TextDecoder().decode(found) : toHex(found);
}

/**
 * @param {Uint8Array} bytes
 * @param {number} at
 * @returns {Uint8Array}
 */
function readWord(bytes, at) {
  const word = bytes.slice(at, at + 32);
  if (word.length !== 32) throw new ZkLinkError("WrongAnswer", "the answer is too short", {});
  return word;
}

/**
 * @param {bigint} number
 * @returns {number}
 */
function readSmall(number) {
  if (number >= 1n << 32n) throw new ZkLinkError("WrongAnswer", "the answer names a place far outside of it", {});
  return Number(number);
}

/**
 * @param {string} text
 * @returns {Type}
 */
function parseType(text) {
  const array = /^(.*)\[([0-9]*)\]$/.exec(text);
  if (array) return { kind: "array", of: parseType(array[1]), size: array[2] ? Number(array[2]) : null };
  if (!text.startsWith("(")) return { kind: "plain", name: text };
  /** @type {string[]} */
  const parts = [];
  let depth = 0;
  let start = 1;
  for (let i = 1; i < text.length - 1; i++) {
    if (text[i] === "(") depth += 1;
    if (text[i] === ")") depth -= 1;
    if (text[i] === "," && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (start < text.length - 1) parts.push(text.slice(start, -1));
  return { kind: "tuple", members: parts.map(parseType) };
}

/**
 * @param {Type} type
 * @returns {boolean}
 */
function isDynamic(type) {
  if (type.kind === "plain") return type.name === "bytes" || type.name === "string";
  if (type.kind === "array") return type.size === null || isDynamic(type.of);
  return type.members.some(isDynamic);
}

/**
 * @param {Type} type
 * @param {unknown} value
 * @returns {Uint8Array}
 */
function encodeType(type, value) {
  if (type.kind === "plain") return encodePlain(type.name, value);
  const members = type.kind === "tuple" ? type.members : null;
  const count = members ? members.length : type.kind === "array" ? type.size : null;
  if (!Array.isArray(value) || (count !== null && value.length !== count)) {
    throw new ZkLinkError("WrongArguments", `${count ?? "some"} values are needed here`, { count });
  }
  const types = members ?? value.map(() => /** @type {{ of: Type }} */ (type).of);
  const parts = value.map((each, i) => encodeType(types[i], each));
  const heads = types.map((each, i) => (isDynamic(each) ? 32 : parts[i].length));
  let tail = heads.reduce((total, size) => total + size, 0);
  const head = types.map((each, i) => {
    if (!isDynamic(each)) return parts[i];
    const at = toBytes(BigInt(tail));
    tail += parts[i].length;
    return at;
  });
  const body = concat(...head, ...parts.filter((_, i) => isDynamic(types[i])));
  return type.kind === "array" && type.size === null ? concat(toBytes(BigInt(value.length)), body) : body;
}

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {Uint8Array}
 */
function encodePlain(name, value) {
  const uint = /^uint([0-9]+)$/.exec(name);
  if (uint) return concat(new Uint8Array(32 - Number(uint[1]) / 8), toBytes(toBigInt(/** @type {any} */ (value)), Number(uint[1]) / 8));
  if (name === "bool") {
    if (typeof value !== "boolean") throw new ZkLinkError("WrongArguments", "a bool is needed here", {});
    return toBytes(value ? 1n : 0n);
  }
  if (name === "address") return concat(new Uint8Array(12), fromHex(checkAddress(/** @type {string} */ (value)), 20));
  if (name === "bytes32") return fromHex(/** @type {string} */ (value), 32, "bytes32");
  if (name !== "bytes" && name !== "string") throw new ZkLinkError("UnknownType", `type ${name} is not known here`, { name });
  const bytes = name === "string" ? new TextEncoder().encode(/** @type {string} */ (value)) : fromHex(/** @type {string} */ (value));
  return concat(toBytes(BigInt(bytes.length)), bytes, new Uint8Array((32 - (bytes.length % 32)) % 32));
}
