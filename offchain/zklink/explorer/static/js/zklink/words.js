// @ts-check
/** Words of 248 bits, as contracts and circuits read them (docs/protocol.md, section 4). */

import { toBigInt } from "./bytes.js";
import { LAYOUTS, WORD_BITS } from "./constants.js";
import { ZkLinkError, fieldOutOfRange } from "./errors.js";

/** @import { Numeric } from "./bytes.js" */
/** @typedef {{ name: string, fields: [string, number, number][] }} Layout */

/**
 * One word of its fields. Raises FieldMismatch unless exactly the layout's fields are given, and FieldOutOfRange.
 * @param {Layout} layout
 * @param {Record<string, Numeric>} values
 * @returns {bigint}
 */
export function packWord(layout, values) {
  const names = new Set(layout.fields.map(([name]) => name));
  const missing = [...names].filter((name) => !Object.hasOwn(values, name));
  const unknown = Object.keys(values).filter((name) => !names.has(name));
  if (missing.length || unknown.length) {
    throw new ZkLinkError("FieldMismatch", `${layout.name}: missing ${missing}; unknown ${unknown}`, { missing, unknown });
  }
  let word = 0n;
  for (const [name, bits, shift] of layout.fields) {
    const value = toBigInt(values[name], name);
    if (value < 0n || value >> BigInt(bits)) throw fieldOutOfRange(layout.name, name, value, bits);
    word |= value << BigInt(shift);
  }
  return word;
}

/**
 * The fields of one word. Raises UnusedBitsSet if a bit is set that belongs to no field.
 * @param {Layout} layout
 * @param {Numeric} word
 * @returns {Record<string, bigint>}
 */
export function unpackWord(layout, word) {
  const value = toBigInt(word, layout.name);
  /** @type {Record<string, bigint>} */
  const fields = {};
  let used = 0n;
  for (const [name, bits, shift] of layout.fields) {
    const mask = (1n << BigInt(bits)) - 1n;
    fields[name] = (value >> BigInt(shift)) & mask;
    used |= mask << BigInt(shift);
  }
  if (value < 0n || value >> BigInt(WORD_BITS) || value & ~used) {
    throw new ZkLinkError("UnusedBitsSet", `${layout.name}: ${value} has bits of no field`, { value });
  }
  return fields;
}

/**
 * The words of a record, whose fields are given together. Raises as `packWord`.
 * @param {string} record A name of `LAYOUTS`, such as "SWAP_REQUEST".
 * @param {Record<string, Numeric>} values
 * @returns {bigint[]}
 */
export function packRecord(record, values) {
  const layouts = findLayouts(record);
  const names = new Set(layouts.flatMap((layout) => layout.fields.map(([name]) => name)));
  const unknown = Object.keys(values).filter((name) => !names.has(name));
  if (unknown.length) throw new ZkLinkError("FieldMismatch", `${record}: unknown ${unknown}`, { missing: [], unknown });
  return layouts.map((layout) => {
    const own = layout.fields.filter(([name]) => Object.hasOwn(values, name)).map(([name]) => [name, values[name]]);
    return packWord(layout, Object.fromEntries(own));
  });
}

/**
 * All fields of a record. Raises WrongWordCount, UnusedBitsSet.
 * @param {string} record
 * @param {Numeric[]} words
 * @returns {Record<string, bigint>}
 */
export function unpackRecord(record, words) {
  const layouts = findLayouts(record);
  if (words.length !== layouts.length) {
    throw new ZkLinkError("WrongWordCount", `${record} has ${layouts.length} words, not ${words.length}`, {});
  }
  return Object.assign({}, ...layouts.map((layout, i) => unpackWord(layout, words[i])));
}

/**
 * @param {string} record
 * @returns {Layout[]}
 */
function findLayouts(record) {
  if (!Object.hasOwn(LAYOUTS, record)) throw new ZkLinkError("UnknownRecord", `there is no record ${record}`, { record });
  return LAYOUTS[record];
}
