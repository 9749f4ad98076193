// @ts-check
/**
 * EdDSA over BabyJubjub with Poseidon, as circomlib's EdDSAPoseidonVerifier checks it in a circuit. A signature (R8, S) of
 * a field element M under the key A holds if S BASE8 = R8 + 8 h A with h = Poseidon(R8.x, R8.y, A.x, A.y, M).
 */

import { edwards } from "../../vendor/noble/curves/abstract/edwards.js";
import { blake512 } from "../../vendor/noble/hashes/blake1.js";
import { concat, fromBytesLittle, toBigInt, toBytes } from "./bytes.js";
import { BASE8_X, BASE8_Y, COFACTOR, CURVE_A, CURVE_D, MODULUS, SUBORDER } from "./constants.js";
import { ZkLinkError } from "./errors.js";
import { checkScalar, poseidon } from "./poseidon.js";

/** @import { Numeric } from "./bytes.js" */
/** @typedef {{ x: bigint, y: bigint }} Point */
/** @typedef {{ r8: Point, s: bigint }} Signature */

const Curve = edwards({
  p: MODULUS, n: SUBORDER, h: COFACTOR, a: CURVE_A, d: CURVE_D, Gx: BASE8_X, Gy: BASE8_Y,
});
const SEED_BYTES = 32;

/** A layer-2 signing key. Its secrets are private fields: no log and no JSON shows them. */
export class PrivateKey {
  #scalar;
  #nonceKey;

  /** @param {Uint8Array} seed 32 secret bytes. Raises WrongLength. */
  constructor(seed) {
    if (!(seed instanceof Uint8Array) || seed.length !== SEED_BYTES) {
      throw new ZkLinkError("WrongLength", `a seed has ${SEED_BYTES} bytes`, {});
    }
    const digest = blake512(seed);
    const pruned = digest.slice(0, 32);
    pruned[0] &= 0xf8; // a multiple of the cofactor
    pruned[31] = (pruned[31] & 0x7f) | 0x40;
    this.#scalar = fromBytesLittle(pruned);
    this.#nonceKey = digest.slice(32);
    /** @type {Point} */
    this.publicKey = toAffine(Curve.BASE.multiply((this.#scalar / COFACTOR) % SUBORDER));
    Object.freeze(this);
  }

  /** The hash of the public key that an account keeps. */
  get publicKeyHash() {
    return hashPublicKey(this.publicKey);
  }

  /**
   * Sign a field element, always with the same signature. Raises NotAScalar.
   * @param {Numeric} message
   * @returns {Signature}
   */
  sign(message) {
    const m = checkScalar(toBigInt(message, "message"));
    const nonce = fromBytesLittle(blake512(concat(this.#nonceKey, toBytes(m).reverse()))) % SUBORDER;
    const r8 = toAffine(Curve.BASE.multiply(nonce));
    const challenge = poseidon([r8.x, r8.y, this.publicKey.x, this.publicKey.y, m]);
    return { r8, s: (nonce + challenge * this.#scalar) % SUBORDER };
  }
}

/**
 * H_2(A.x, A.y), the hash of a public key. Raises NotAScalar.
 * @param {Point} publicKey
 * @returns {bigint}
 */
export function hashPublicKey(publicKey) {
  return poseidon([publicKey.x, publicKey.y]);
}

/**
 * Whether a signature holds. False as well for S outside [0, suborder), for numbers that are no field elements, and for
 * points that are off the curve or of small order.
 * @param {Point} publicKey
 * @param {bigint} message
 * @param {Signature} signature
 * @returns {boolean}
 */
export function verify(publicKey, message, { r8, s }) {
  if (s < 0n || s >= SUBORDER || message < 0n || message >= MODULUS) return false;
  if (![publicKey, r8].every((point) => isOnCurve(point) && !isSmallOrder(point))) return false;
  const challenge = poseidon([r8.x, r8.y, publicKey.x, publicKey.y, message]);
  const left = Curve.BASE.multiplyUnsafe(s);
  return left.equals(Curve.fromAffine(r8).add(clear(publicKey).multiplyUnsafe(challenge % SUBORDER)));
}

/**
 * @param {Point} point
 * @returns {boolean}
 */
export function isOnCurve({ x, y }) {
  if (x < 0n || x >= MODULUS || y < 0n || y >= MODULUS) return false;
  const [xx, yy] = [x * x, y * y];
  return (CURVE_A * xx + yy - 1n - CURVE_D * xx * yy) % MODULUS === 0n;
}

/**
 * @param {Point} point On the curve.
 * @returns {boolean}
 */
function isSmallOrder(point) {
  return clear(point).is0();
}

/**
 * Eight times a point on the curve: in the subgroup.
 * @param {Point} point
 */
function clear(point) {
  return Curve.fromAffine(point).double().double().double();
}

/**
 * @param {{ toAffine(): Point }} point
 * @returns {Point}
 */
function toAffine(point) {
  const { x, y } = point.toAffine();
  return Object.freeze({ x, y });
}
