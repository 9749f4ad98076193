// @ts-check
/** What wallets sign (EIP-712): its digest, and the typed data of every signature that this system knows. */

import { checkAddress, checksumAddress } from "./addresses.js";
import { encodeValues } from "./abi.js";
import { concat, fromHex, keccak, keccakWords, toBigInt, toBytes, toHex } from "./bytes.js";
import { listOrder, listRelay } from "./calls.js";
import {
  ACCOUNT_DOMAIN_NAME, ACCOUNT_DOMAIN_VERSION, DEPOSIT_FIELDS, DEPOSIT_ORDER_NAME, KEY_CHANGE_TYPE, LAYER2_KEY_TYPE,
  LAYER2_KEY_WARNING, PERMISSION_FIELDS, SWAP_FIELDS, SWAP_ORDER_NAME,
} from "./constants.js";
import { ZkLinkError } from "./errors.js";

/** @import { Numeric } from "./bytes.js" */
/** @import { SwapOrder } from "./calls.js" */
/** @import { DepositOrder } from "./calls.js" */
/** @import { Relay } from "./calls.js" */
/** @typedef {{ name: string, type: string }} Member */
/** @typedef {Record<string, any>} Struct */
/** @typedef {{ types: Record<string, Member[]>, primaryType: string, domain: Struct, message: Struct }} TypedData */
/** @typedef {{ evmChainId: Numeric, entry: string, bridge: string, permit2?: string }} EntryPlace */

/** The members that a domain may have, in the order of EIP-712. */
const DOMAIN_MEMBERS = [
  ["name", "string"], ["version", "string"], ["chainId", "uint256"], ["verifyingContract", "address"], ["salt", "bytes32"],
];

/**
 * The 32 bytes that are signed. Raises UnknownType, and what a value that does not fit its type raises.
 * @param {TypedData} data
 * @returns {Uint8Array}
 */
export function computeDigest(data) {
  const separator = hashStruct(data.types, "EIP712Domain", data.domain);
  return keccak(concat(Uint8Array.of(0x19, 0x01), separator, hashStruct(data.types, data.primaryType, data.message)));
}

/**
 * The separator of a domain, as contracts answer it.
 * @param {Struct} domain
 * @returns {Uint8Array}
 */
export function computeSeparator(domain) {
  return hashStruct({ EIP712Domain: describeDomain(domain) }, "EIP712Domain", domain);
}

/**
 * What an owner signs to have a layer-2 key made of the signature. The signature is as secret as the key.
 * @param {string} deploymentHash 32 bytes.
 * @param {string} owner The address of a plain account.
 * @param {number} [index] Counts the keys of one owner.
 * @returns {TypedData}
 */
export function buildLayer2KeyData(deploymentHash, owner, index = 0) {
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** 32) {
    throw new ZkLinkError("WrongArguments", "an index is a whole number below 2^32", { index });
  }
  const message = { warning: LAYER2_KEY_WARNING, owner: checkAddress(owner).toLowerCase(), index };
  return build(accountDomain(deploymentHash), LAYER2_KEY_TYPE, message);
}

/**
 * The consent to a new key that an account's owner signs for the primary.
 * @param {string} deploymentHash
 * @param {{ account: Numeric, nonce: Numeric, publicKeyHash: Numeric, validUntil: Numeric }} change
 * @returns {TypedData}
 */
export function buildKeyChangeData(deploymentHash, change) {
  const publicKeyHash = toHex(toBytes(toBigInt(change.publicKeyHash)));
  const [account, nonce, validUntil] = [change.account, change.nonce, change.validUntil].map((value) => toBigInt(value).toString());
  return build(accountDomain(deploymentHash), KEY_CHANGE_TYPE, { account, nonce, publicKeyHash, validUntil });
}

/**
 * A permit of EIP-2612, in the domain that the token itself uses.
 * @param {Struct} tokenDomain
 * @param {{ owner: string, spender: string, value: Numeric, nonce: Numeric, deadline: Numeric }} permit
 * @returns {TypedData}
 */
export function buildPermitData(tokenDomain, permit) {
  const type = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)";
  const [value, nonce, deadline] = [permit.value, permit.nonce, permit.deadline].map((each) => toBigInt(each).toString());
  const [owner, spender] = [permit.owner, permit.spender].map(checkAddress);
  return build(tokenDomain, type, { owner, spender, value, nonce, deadline });
}

/**
 * A permit in DAI's form: of everything, or of nothing.
 * @param {Struct} tokenDomain
 * @param {{ holder: string, spender: string, nonce: Numeric, expiry: Numeric, allowed: boolean }} permit
 * @returns {TypedData}
 */
export function buildDaiPermitData(tokenDomain, permit) {
  const type = "Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)";
  const [nonce, expiry] = [permit.nonce, permit.expiry].map((each) => toBigInt(each).toString());
  const [holder, spender] = [permit.holder, permit.spender].map(checkAddress);
  return build(tokenDomain, type, { holder, spender, nonce, expiry, allowed: permit.allowed });
}

/**
 * An order for an entry contract, as the witness of a Permit2 transfer: anybody may bring it there.
 * @param {EntryPlace} place
 * @param {string} token
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @param {Relay} relay
 * @param {Numeric} nonce Any that the signer has not used at Permit2.
 * @param {Numeric} deadline The last second in which the order can be brought.
 * @returns {TypedData}
 */
export function buildPermit2Data(place, token, door, order, relay, nonce, deadline) {
  const { name, fields } = describe(door);
  const domain = { name: "Permit2", chainId: toBigInt(place.evmChainId).toString(), verifyingContract: checkAddress(place.permit2 ?? "") };
  const types = {
    EIP712Domain: describeDomain(domain),
    PermitWitnessTransferFrom: [
      { name: "permitted", type: "TokenPermissions" }, { name: "spender", type: "address" }, { name: "nonce", type: "uint256" },
      { name: "deadline", type: "uint256" }, { name: "witness", type: name },
    ],
    TokenPermissions: members(PERMISSION_FIELDS),
    [name]: members(fields),
  };
  const message = {
    permitted: { token: checkAddress(token), amount: addUp(order, relay) },
    spender: checkAddress(place.entry),
    nonce: toBigInt(nonce).toString(),
    deadline: toBigInt(deadline).toString(),
    witness: Object.fromEntries(listSigned(door, order, relay).map((value, i) => [fields[i][0], asJson(value)])),
  };
  return { types, primaryType: "PermitWitnessTransferFrom", domain, message };
}

/**
 * An EIP-3009 authorization whose nonce is the order's hash: anybody may bring the order to the entry contract.
 * @param {EntryPlace} place
 * @param {Struct} tokenDomain
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @param {string} signer
 * @param {Relay} relay
 * @param {Numeric} validBefore
 * @returns {TypedData}
 */
export function buildAuthorizationData(place, tokenDomain, door, order, signer, relay, validBefore) {
  const type = "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)";
  return build(tokenDomain, type, {
    from: checkAddress(signer),
    to: checkAddress(place.entry),
    value: addUp(order, relay),
    validAfter: "0",
    validBefore: toBigInt(validBefore).toString(),
    nonce: computeOrderNonce(place, door, order, relay),
  });
}

/**
 * The nonce of the authorization that belongs to an order.
 * @param {EntryPlace} place
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @param {Relay} relay
 * @returns {string}
 */
export function computeOrderNonce(place, door, order, relay) {
  const [entry, bridge] = [place.entry, place.bridge].map((address) => BigInt(checkAddress(address)));
  return toHex(keccakWords(toBigInt(place.evmChainId), entry, bridge, hashOrder(door, order, relay)));
}

/**
 * The order's EIP-712 struct hash.
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @param {Relay} relay
 * @returns {Uint8Array}
 */
export function hashOrder(door, order, relay) {
  const { name, fields } = describe(door);
  const values = encodeValues(`(${fields.map(([, type]) => type).join(",")})`, listSigned(door, order, relay));
  return keccak(concat(keccak(`${name}(${fields.map(([field, type]) => `${type} ${field}`).join(",")})`), values));
}

/**
 * @param {Record<string, Member[]>} types
 * @param {string} name
 * @param {Struct} value
 * @returns {Uint8Array}
 */
function hashStruct(types, name, value) {
  const parts = types[name].map(({ name: member, type }) => {
    if (Object.hasOwn(types, type)) return hashStruct(types, type, value[member]);
    if (type === "string") return keccak(String(value[member]));
    if (type === "bytes") return keccak(fromHex(value[member]));
    return encodeValues(`(${type})`, [value[member]]);
  });
  return keccak(concat(keccak(renderType(types, name)), ...parts));
}

/**
 * @param {Record<string, Member[]>} types
 * @param {string} name
 * @returns {string}
 */
function renderType(types, name) {
  const own = (/** @type {string} */ each) => `${each}(${types[each].map((member) => `${member.type} ${member.name}`).join(",")})`;
  /** @type {Set<string>} */
  const used = new Set();
  const collect = (/** @type {string} */ each) => {
    for (const { type } of types[each]) {
      if (Object.hasOwn(types, type) && !used.has(type)) {
        used.add(type);
        collect(type);
      }
    }
  };
  collect(name);
  return own(name) + [...used].sort().map(own).join("");
}

/**
 * @param {Struct} domain
 * @param {string} type Such as "Permit(address owner,..)"; plain members only.
 * @param {Struct} message
 * @returns {TypedData}
 */
function build(domain, type, message) {
  const open = type.indexOf("(");
  const name = type.slice(0, open);
  const pairs = type.slice(open + 1, -1).split(",").map((part) => part.split(" "));
  const types = { EIP712Domain: describeDomain(domain), [name]: pairs.map(([kind, member]) => ({ name: member, type: kind })) };
  return { types, primaryType: name, domain, message };
}

/**
 * @param {string} deploymentHash
 * @returns {Struct}
 */
function accountDomain(deploymentHash) {
  return { name: ACCOUNT_DOMAIN_NAME, version: ACCOUNT_DOMAIN_VERSION, salt: toHex(fromHex(deploymentHash, 32, "deployment hash")) };
}

/**
 * @param {Struct} domain
 * @returns {Member[]}
 */
function describeDomain(domain) {
  return DOMAIN_MEMBERS.filter(([name]) => domain[name] !== undefined).map(([name, type]) => ({ name, type }));
}

/**
 * @param {"swap" | "deposit"} door
 * @returns {{ name: string, fields: string[][] }}
 */
function describe(door) {
  return door === "swap" ? { name: SWAP_ORDER_NAME, fields: SWAP_FIELDS } : { name: DEPOSIT_ORDER_NAME, fields: DEPOSIT_FIELDS };
}

/**
 * @param {string[][]} fields
 * @returns {Member[]}
 */
function members(fields) {
  return fields.map(([name, type]) => ({ name, type }));
}

/**
 * @param {"swap" | "deposit"} door
 * @param {SwapOrder | DepositOrder} order
 * @param {Relay} relay
 * @returns {any[]}
 */
function listSigned(door, order, relay) {
  return [...listOrder(door, order), ...listRelay(relay)];
}

/**
 * @param {SwapOrder | DepositOrder} order
 * @param {Relay} relay
 * @returns {string}
 */
function addUp(order, relay) {
  return (toBigInt(order.l1Amount) + toBigInt(relay.relayerFee)).toString();
}

/**
 * @param {any} value
 * @returns {string}
 */
function asJson(value) {
  if (typeof value === "string" && value.startsWith("0x")) return value.length === 42 ? checksumAddress(value) : value;
  return toBigInt(value).toString();
}
