// @ts-check
/**
 * The EIP-712 domains in which tokens want permits and authorizations signed. A token rarely says all of its domain: these
 * are the ones that are in use, and its own separator tells which of them it is (`computeSeparator`).
 */

import { decodeValues } from "./abi.js";
import { checkAddress } from "./addresses.js";
import { fromHex, toBigInt, toBytes, toHex } from "./bytes.js";

/** @import { Numeric } from "./bytes.js" */
/** @import { Struct } from "./typed_data.js" */

/** Versions that tokens use; null stands for a domain without one. */
const VERSIONS = ["1", "2", null, "3", ""];
/** The members of a domain, in the order of the bits of EIP-5267. */
const MEMBERS = ["name", "version", "chainId", "verifyingContract", "salt"];

/**
 * Domains that tokens use, the likely ones first.
 * @param {string} name The token's own answer.
 * @param {string | null} version The token's own answer; null if it has none.
 * @param {Numeric} evmChainId
 * @param {string} token
 * @returns {Struct[]}
 */
export function guessDomains(name, version, evmChainId, token) {
  const [chainId, verifyingContract] = [toBigInt(evmChainId), checkAddress(token)];
  const told = version === null ? [] : [version];
  const plain = [...told, ...VERSIONS.filter((other) => !told.includes(/** @type {string} */ (other)))].map((each) => ({
    name, ...(each === null ? {} : { version: each }), chainId: chainId.toString(), verifyingContract,
  }));
  const salt = toHex(toBytes(chainId));
  const salted = [...told, "1"].map((each) => ({ name, version: each, verifyingContract, salt }));
  return [...plain, ...salted];
}

/**
 * The domain in the answer of `eip712Domain` (EIP-5267). Raises WrongAnswer.
 * @param {string} answer
 * @returns {Struct}
 */
export function readDomain(answer) {
  const [fields, ...values] = decodeValues(["bytes32", "string", "string", "uint256", "address", "bytes32"], answer);
  const used = fromHex(String(fields))[0];
  const entries = MEMBERS.map((member, bit) => [member, values[bit], used >> bit & 1]).filter(([, , isUsed]) => isUsed);
  return Object.fromEntries(entries.map(([member, value]) => [member, typeof value === "bigint" ? value.toString() : value]));
}
