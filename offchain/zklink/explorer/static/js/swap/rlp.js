// @ts-check
/** Transactions of EVM chains as bytes (RLP; EIP-155), for the test wallet. */

import { fromHex, keccak, signDigest, toHex } from "../zklink/index.js";

/**
 * A list of byte strings.
 * @param {Uint8Array[]} items
 * @returns {Uint8Array}
 */
function encode(items) {
  const body = items.flatMap((item) => (item.length === 1 && item[0] < 0x80 ? [...item] : [...prefix(0x80, item.length), ...item]));
  return Uint8Array.from([...prefix(0xc0, body.length), ...body]);
}

/**
 * @param {number} offset
 * @param {number} length
 * @returns {Uint8Array}
 */
function prefix(offset, length) {
  if (length < 56) return Uint8Array.of(offset + length);
  const size = number(BigInt(length));
  return Uint8Array.from([offset + 55 + size.length, ...size]);
}

/**
 * @param {bigint} value
 * @returns {Uint8Array} Without zeros in front.
 */
function number(value) {
  if (!value) return new Uint8Array();
  const digits = value.toString(16);
  return fromHex(`0x${digits.length % 2 ? "0" : ""}${digits}`);
}

/**
 * A signed transaction, ready for `eth_sendRawTransaction`.
 * @param {{ nonce: bigint, gasPrice: bigint, gas: bigint, to: string, value: bigint, data: string, chainId: bigint }} transaction
 * @param {string} key
 * @returns {string}
 */
export function signTransaction({ nonce, gasPrice, gas, to, value, data, chainId }, key) {
  const fields = [number(nonce), number(gasPrice), number(gas), fromHex(to, 20), number(value), fromHex(data)];
  const digest = keccak(encode([...fields, number(chainId), number(0n), number(0n)]));
  const { r, s, recovery } = signDigest(digest, key);
  return toHex(encode([...fields, number(chainId * 2n + 35n + BigInt(recovery)), number(r), number(s)]));
}
