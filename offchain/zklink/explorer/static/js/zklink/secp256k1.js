// @ts-check
/** Signatures of plain accounts on EVM chains: whose one is, and one with a key in memory. */

import { ecdsa, weierstrass } from "../../vendor/noble/curves/abstract/weierstrass.js";
import { sha256 } from "../../vendor/noble/hashes/sha2.js";
import { checksumAddress } from "./addresses.js";
import { fromBytes, fromHex, keccak, toHex } from "./bytes.js";
import { SECP256K1_ORDER } from "./constants.js";
import { ZkLinkError } from "./errors.js";

const SIGNATURE_BYTES = 65;
const curve = ecdsa(
  weierstrass({
    p: 2n ** 256n - 2n ** 32n - 977n,
    n: SECP256K1_ORDER,
    h: 1n,
    a: 0n,
    b: 7n,
    Gx: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
    Gy: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
  }),
  sha256,
);

/**
 * The address of a private key.
 * @param {string} key 32 bytes. Raises NotHex, WrongLength.
 * @returns {string} With checksum.
 */
export function addressOf(key) {
  return nameKey(curve.getPublicKey(fromHex(key, 32, "key"), false));
}

/**
 * The signature of 32 bytes, always the same (RFC 6979).
 * @param {Uint8Array} digest
 * @param {string} key 32 bytes.
 * @returns {{ r: bigint, s: bigint, recovery: number }}
 */
export function signDigest(digest, key) {
  const bytes = curve.sign(digest, fromHex(key, 32, "key"), { prehash: false, format: "recovered" });
  return { recovery: bytes[0], r: fromBytes(bytes.slice(1, 33)), s: fromBytes(bytes.slice(33)) };
}

/**
 * The address that has signed 32 bytes. Raises WrongSignature.
 * @param {Uint8Array} digest
 * @param {string} signature
 * @returns {string} With checksum.
 */
export function recoverSigner(digest, signature) {
  const { r, s, recovery } = readSignature(signature);
  try {
    return nameKey(new curve.Signature(r, s, recovery).recoverPublicKey(digest).toBytes(false));
  } catch {
    throw refuse("no key has made it");
  }
}

/**
 * The parts of a signature of 65 bytes. Raises WrongSignature.
 * @param {string} signature
 * @returns {{ r: bigint, s: bigint, recovery: number }}
 */
export function readSignature(signature) {
  const bytes = fromHex(signature, undefined, "signature");
  if (bytes.length !== SIGNATURE_BYTES) throw refuse(`it has ${bytes.length} bytes, not ${SIGNATURE_BYTES}: a contract's makes no key`);
  const [r, s] = [fromBytes(bytes.slice(0, 32)), fromBytes(bytes.slice(32, 64))];
  if (![r, s].every((value) => value > 0n && value < SECP256K1_ORDER)) throw refuse("r or s is not between 0 and the order of secp256k1");
  if (![0, 1, 27, 28].includes(bytes[64])) throw refuse(`v is ${bytes[64]}, not 27 or 28`);
  return { r, s, recovery: bytes[64] % 27 };
}

/**
 * @param {string} reason
 * @returns {ZkLinkError}
 */
export function refuse(reason) {
  return new ZkLinkError("WrongSignature", `this signature is refused: ${reason}`, { reason });
}

/**
 * @param {Uint8Array} publicKey Uncompressed, 65 bytes.
 * @returns {string}
 */
function nameKey(publicKey) {
  return checksumAddress(toHex(keccak(publicKey.slice(1)).slice(12)));
}
