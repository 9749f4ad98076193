// @ts-check
/** Addresses and transactions of Solana as bytes: derived addresses, and messages in their first form ("legacy"). */

import { sha256 } from "../../vendor/noble/hashes/sha2.js";
import { decodeBase58, encodeBase58 } from "./base58.js";
import { concat, fromBytes, fromBytesLittle } from "./bytes.js";
import { ZkLinkError } from "./errors.js";

/** @typedef {{ address: string, isSigner: boolean, isWritable: boolean }} Meta An account of a call. */
/** @typedef {{ program: string, accounts: Meta[], data: Uint8Array }} Call */

const PRIME = 2n ** 255n - 19n;
/** -121665 / 121666, of the curve -x^2 + y^2 = 1 + d x^2 y^2. */
const CURVE_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const DERIVED = new TextEncoder().encode("ProgramDerivedAddress");
const [KEY_BYTES, SIGNATURE_BYTES] = [32, 64];

export const SYSTEM_PROGRAM = "11111111111111111111111111111111";
export const TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";
export const ASSOCIATED_PROGRAM = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL";
export const BUDGET_PROGRAM = "ComputeBudget111111111111111111111111111111";

/**
 * Whether 32 bytes are a point of ed25519, and so may be somebody's key.
 * @param {Uint8Array} bytes
 * @returns {boolean}
 */
export function isKey(bytes) {
  const y = (fromBytesLittle(bytes) % 2n ** 255n) % PRIME;
  const yy = (y * y) % PRIME;
  // x^2 = (y^2 - 1) / (d y^2 + 1), which is a square where its product with a square is.
  const ratio = (((yy + PRIME - 1n) % PRIME) * ((CURVE_D * yy + 1n) % PRIME)) % PRIME;
  return ratio === 0n || power(ratio, (PRIME - 1n) / 2n) === 1n;
}

/**
 * The address that a program derives from seeds, at the highest bump.
 * @param {Uint8Array[]} seeds
 * @param {string} program
 * @returns {string}
 */
export function deriveAddress(seeds, program) {
  const owner = decodeBase58(program, KEY_BYTES);
  for (let bump = 255; bump >= 0; bump--) {
    const found = sha256(concat(...seeds, Uint8Array.of(bump), owner, DERIVED));
    if (!isKey(found)) return encodeBase58(found);
  }
  throw new ZkLinkError("NoSuchAddress", "these seeds derive no address", {});
}

/**
 * Where an owner has a token: its associated account.
 * @param {string} owner
 * @param {string} mint
 * @param {string} [tokenProgram]
 * @returns {string}
 */
export function findHolding(owner, mint, tokenProgram = TOKEN_PROGRAM) {
  return deriveAddress([owner, tokenProgram, mint].map((key) => decodeBase58(key, KEY_BYTES)), ASSOCIATED_PROGRAM);
}

/**
 * The call that makes an owner's associated account, unless it is there.
 * @param {string} payer
 * @param {string} owner
 * @param {string} mint
 * @param {string} [tokenProgram]
 * @returns {Call}
 */
export function makeHolding(payer, owner, mint, tokenProgram = TOKEN_PROGRAM) {
  const holding = findHolding(owner, mint, tokenProgram);
  const accounts = [writes(payer, true), writes(holding), ...[owner, mint, SYSTEM_PROGRAM, tokenProgram].map((key) => reads(key))];
  return { program: ASSOCIATED_PROGRAM, accounts, data: Uint8Array.of(1) };
}

/**
 * The call that says how many compute units a transaction may take.
 * @param {number} units
 * @returns {Call}
 */
export function limitUnits(units) {
  const data = new Uint8Array(5);
  data[0] = 2;
  new DataView(data.buffer).setUint32(1, units, true);
  return { program: BUDGET_PROGRAM, accounts: [], data };
}

/**
 * What the payer, and whoever else must, signs: accounts by what they are for, then by their bytes, as other tools do it.
 * @param {string} payer
 * @param {Call[]} calls
 * @param {string} blockhash
 * @returns {Uint8Array}
 */
export function compileMessage(payer, calls, blockhash) {
  const metas = new Map([[payer, writes(payer, true)]]);
  for (const each of calls.flatMap((call) => [...call.accounts, reads(call.program)])) {
    const known = metas.get(each.address) ?? reads(each.address);
    metas.set(each.address, {
      address: each.address, isSigner: known.isSigner || each.isSigner, isWritable: known.isWritable || each.isWritable,
    });
  }
  const rank = (/** @type {Meta} */ { address, isSigner, isWritable }) => (address === payer ? 0 : 1 + 2 * Number(!isSigner) + Number(!isWritable));
  const ordered = [...metas.values()]
    .map((meta) => ({ meta, rank: rank(meta), number: fromBytes(decodeBase58(meta.address, KEY_BYTES)) }))
    .sort((a, b) => a.rank - b.rank || (a.number < b.number ? -1 : 1))
    .map(({ meta }) => meta);
  const places = new Map(ordered.map(({ address }, place) => [address, place]));
  const count = (/** @type {(meta: Meta) => boolean} */ is) => ordered.filter(is).length;
  const head = [count((m) => m.isSigner), count((m) => m.isSigner && !m.isWritable), count((m) => !m.isSigner && !m.isWritable)];
  return concat(
    Uint8Array.from([...head, ...size(ordered.length)]),
    ...ordered.map(({ address }) => decodeBase58(address, KEY_BYTES)),
    decodeBase58(blockhash, KEY_BYTES),
    Uint8Array.from(size(calls.length)),
    ...calls.map(({ program, accounts, data }) => {
      const used = [program, ...accounts.map(({ address }) => address)].map((address) => /** @type {number} */ (places.get(address)));
      return concat(Uint8Array.from([used[0], ...size(accounts.length), ...used.slice(1), ...size(data.length)]), data);
    }),
  );
}

/**
 * A transaction: a message behind its signatures; zeros stand for those that are missing.
 * @param {Uint8Array} message
 * @param {Uint8Array[]} [signatures]
 * @returns {Uint8Array}
 */
export function joinTransaction(message, signatures = []) {
  const all = Array.from({ length: message[0] }, (_, place) => signatures[place] ?? new Uint8Array(SIGNATURE_BYTES));
  return concat(Uint8Array.from(size(all.length)), ...all, message);
}

/**
 * The first signature of a transaction, which names it. Raises NotSigned.
 * @param {Uint8Array} transaction
 * @returns {string}
 */
export function nameTransaction(transaction) {
  const first = transaction.subarray(1, 1 + SIGNATURE_BYTES);
  if (transaction[0] < 1 || first.length !== SIGNATURE_BYTES || first.every((byte) => !byte)) {
    throw new ZkLinkError("NotSigned", "the transaction is not signed", {});
  }
  return encodeBase58(first);
}

/**
 * @param {string} address
 * @param {boolean} [isSigner]
 * @returns {Meta}
 */
function writes(address, isSigner = false) {
  return { address, isSigner, isWritable: true };
}

/**
 * @param {string} address
 * @returns {Meta}
 */
function reads(address) {
  return { address, isSigner: false, isWritable: false };
}

/**
 * A count in seven bits a byte, the lowest first.
 * @param {number} count
 * @returns {number[]}
 */
function size(count) {
  return count < 0x80 ? [count] : [(count & 0x7f) | 0x80, ...size(count >> 7)];
}

/**
 * @param {bigint} base
 * @param {bigint} exponent
 * @returns {bigint}
 */
function power(base, exponent) {
  let result = 1n;
  for (let square = base % PRIME, left = exponent; left; left >>= 1n) {
    if (left & 1n) result = (result * square) % PRIME;
    square = (square * square) % PRIME;
  }
  return result;
}
