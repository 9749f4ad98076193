// @ts-check
/** The calls of a bridge's doors, of an entry contract and of tokens, as data for a wallet's transaction. */

import { decodeValues, encodeCall } from "./abi.js";
import { checkAddress } from "./addresses.js";
import { DEPOSIT_FIELDS, RELAY_FIELDS, SWAP_FIELDS } from "./constants.js";
import { ZkLinkError } from "./errors.js";
import { readDomain } from "./token_domains.js";

/** @import { Numeric } from "./bytes.js" */
/**
 * @typedef {object} SwapOrder `operatorFee` is in layer-2 units of token in; `minOut` and `fillFee` of token out.
 * @property {Numeric} tokenIn The protocol's id of the token that comes in.
 * @property {Numeric} l1Amount In units of the token's contract.
 * @property {Numeric} destination The protocol's id of the chain that pays.
 * @property {Numeric} tokenOut
 * @property {Numeric} via The token between; 0 for none.
 * @property {Numeric} minOut
 * @property {Numeric} operatorFee
 * @property {Numeric} fillFee
 * @property {string} recipient A universal address.
 * @property {string} refundTo An address of the source chain.
 * @property {Numeric} deadline UNIX seconds.
 */
/**
 * @typedef {object} DepositOrder
 * @property {Numeric} tokenId
 * @property {Numeric} l1Amount In units of the token's contract.
 * @property {string} owner A universal address.
 * @property {Numeric} account 0 names none.
 * @property {string} refundTo
 */
/** @typedef {{ relayerFee: Numeric, relayer: string }} Relay */
/** @typedef {{ value: Numeric, deadline: Numeric, v: Numeric, r: string, s: string }} Permit */

const isOfOrder = (/** @type {string[][]} */ fields) => fields.filter(([name]) => !RELAY_FIELDS.some(([other]) => other === name));
const ORDER_FIELDS = { swap: isOfOrder(SWAP_FIELDS), deposit: isOfOrder(DEPOSIT_FIELDS) };
const tuple = (/** @type {string[][]} */ fields) => `(${fields.map(([, type]) => type).join(",")})`;
const PERMIT = "(uint256,uint256,uint8,bytes32,bytes32)";
const RELAY = tuple(RELAY_FIELDS);

/**
 * A swap at a bridge's door: `swap`, or `swap_up_to`, which takes what converts of the amount, or `swap_with_permit`.
 * @param {SwapOrder} order
 * @param {{ upTo?: boolean, permit?: Permit }} [how]
 * @returns {string}
 */
export function encodeSwap(order, how = {}) {
  return encodeDoor("swap", /** @type {any} */ (order), how);
}

/**
 * A deposit at a bridge's door.
 * @param {DepositOrder} order
 * @param {{ upTo?: boolean, permit?: Permit }} [how]
 * @returns {string}
 */
export function encodeDeposit(order, how = {}) {
  return encodeDoor("deposit", /** @type {any} */ (order), how);
}

/**
 * An owner's full exit. `second` is the recipient on the other chains of `mask`, bit c - 1 for chain c.
 * @param {Numeric} account
 * @param {Numeric} tokenId
 * @param {string} second
 * @param {Numeric} mask
 * @returns {string}
 */
export function encodeFullExit(account, tokenId, second, mask) {
  return encodeCall("full_exit(uint32,uint16,bytes32,uint8)", [account, tokenId, second, mask]);
}

/**
 * An owner's request for a new layer-2 key; 0 takes the key away.
 * @param {Numeric} account
 * @param {Numeric} publicKeyHash
 * @returns {string}
 */
export function encodeSetKey(account, publicKeyHash) {
  return encodeCall("set_key(uint32,uint256)", [account, publicKeyHash]);
}

/**
 * A signed order that somebody brings to an entry contract, by Permit2.
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @param {Relay} relay
 * @param {string} owner
 * @param {{ nonce: Numeric, deadline: Numeric, signature: string }} permit
 * @param {string} feeTo
 * @returns {string}
 */
export function encodeWithPermit2(door, order, relay, owner, permit, feeTo) {
  const signature = `${door}_with_permit2(${tuple(ORDER_FIELDS[door])},${RELAY},address,(uint256,uint256,bytes),address)`;
  const signed = [permit.nonce, permit.deadline, permit.signature];
  return encodeCall(signature, [listOrder(door, order), listRelay(relay), owner, signed, feeTo]);
}

/**
 * A signed order that somebody brings to an entry contract, with an EIP-3009 authorization.
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @param {Relay} relay
 * @param {string} owner
 * @param {{ validBefore: Numeric, signature: string }} authorization
 * @param {string} feeTo
 * @returns {string}
 */
export function encodeWithAuthorization(door, order, relay, owner, authorization, feeTo) {
  const signature = `${door}_with_authorization(${tuple(ORDER_FIELDS[door])},${RELAY},address,(uint256,bytes),address)`;
  const signed = [authorization.validBefore, authorization.signature];
  return encodeCall(signature, [listOrder(door, order), listRelay(relay), owner, signed, feeTo]);
}

/**
 * An approval of exactly so many L1 units.
 * @param {string} spender
 * @param {Numeric} l1Amount
 * @returns {string}
 */
export function encodeApprove(spender, l1Amount) {
  return encodeCall("approve(address,uint256)", [spender, l1Amount]);
}

/**
 * The fields of an order in the struct's order. Raises FieldMismatch unless exactly they are given.
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @returns {any[]}
 */
export function listOrder(door, order) {
  return listFields(`${door} order`, ORDER_FIELDS[door], /** @type {any} */ (order));
}

/**
 * @param {Relay} relay
 * @returns {any[]}
 */
export function listRelay(relay) {
  return listFields("relay", RELAY_FIELDS, relay);
}

/** Views of contracts that a swap looks at first: what to send with `eth_call`, and how to read the answer. */
export const reads = {
  /** @param {string} owner */
  balanceOf: (owner) => read("balanceOf(address)", [owner], "uint256"),
  /** @param {string} owner @param {string} spender */
  allowance: (owner, spender) => read("allowance(address,address)", [owner, spender], "uint256"),
  /** @param {string} owner */
  nonces: (owner) => read("nonces(address)", [owner], "uint256"),
  name: () => read("name()", [], "string"),
  version: () => read("version()", [], "string"),
  /** All of the token's domain, where it tells it (EIP-5267). */
  domain: () => ({ data: encodeCall("eip712Domain()", []), decode: readDomain }),
  /** Whether the nonce of an authorization is used (EIP-3009). @param {string} owner @param {string} nonce */
  authorizationState: (owner, nonce) => read("authorizationState(address,bytes32)", [owner, nonce], "bool"),
  /** The bridge that an entry brings orders to. */
  entryBridge: () => read("bridge()", [], "address"),
  /** The Permit2 of an entry; zero where there is none. */
  entryPermit2: () => read("permit2()", [], "address"),
  domainSeparator: () => read("DOMAIN_SEPARATOR()", [], "bytes32"),
  chainId: () => read("chain_id()", [], "uint8"),
  deploymentHash: () => read("deployment_hash()", [], "bytes32"),
  isFrozen: () => read("is_frozen()", [], "bool"),
  /** The first of a bridge's parts. */
  registry: () => read("parts()", [], "address"),
  /** The first of what a registry knows of a token: its contract. @param {Numeric} tokenId */
  tokenContract: (tokenId) => read("get_token(uint16)", [tokenId], "address"),
};

/**
 * The prices of a bridge's doors, in gwei; kind k at place k.
 * @returns {{ data: string, decode: (answer: string) => bigint[] }}
 */
export function readPrices() {
  const decode = (/** @type {string} */ answer) => /** @type {bigint[]} */ (decodeValues(Array(13).fill("uint256"), answer));
  return { data: encodeCall("quotes()", []), decode };
}

/**
 * @param {string} signature
 * @param {unknown[]} values
 * @param {string} type
 */
function read(signature, values, type) {
  return { data: encodeCall(signature, values), decode: (/** @type {string} */ answer) => decodeValues([type], answer)[0] };
}

/**
 * @param {"swap" | "deposit"} door
 * @param {any} order
 * @param {{ upTo?: boolean, permit?: Permit }} how
 * @returns {string}
 */
function encodeDoor(door, order, { upTo = false, permit }) {
  const struct = tuple(ORDER_FIELDS[door]);
  if (!permit) return encodeCall(`${door}${upTo ? "_up_to" : ""}(${struct})`, [listOrder(door, order)]);
  if (upTo) throw new ZkLinkError("WrongArguments", "a permit goes with an exact amount", {});
  const { value, deadline, v, r, s } = permit;
  return encodeCall(`${door}_with_permit(${struct},${PERMIT})`, [listOrder(door, order), [value, deadline, v, r, s]]);
}

/**
 * @param {string} what
 * @param {string[][]} fields
 * @param {Record<string, any>} values
 * @returns {any[]}
 */
function listFields(what, fields, values) {
  const names = fields.map(([name]) => name);
  const missing = names.filter((name) => values[name] === undefined);
  const unknown = Object.keys(values).filter((name) => !names.includes(name));
  if (missing.length || unknown.length) {
    throw new ZkLinkError("FieldMismatch", `${what}: missing ${missing}; unknown ${unknown}`, { missing, unknown });
  }
  return fields.map(([name, type]) => (type === "address" ? checkAddress(values[name]) : values[name]));
}

