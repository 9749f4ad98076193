// @ts-check
/** Signed operations of layer 2: their messages, their signatures, and the JSON in which the API takes them. */

import { splitAddress } from "./addresses.js";
import { packFee } from "./amounts.js";
import { fromHex, toBigInt, toHex } from "./bytes.js";
import { KINDS } from "./constants.js";
import { verify } from "./eddsa.js";
import { ZkLinkError } from "./errors.js";
import { checkScalar, poseidon } from "./poseidon.js";
import { packRecord } from "./words.js";

/** @import { Numeric } from "./bytes.js" */
/** @import { PrivateKey } from "./eddsa.js" */
/** @typedef {Record<string, Numeric | string>} Operation Fields as the API names them; `recipient` is a universal address. */
/** @typedef {{ type: string, public_key: string[], signature: string[] } & Record<string, any>} SignedOperation */

const ZERO_ADDRESS = `0x${"00".repeat(32)}`;
const COMMON = ["account", "nonce", "valid_until"];
const PAIR = ["token_a", "token_b"];
const FEE = ["fee", "fee_token"];

/**
 * The fields of each operation; `record` is what its message is packed from, `feeIn` the field that names the fee's token.
 * @type {Record<string, { kind: number, record: string, fields: string[], feeIn?: string }>}
 */
export const OPERATIONS = {
  Transfer: { kind: KINDS.TRANSFER, record: "LEDGER_MESSAGE", feeIn: "token", fields: [...COMMON, "token", "amount", "fee", "recipient"] },
  Withdraw: { kind: KINDS.WITHDRAW, record: "LEDGER_MESSAGE", feeIn: "token", fields: [...COMMON, "token", "amount", "fee", "chain", "recipient", "fill_fee"] },
  ForcedExit: { kind: KINDS.FORCED_EXIT, record: "LEDGER_MESSAGE", fields: [...COMMON, "target", "token", "chain", ...FEE] },
  ChangePubKey: { kind: KINDS.CHANGE_PUB_KEY, record: "LEDGER_MESSAGE", fields: [...COMMON, "public_key_hash", "chain", ...FEE] },
  ClaimFees: { kind: KINDS.CLAIM_FEES, record: "LEDGER_MESSAGE", feeIn: "token", fields: [...COMMON, "token", "amount", "fee"] },
  CreatePool: { kind: KINDS.CREATE_POOL, record: "POOL_MESSAGE", fields: [...COMMON, ...PAIR, "pool_fee", ...FEE] },
  AddLiquidity: { kind: KINDS.ADD_LIQUIDITY, record: "POOL_MESSAGE", fields: [...COMMON, ...PAIR, "limit_a", "limit_b", "limit_shares", ...FEE] },
  RemoveLiquidity: { kind: KINDS.REMOVE_LIQUIDITY, record: "POOL_MESSAGE", fields: [...COMMON, ...PAIR, "limit_a", "limit_b", "limit_shares", ...FEE] },
  PoolSwap: { kind: KINDS.POOL_SWAP, record: "POOL_MESSAGE", fields: [...COMMON, ...PAIR, "limit_a", "limit_b", ...FEE] },
  Order: {
    kind: KINDS.ORDER, record: "ORDER_MESSAGE",
    fields: ["account", "slot", "order_nonce", "valid_until", "token_sell", "token_buy", "amount_sell", "amount_buy", "fee_rate"],
  },
};

/**
 * M, the field element that the account's key signs. Raises UnknownOperation, FieldMismatch, FieldOutOfRange,
 * FeeNotPackable, WrongAddressLength, NotAScalar.
 * @param {string} type A name of `OPERATIONS`.
 * @param {Operation} operation
 * @param {Numeric} domain The `account_domain` of the deployment.
 * @returns {bigint}
 */
export function computeMessage(type, operation, domain) {
  const { kind, record, feeIn } = checkFields(type, operation);
  const { fee, recipient, public_key_hash: publicKeyHash, ...rest } = operation;
  /** @type {Record<string, Numeric>} */
  const values = { kind, ...rest };
  if (fee !== undefined) values.fee = packFee(fee);
  if (feeIn) values.fee_token = operation[feeIn];
  const unused = record === "LEDGER_MESSAGE" ? ["token", "chain", "target", "amount", "fill_fee"] : [];
  if (record === "POOL_MESSAGE") unused.push("pool_fee", "limit_a", "limit_b", "limit_shares");
  for (const name of unused) values[name] ??= 0;
  const party = splitAddress(recipient === undefined ? ZERO_ADDRESS : String(recipient));
  if (record === "LEDGER_MESSAGE") values.party_hi = party.hi;
  const words = packRecord(record, values);
  if (record === "LEDGER_MESSAGE") words.push(publicKeyHash === undefined ? party.lo : toBigInt(publicKeyHash, "public_key_hash"));
  if (record === "ORDER_MESSAGE") words.push(0n);
  return poseidon([checkScalar(toBigInt(domain, "domain")), ...words]);
}

/**
 * The operation with its signature, as `POST /v1/operations` takes it. Raises as `computeMessage`.
 * @param {string} type
 * @param {Operation} operation
 * @param {Numeric} domain
 * @param {PrivateKey} key
 * @returns {SignedOperation}
 */
export function signOperation(type, operation, domain, key) {
  const { r8, s } = key.sign(computeMessage(type, operation, domain));
  const shown = OPERATIONS[type].fields.map((name) => [name, showField(name, operation[name])]);
  return {
    type,
    ...Object.fromEntries(shown),
    public_key: [key.publicKey.x.toString(), key.publicKey.y.toString()],
    signature: [r8.x.toString(), r8.y.toString(), s.toString()],
  };
}

/**
 * Whether the signature of a signed operation holds. Raises as `computeMessage`, and NotANumber.
 * @param {SignedOperation} signed
 * @param {Numeric} domain
 * @returns {boolean}
 */
export function isSigned(signed, domain) {
  const { type, public_key: key, signature, ...operation } = signed;
  const [x, y, rx, ry, s] = [...key, ...signature].map((each) => toBigInt(each));
  return verify({ x, y }, computeMessage(type, operation, domain), { r8: { x: rx, y: ry }, s });
}

/**
 * The id of an operation, by which the API tells what became of it: its message in 32 bytes.
 * @param {bigint} message
 * @returns {string}
 */
export function operationId(message) {
  return `0x${message.toString(16).padStart(64, "0")}`;
}

/**
 * @param {string} type
 * @param {Operation} operation
 */
function checkFields(type, operation) {
  if (!Object.hasOwn(OPERATIONS, type)) throw new ZkLinkError("UnknownOperation", `there is no operation ${type}`, { type });
  const found = OPERATIONS[type];
  const missing = found.fields.filter((name) => operation[name] === undefined);
  const unknown = Object.keys(operation).filter((name) => !found.fields.includes(name));
  if (missing.length || unknown.length) {
    throw new ZkLinkError("FieldMismatch", `${type}: missing ${missing}; unknown ${unknown}`, { missing, unknown });
  }
  return found;
}

/**
 * @param {string} name
 * @param {Numeric | string} value
 * @returns {string}
 */
function showField(name, value) {
  return name === "recipient" ? toHex(fromHex(String(value), 32)) : toBigInt(value, name).toString();
}
