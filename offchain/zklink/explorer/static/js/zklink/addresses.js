// @ts-check
/** Universal addresses: 32 bytes, an EVM address left-padded with zeros (docs/protocol.md, section 1). */

import { fromBytes, fromHex, keccak, toBigInt, toBytes, toHex } from "./bytes.js";
import { ADDRESS_FORMATS, MAX_CHAINS, WORD_BITS, WORD_LIMIT } from "./constants.js";
import { ZkLinkError } from "./errors.js";

/** @import { Numeric } from "./bytes.js" */

export const NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE";
export const NO_ADDRESS = "0x0000000000000000000000000000000000000000";

/**
 * The universal address of an EVM address. Raises NotHex, WrongLength, WrongChecksum.
 * @param {string} address
 * @returns {string}
 */
export function universalAddress(address) {
  return `0x${"00".repeat(12)}${checkAddress(address).slice(2).toLowerCase()}`;
}

/**
 * The EVM address in a universal address, with checksum. Raises WrongAddressLength unless it holds one.
 * @param {string} universal
 * @returns {string}
 */
export function evmAddress(universal) {
  const bytes = readUniversal(universal);
  if (bytes.subarray(0, 12).some((byte) => byte)) {
    throw new ZkLinkError("WrongAddressLength", "this universal address holds no EVM address", { universal });
  }
  return checksumAddress(toHex(bytes.subarray(12)));
}

/**
 * An EVM address in the letters of EIP-55, whatever letters it came in. Raises NotHex, WrongLength.
 * @param {string} address
 * @returns {string}
 */
export function checksumAddress(address) {
  const small = toHex(fromHex(address, 20, "address")).slice(2);
  const digest = toHex(keccak(small)).slice(2);
  return `0x${[...small].map((letter, i) => (Number.parseInt(digest[i], 16) >= 8 ? letter.toUpperCase() : letter)).join("")}`;
}

/**
 * The address, if its letters are all small, all capital, or those of EIP-55. Raises NotHex, WrongLength, WrongChecksum.
 * @param {string} address
 * @returns {string} With checksum.
 */
export function checkAddress(address) {
  const right = checksumAddress(address);
  const letters = address.slice(2);
  if (letters !== letters.toLowerCase() && letters !== letters.toUpperCase() && address !== right) {
    throw new ZkLinkError("WrongChecksum", `${address} is mistyped: its letters are not those of EIP-55`, { address });
  }
  return right;
}

/**
 * The owner bound to an EVM chain, for contracts whose address may be somebody else's elsewhere. Raises CannotBind.
 * @param {string} owner An unbound universal address of an EVM account.
 * @param {number} chain The protocol's id of the chain.
 * @returns {string}
 */
export function bindOwner(owner, chain) {
  if (findBoundChain(owner) !== 0 || !(Number.isInteger(chain) && chain >= 1 && chain <= MAX_CHAINS)) {
    throw new ZkLinkError("CannotBind", `${owner} cannot be bound to chain ${chain}`, { owner, chain });
  }
  return `0x${chain.toString(16).padStart(2, "0")}${owner.slice(4).toLowerCase()}`;
}

/**
 * The chain that an EVM address is bound to, 0 for an unbound one; null for an address that uses all 32 bytes.
 * @param {string} owner
 * @returns {number | null}
 */
export function findBoundChain(owner) {
  const bytes = fromHex(owner, undefined, "owner");
  const isEvm = bytes.length === 32 && !bytes.subarray(1, 12).some((byte) => byte) && bytes.subarray(12).some((byte) => byte);
  return isEvm && bytes[0] <= MAX_CHAINS ? bytes[0] : null;
}

/**
 * Whether a chain whose addresses have this format has an account of this name.
 * @param {string} address A universal address.
 * @param {number} format 1 EVM, 2 any 32 bytes.
 * @param {number} chain
 * @returns {boolean}
 */
export function isRecipient(address, format, chain) {
  const bound = findBoundChain(address);
  if (format === ADDRESS_FORMATS.EVM) return bound !== null && (bound === 0 || bound === chain);
  const bytes = fromHex(address);
  return bytes.length === 32 && bytes.some((byte) => byte) && bound === null;
}

/**
 * The top 8 and the low 248 bits of a universal address. Raises WrongAddressLength.
 * @param {string} address
 * @returns {{ hi: bigint, lo: bigint }}
 */
export function splitAddress(address) {
  const value = fromBytes(readUniversal(address));
  return { hi: value >> BigInt(WORD_BITS), lo: value % WORD_LIMIT };
}

/**
 * The universal address of its top 8 and low 248 bits. Raises NumberTooLarge.
 * @param {Numeric} hi
 * @param {Numeric} lo
 * @returns {string}
 */
export function joinAddress(hi, lo) {
  return toHex(toBytes((toBigInt(hi) << BigInt(WORD_BITS)) | toBigInt(lo)));
}

/**
 * @param {string} address
 * @returns {Uint8Array}
 */
function readUniversal(address) {
  const bytes = fromHex(address, undefined, "universal address");
  if (bytes.length !== 32) {
    throw new ZkLinkError("WrongAddressLength", `a universal address has 32 bytes, not ${bytes.length}`, { address });
  }
  return bytes;
}
