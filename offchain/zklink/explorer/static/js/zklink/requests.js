// @ts-check
/** The words that a bridge writes for a request, as circuits and other chains read them (docs/protocol.md, section 4). */

import { joinAddress, splitAddress, universalAddress } from "./addresses.js";
import { KINDS } from "./constants.js";
import { ZkLinkError } from "./errors.js";
import { packRecord, unpackRecord } from "./words.js";

/** @import { Numeric } from "./bytes.js" */

/**
 * w0..w4 of a swap. Raises FieldOutOfRange, FieldMismatch, WrongAddressLength.
 * @param {{ source: Numeric, request_id: Numeric, destination: Numeric, token_in: Numeric, token_out: Numeric,
 *   via: Numeric, amount: Numeric, min_out: Numeric, operator_fee: Numeric, fill_fee: Numeric, native_fee_gwei: Numeric,
 *   deadline: Numeric, queued_at: Numeric, recipient: string, refund_to: string }} request Both addresses are universal.
 * @returns {bigint[]}
 */
export function encodeSwapRequest(request) {
  const { recipient, refund_to: refundTo, ...fields } = request;
  return packRecord("SWAP_REQUEST", {
    kind: KINDS.SWAP_REQUEST, ...fields, ...split("recipient", recipient), ...split("refund_to", refundTo),
  });
}

/**
 * The swap that w0..w4 say. Raises WrongRecordKind, UnusedBitsSet, WrongWordCount.
 * @param {Numeric[]} words
 * @returns {Record<string, bigint | string>}
 */
export function decodeSwapRequest(words) {
  return decode("SWAP_REQUEST", KINDS.SWAP_REQUEST, words, ["recipient", "refund_to"]);
}

/**
 * r0..r3 of a deposit.
 * @param {{ source: Numeric, request_id: Numeric, token: Numeric, account: Numeric, amount: Numeric, owner: string,
 *   refund_to: string, by_owner: boolean, native_fee_gwei: Numeric, queued_at: Numeric }} request
 * @returns {bigint[]}
 */
export function encodeDepositRequest(request) {
  const { owner, refund_to: refundTo, by_owner: byOwner, request_id: id, queued_at: time, ...fields } = request;
  const flags = { kind: KINDS.DEPOSIT, mask: 0, by_owner: byOwner ? 1 : 0, id, time };
  return packRecord("ACCOUNT_REQUEST", { ...flags, ...fields, ...split("owner", owner), ...split("second", refundTo) });
}

/**
 * The deposit that r0..r3 say. Raises as `decodeSwapRequest`, and WrongRecordField.
 * @param {Numeric[]} words
 * @returns {Record<string, bigint | string | boolean>}
 */
export function decodeDepositRequest(words) {
  const read = decode("ACCOUNT_REQUEST", KINDS.DEPOSIT, words, ["owner", "second"]);
  const { second, mask, by_owner: byOwner, id, time, ...fields } = read;
  if (mask !== 0n || Number(byOwner) > 1) throw new ZkLinkError("WrongRecordField", "a deposit has no mask, and a flag of 0 or 1", {});
  return { ...fields, request_id: id, queued_at: time, by_owner: byOwner === 1n, refund_to: second };
}

/**
 * @param {string} name
 * @param {string} address
 * @returns {Record<string, bigint>}
 */
function split(name, address) {
  const { hi, lo } = splitAddress(address.length === 42 ? universalAddress(address) : address);
  return { [`${name}_hi`]: hi, [`${name}_lo`]: lo };
}

/**
 * @param {string} record
 * @param {number} kind
 * @param {Numeric[]} words
 * @param {string[]} addresses
 * @returns {Record<string, bigint | string>}
 */
function decode(record, kind, words, addresses) {
  const { kind: found, ...fields } = unpackRecord(record, words);
  if (found !== BigInt(kind)) throw new ZkLinkError("WrongRecordKind", `kind ${found} is not ${kind}`, { kind: found });
  /** @type {Record<string, bigint | string>} */
  const read = { ...fields };
  for (const name of addresses) {
    read[name] = joinAddress(fields[`${name}_hi`], fields[`${name}_lo`]);
    delete read[`${name}_hi`];
    delete read[`${name}_lo`];
  }
  return read;
}
