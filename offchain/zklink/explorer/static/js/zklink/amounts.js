// @ts-check
/** Amounts as people write them, and fees in 16 bits (docs/protocol.md, section 1). Numbers never pass through floats. */

import { toBigInt } from "./bytes.js";
import { AMOUNT_BITS, AMOUNT_LIMIT, FEE_MANTISSA_BITS, PACKED_FEE_BITS } from "./constants.js";
import { ZkLinkError, fieldOutOfRange } from "./errors.js";

/** @import { Numeric } from "./bytes.js" */

const WRITTEN = /^([0-9]+)(?:\.([0-9]+))?$/;
const MANTISSA_LIMIT = 1n << BigInt(FEE_MANTISSA_BITS);

/**
 * The units of an amount such as "1.5". Raises NotAnAmount; TooManyDecimals where a digit would be lost.
 * @param {string} text Digits, and at most one point with digits on both sides.
 * @param {number} decimals
 * @returns {bigint}
 */
export function parseAmount(text, decimals) {
  const found = WRITTEN.exec(text);
  if (!found || found[1].length + (found[2] ?? "").length > 96) {
    throw new ZkLinkError("NotAnAmount", `"${String(text).slice(0, 40)}" is not an amount such as 1 or 0.25`, { text });
  }
  const fraction = (found[2] ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) {
    throw new ZkLinkError("TooManyDecimals", `this token has ${decimals} decimals, not ${fraction.length}`, { decimals });
  }
  return BigInt(found[1] + fraction.padEnd(decimals, "0"));
}

/**
 * Units as people write them, without zeros at the end.
 * @param {Numeric} units
 * @param {number} decimals
 * @returns {string}
 */
export function formatAmount(units, decimals) {
  const digits = toBigInt(units).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - decimals);
  return decimals && fraction ? `${whole}.${fraction}` : whole;
}

/**
 * The packed form of a fee. Raises FieldOutOfRange, and FeeNotPackable, which names the nearest fees.
 * @param {Numeric} fee In layer-2 units.
 * @returns {number}
 */
export function packFee(fee) {
  const value = toBigInt(fee, "fee");
  if (value < 0n || value >= AMOUNT_LIMIT) throw fieldOutOfRange("fee", "value", value, AMOUNT_BITS);
  let exponent = 0n;
  let mantissa = value;
  while (mantissa >= MANTISSA_LIMIT) {
    exponent += 1n;
    mantissa /= 10n;
  }
  const below = mantissa * 10n ** exponent;
  if (below !== value) {
    let above = mantissa + 1n === MANTISSA_LIMIT ? ((mantissa + 10n) / 10n) * 10n : mantissa + 1n;
    above *= 10n ** exponent;
    throw new ZkLinkError("FeeNotPackable", `${value} cannot be packed; ${below} can`, {
      value, below, above: above < AMOUNT_LIMIT ? above : null,
    });
  }
  return Number((exponent << BigInt(FEE_MANTISSA_BITS)) | mantissa);
}

/**
 * The value of a packed fee. Raises FieldOutOfRange.
 * @param {Numeric} packed
 * @returns {bigint}
 */
export function unpackFee(packed) {
  const bits = toBigInt(packed, "packed fee");
  if (bits < 0n || bits >> BigInt(PACKED_FEE_BITS)) throw fieldOutOfRange("fee", "packed", bits, PACKED_FEE_BITS);
  const value = (bits % MANTISSA_LIMIT) * 10n ** (bits >> BigInt(FEE_MANTISSA_BITS));
  if (value >= AMOUNT_LIMIT) throw fieldOutOfRange("fee", "value", value, AMOUNT_BITS);
  return value;
}

/**
 * The smallest fee from a value on that can be packed. Raises FieldOutOfRange if there is none.
 * @param {Numeric} fee
 * @returns {bigint}
 */
export function roundUpFee(fee) {
  try {
    return unpackFee(packFee(fee));
  } catch (error) {
    if (!(error instanceof ZkLinkError) || error.name !== "FeeNotPackable") throw error;
    if (error.fields.above === null) throw fieldOutOfRange("fee", "value", toBigInt(fee), AMOUNT_BITS);
    return /** @type {bigint} */ (error.fields.above);
  }
}
