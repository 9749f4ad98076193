// @ts-check
/** A permission by signature (EIP-2612) in place of a transaction, where the token and the wallet can. */

import { buildPermitData, computeDigest, computeSeparator, reads, recoverSigner, toHex } from "../zklink/index.js";
import { readSignature } from "../zklink/secp256k1.js";
import { read } from "./wallets.js";

/** @typedef {import("./wallets.js").Provider} Provider */
/** @typedef {import("../zklink/calls.js").Permit} Permit */

/** Versions that tokens use in their domain; undefined stands for a domain without one. */
const VERSIONS = ["1", "2", undefined];
const DECLINED = 4001;

/**
 * A permit for exactly this amount; null where the token knows none, the account is a contract, or the wallet cannot sign
 * it. Raises what the wallet raises if its user declines.
 * @param {Provider} provider
 * @param {{ token: string, owner: string, spender: string, evmChainId: bigint, value: bigint, deadline: number }} wanted
 * @returns {Promise<Permit | null>}
 */
export async function signPermit(provider, wanted) {
  const found = await findDomain(provider, wanted).catch(() => null);
  if (!found) return null;
  const { owner, spender, value, deadline } = wanted;
  const data = buildPermitData(found.domain, { owner, spender, value, nonce: found.nonce, deadline });
  let signature;
  try {
    signature = await provider.request({ method: "eth_signTypedData_v4", params: [owner, JSON.stringify(data)] });
    if (recoverSigner(computeDigest(data), signature).toLowerCase() !== owner.toLowerCase()) return null;
  } catch (error) {
    if (/** @type {any} */ (error)?.code === DECLINED) throw error;
    return null;
  }
  const { r, s, recovery } = readSignature(signature);
  const word = (/** @type {bigint} */ part) => `0x${part.toString(16).padStart(64, "0")}`;
  return { value, deadline, v: 27 + recovery, r: word(r), s: word(s) };
}

/**
 * The domain that the token itself uses, found out by its separator.
 * @param {Provider} provider
 * @param {{ token: string, owner: string, evmChainId: bigint }} wanted
 */
async function findDomain(provider, { token, owner, evmChainId }) {
  if ((await provider.request({ method: "eth_getCode", params: [owner, "latest"] })) !== "0x") return null;
  const [separator, nonce, name] = await Promise.all([
    read(provider, token, reads.domainSeparator()), read(provider, token, reads.nonces(owner)), read(provider, token, reads.name()),
  ]);
  for (const version of VERSIONS) {
    const domain = { name, ...(version ? { version } : {}), chainId: evmChainId.toString(), verifyingContract: token };
    if (toHex(computeSeparator(domain)) === separator) return { domain, nonce: /** @type {bigint} */ (nonce) };
  }
  return null;
}
