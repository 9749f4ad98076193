// @ts-check
/** A layer-2 key out of one EIP-712 signature of its owner, the same as `zklink.protocol.layer2_key` makes. */

import { checkAddress } from "./addresses.js";
import { fromHex, keccakWords } from "./bytes.js";
import { LAYER2_SEED_TAG, SECP256K1_ORDER } from "./constants.js";
import { PrivateKey } from "./eddsa.js";
import { readSignature, recoverSigner, refuse } from "./secp256k1.js";
import { buildLayer2KeyData, computeDigest } from "./typed_data.js";

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
