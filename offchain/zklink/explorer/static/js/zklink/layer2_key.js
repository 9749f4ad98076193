// @ts-check
/** A layer-2 key out of one EIP-712 signature of its owner, the same as `zklink.protocol.layer2_key` makes. */

import { sha256 } from "../../vendor/noble/hashes/sha2.js";
import { ecdsa, weierstrass } from "../../vendor/noble/curves/abstract/weierstrass.js";
import { checkAddress, checksumAddress } from "./addresses.js";
import { fromBytes, fromHex, keccak, keccakWords, toHex } from "./bytes.js";
import { LAYER2_SEED_TAG, SECP256K1_ORDER } from "./constants.js";
import { PrivateKey } from "./eddsa.js";
import { ZkLinkError } from "./errors.js";
import { buildLayer2KeyData, computeDigest } from "./typed_data.js";

const SIGNATURE_BYTES = 65;
const secp256k1 = ecdsa(
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
 * The seed that a signature makes: keccak256(tag, r, s) with the smaller form of s. Raises WrongSignature unless it is the
 * 65 bytes of a plain account's signature. Never checks who has signed.
 * @param {string} signature
 * @returns {Uint8Array}
 */
export function deriveLayer2Seed(signature) {
  const { r, s } = readSignature(signature);
  return keccakWords(fromHex(LAYER2_SEED_TAG), r, s < SECP256K1_ORDER - s ? s : SECP256K1_ORDER - s);
}

/**
 * The key of an owner, by its wallet's signature of `buildLayer2KeyData`. Raises WrongSignature, also if the signature is
 * of somebody else or of something else.
 * @param {string} deploymentHash
 * @param {string} owner
 * @param {string} signature
 * @param {number} [index]
 * @returns {PrivateKey}
 */
export function deriveLayer2Key(deploymentHash, owner, signature, index = 0) {
  const seed = deriveLayer2Seed(signature);
  const signer = recoverSigner(computeDigest(buildLayer2KeyData(deploymentHash, owner, index)), signature);
  if (signer !== checkAddress(owner)) throw refuse(`it is of ${signer}, not of ${owner}`);
  return new PrivateKey(seed);
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
    const point = new secp256k1.Signature(r, s, recovery).recoverPublicKey(digest);
    return checksumAddress(toHex(keccak(point.toBytes(false).slice(1)).slice(12)));
  } catch {
    throw refuse("no key has made it");
  }
}

/**
 * @param {string} signature
 * @returns {{ r: bigint, s: bigint, recovery: number }}
 */
function readSignature(signature) {
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
function refuse(reason) {
  return new ZkLinkError("WrongSignature", `this signature makes no layer-2 key: ${reason}`, { reason });
}
