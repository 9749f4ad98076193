// @ts-check
/**
 * Signatures in place of an approval: a permit (EIP-2612) for the bridge, an authorization (EIP-3009) or a Permit2 transfer
 * for the entry beside it. Each is null where the token, the chain or the account has none of its kind.
 */

import {
  buildAuthorizationData, buildPermit2Data, buildPermitData, computeDigest, computeOrderNonce, computeSeparator, guessDomains,
  readDomain, reads, recoverSigner, toHex,
} from "../zklink/index.js";
import { readSignature } from "../zklink/secp256k1.js";
import { read } from "./wallets.js";

/** @typedef {import("./wallets.js").Provider} Provider */
/** @typedef {import("../zklink/calls.js").Permit} Permit */
/** @typedef {import("../zklink/calls.js").SwapOrder} SwapOrder */
/** @typedef {import("../zklink/calls.js").Relay} Relay */
/** @typedef {import("../zklink/typed_data.js").EntryPlace} EntryPlace */
/** @typedef {import("../zklink/typed_data.js").TypedData} TypedData */
/** @typedef {{ token: string, owner: string, evmChainId: bigint, value: bigint, deadline: number }} Wanted */

const DECLINED = 4001;

/** The wallet does not sign for this account: no other kind of signature is worth a question. */
export class NotSigned extends Error {}

/**
 * A permit for exactly this amount. Raises NotSigned, and what the wallet raises if its user declines.
 * @param {Provider} provider
 * @param {Wanted} wanted
 * @param {string} spender
 * @returns {Promise<Permit | null>}
 */
export async function signPermit(provider, wanted, spender) {
  const { owner, value, deadline, token } = wanted;
  const nonce = await ask(provider, token, reads.nonces(owner));
  const domain = nonce === null ? null : await findDomain(provider, wanted);
  if (!domain) return null;
  const { r, s, v } = await sign(provider, owner, buildPermitData(domain, { owner, spender, value, nonce: /** @type {bigint} */ (nonce), deadline }));
  return { value, deadline, v, r, s };
}

/**
 * An authorization for the entry to receive what this order takes, and nothing else.
 * @param {Provider} provider
 * @param {Wanted} wanted
 * @param {EntryPlace} place
 * @param {SwapOrder} order
 * @param {Relay} relay
 * @returns {Promise<{ validBefore: number, signature: string } | null>}
 */
export async function signAuthorization(provider, wanted, place, order, relay) {
  const { owner, deadline, token } = wanted;
  const isUsed = await ask(provider, token, reads.authorizationState(owner, computeOrderNonce(place, "swap", order, relay)));
  const domain = isUsed === false ? await findDomain(provider, wanted) : null;
  if (!domain) return null;
  const { r, s, v } = await sign(provider, owner, buildAuthorizationData(place, domain, "swap", order, owner, relay, deadline));
  return { validBefore: deadline, signature: join(r, s, v) };
}

/**
 * A transfer by Permit2 with this order as its witness; null unless Permit2 may take as much of the owner's tokens already.
 * @param {Provider} provider
 * @param {Wanted} wanted
 * @param {EntryPlace} place
 * @param {SwapOrder} order
 * @param {Relay} relay
 * @returns {Promise<{ nonce: bigint, deadline: number, signature: string } | null>}
 */
export async function signPermit2(provider, wanted, place, order, relay) {
  const { owner, deadline, token, value } = wanted;
  const left = place.permit2 ? await ask(provider, token, reads.allowance(owner, place.permit2)) : null;
  if (left === null || /** @type {bigint} */ (left) < value) return null;
  const nonce = BigInt(toHex(crypto.getRandomValues(new Uint8Array(32))));
  const { r, s, v } = await sign(provider, owner, buildPermit2Data(place, token, "swap", order, relay, nonce, deadline));
  return { nonce, deadline, signature: join(r, s, v) };
}

/**
 * Whether an account signs by a key: contracts' signatures are not asked for.
 * @param {Provider} provider
 * @param {string} owner
 * @returns {Promise<boolean>}
 */
export async function isPlainAccount(provider, owner) {
  return (await provider.request({ method: "eth_getCode", params: [owner, "latest"] })) === "0x";
}

/**
 * @param {Provider} provider
 * @param {string} owner
 * @param {TypedData} data
 * @returns {Promise<{ r: string, s: string, v: number }>}
 */
async function sign(provider, owner, data) {
  try {
    const signature = await provider.request({ method: "eth_signTypedData_v4", params: [owner, JSON.stringify(data)] });
    const { r, s, recovery } = readSignature(signature);
    const signer = recoverSigner(computeDigest(data), signature);
    if (signer.toLowerCase() === owner.toLowerCase()) return { r: spell(r), s: spell(s), v: 27 + recovery };
  } catch (error) {
    if (/** @type {any} */ (error)?.code === DECLINED) throw error;
  }
  throw new NotSigned("the wallet gave no signature of this account");
}

/**
 * The domain that the token itself uses, found out by its separator.
 * @param {Provider} provider
 * @param {Wanted} wanted
 */
async function findDomain(provider, { token, evmChainId }) {
  const [separator, described, name, version] = await Promise.all([
    ask(provider, token, reads.domainSeparator()), ask(provider, token, reads.domain()), ask(provider, token, reads.name()),
    ask(provider, token, reads.version()),
  ]);
  const told = typeof version === "string" ? version : null;
  const guesses = typeof name === "string" ? guessDomains(name, told, evmChainId, token) : [];
  const domains = described ? [described, ...guesses] : guesses;
  return separator === null ? null : (domains.find((domain) => toHex(computeSeparator(domain)) === separator) ?? null);
}

/**
 * What a view answers that not every token has; null where it has none.
 * @template T
 * @param {Provider} provider
 * @param {string} to
 * @param {{ data: string, decode: (answer: string) => T }} view
 * @returns {Promise<T | null>}
 */
async function ask(provider, to, view) {
  return read(provider, to, view).catch(() => null);
}

/** @param {bigint} part */
function spell(part) {
  return `0x${part.toString(16).padStart(64, "0")}`;
}

/**
 * @param {string} r
 * @param {string} s
 * @param {number} v
 */
function join(r, s, v) {
  return `${r}${s.slice(2)}${v.toString(16)}`;
}
