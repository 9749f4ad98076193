// @ts-check
/**
 * Poseidon over BN254's scalar field with circomlib's parameters, for 1 to 16 inputs.
 * Source: Grassi and others, eprint 2019/458; the constants come from the Grain LFSR of its appendix E.
 */

import { toBigInt } from "./bytes.js";
import { FIELD_BITS, MODULUS, POSEIDON_FULL_ROUNDS, POSEIDON_PARTIAL_ROUNDS } from "./constants.js";
import { ZkLinkError } from "./errors.js";

/** @import { Numeric } from "./bytes.js" */

/** @type {Map<number, { constants: bigint[][], mds: bigint[][] }>} */
const parameters = new Map();

/**
 * Hash 1 to 16 field elements to one. Raises NotAScalar unless all are below the modulus, and WrongInputCount.
 * @param {Numeric[]} inputs
 * @returns {bigint}
 */
export function poseidon(inputs) {
  const width = inputs.length + 1;
  if (width < 2 || width > POSEIDON_PARTIAL_ROUNDS.length + 1) {
    throw new ZkLinkError("WrongInputCount", `Poseidon takes 1 to 16 inputs, not ${inputs.length}`, {});
  }
  let state = [0n, ...inputs.map((input) => checkScalar(toBigInt(input, "input")))];
  const { constants, mds } = findParameters(width);
  const half = POSEIDON_FULL_ROUNDS / 2;
  constants.forEach((row, round) => {
    state = state.map((element, i) => (element + row[i]) % MODULUS);
    const isPartial = round >= half && round < constants.length - half;
    state = state.map((element, i) => (isPartial && i ? element : power5(element)));
    state = mds.map((line) => line.reduce((sum, factor, i) => sum + factor * state[i], 0n) % MODULUS);
  });
  return state[0];
}

/**
 * The number, if it is a canonical field element. Raises NotAScalar.
 * @param {bigint} value
 * @returns {bigint}
 */
export function checkScalar(value) {
  if (value < 0n || value >= MODULUS) {
    throw new ZkLinkError("NotAScalar", `${value} is not below the scalar field's modulus`, { value });
  }
  return value;
}

/**
 * A number to a power, modulo the field's order.
 * @param {bigint} base
 * @param {bigint} exponent
 * @returns {bigint}
 */
export function power(base, exponent) {
  let result = 1n;
  for (let square = base % MODULUS; exponent; exponent >>= 1n, square = (square * square) % MODULUS) {
    if (exponent & 1n) result = (result * square) % MODULUS;
  }
  return result;
}

/**
 * @param {bigint} element
 * @returns {bigint}
 */
function power5(element) {
  const square = (element * element) % MODULUS;
  return (((square * square) % MODULUS) * element) % MODULUS;
}

/**
 * @param {number} width
 * @returns {{ constants: bigint[][], mds: bigint[][] }}
 */
function findParameters(width) {
  let found = parameters.get(width);
  if (!found) {
    found = computeParameters(width);
    parameters.set(width, found);
  }
  return found;
}

/**
 * @param {number} width
 * @returns {{ constants: bigint[][], mds: bigint[][] }}
 */
function computeParameters(width) {
  const partialRounds = POSEIDON_PARTIAL_ROUNDS[width - 2];
  const numbers = grainNumbers(grainBits(width, partialRounds));
  const constants = Array.from({ length: POSEIDON_FULL_ROUNDS + partialRounds }, () =>
    Array.from({ length: width }, () => {
      let number = next(numbers);
      while (number >= MODULUS) number = next(numbers);
      return number;
    }),
  );
  const points = Array.from({ length: 2 * width }, () => next(numbers));
  const mds = points.slice(0, width).map((x) => points.slice(width).map((y) => power(x + y, MODULUS - 2n)));
  return { constants, mds };
}

/**
 * The self-shrinking generator: of each pair of bits, the second counts if the first is 1.
 * @param {number} width
 * @param {number} partialRounds
 * @returns {Generator<number>}
 */
function* grainBits(width, partialRounds) {
  const bits = lfsrBits(width, partialRounds);
  for (let i = 0; i < 160; i++) next(bits);
  for (;;) {
    const isSelected = next(bits);
    const bit = next(bits);
    if (isSelected) yield bit;
  }
}

/**
 * b[i+80] = b[i+62] + b[i+51] + b[i+38] + b[i+23] + b[i+13] + b[i].
 * @param {number} width
 * @param {number} partialRounds
 * @returns {Generator<number>}
 */
function* lfsrBits(width, partialRounds) {
  /** @type {[number, number][]} */
  const fields = [[1, 2], [0, 4], [FIELD_BITS, 12], [width, 12], [POSEIDON_FULL_ROUNDS, 10], [partialRounds, 10], [2 ** 30 - 1, 30]];
  const bits = Uint8Array.from(fields.map(([value, size]) => value.toString(2).padStart(size, "0")).join(""), Number);
  for (let i = 0; ; i = (i + 1) % 80) {
    const at = (/** @type {number} */ offset) => bits[(i + offset) % 80];
    bits[i] ^= at(62) ^ at(51) ^ at(38) ^ at(23) ^ at(13);
    yield bits[i];
  }
}

/**
 * @param {Generator<number>} bits
 * @returns {Generator<bigint>}
 */
function* grainNumbers(bits) {
  for (;;) {
    let text = "";
    for (let i = 0; i < FIELD_BITS; i++) text += next(bits);
    yield BigInt(`0b${text}`);
  }
}

/**
 * @template T
 * @param {Generator<T>} generator
 * @returns {T}
 */
function next(generator) {
  return /** @type {T} */ (generator.next().value);
}
