// @ts-check
/** Signatures over ed25519 (RFC 8032), for the test wallet of Solana. */

import { eddsa, edwards } from "../../vendor/noble/curves/abstract/edwards.js";
import { sha512 } from "../../vendor/noble/hashes/sha2.js";

const PRIME = 2n ** 255n - 19n;
const Curve = edwards({
  p: PRIME,
  n: 2n ** 252n + 27742317777372353535851937790883648493n,
  h: 8n,
  a: PRIME - 1n,
  d: 37095705934669439343138083508754565189542113879843219016388785533085940283555n,
  Gx: 15112221349535400772501151409588531511454012693041857206046113283949847762202n,
  Gy: 46316835694926478169428394003475163141307993866256225615783033603165251855960n,
});
const scheme = eddsa(Curve, sha512, {
  adjustScalarBytes: (/** @type {Uint8Array} */ bytes) => {
    bytes[0] &= 248;
    bytes[31] = (bytes[31] & 127) | 64;
    return bytes;
  },
});

/**
 * @param {Uint8Array} seed 32 bytes.
 * @returns {Uint8Array} 32 bytes.
 */
export function publicKeyOf(seed) {
  return scheme.getPublicKey(seed);
}

/**
 * @param {Uint8Array} message
 * @param {Uint8Array} seed
 * @returns {Uint8Array} 64 bytes.
 */
export function signMessage(message, seed) {
  return scheme.sign(message, seed);
}
