// @ts-check
/**
 * zklink in JavaScript: encodings and signatures, for browsers and node, without a build step. It asks no node and keeps
 * no key; bytes are hexadecimal with 0x, amounts BigInt. Raises ZkLinkError, whose `name` says the cause.
 */

export * from "./abi.js";
export * from "./addresses.js";
export * from "./amounts.js";
export * from "./base58.js";
export { fromHex, keccak, toBigInt, toHex } from "./bytes.js";
export * from "./calls.js";
export * as constants from "./constants.js";
export * from "./deployment.js";
export { PrivateKey, hashPublicKey, isOnCurve, verify } from "./eddsa.js";
export { ZkLinkError } from "./errors.js";
export * from "./layer2_key.js";
export * from "./operations.js";
export { poseidon } from "./poseidon.js";
export * from "./quote.js";
export * from "./requests.js";
export * from "./solana.js";
export * from "./solana_program.js";
export { addressOf, recoverSigner, signDigest } from "./secp256k1.js";
export * from "./token_domains.js";
export * from "./typed_data.js";
export { packRecord, packWord, unpackRecord, unpackWord } from "./words.js";
