// @ts-check
/** What a swap gives, recomputed from published reserves: the rule of docs/protocol.md, section 5.1. */

import { toBigInt } from "./bytes.js";
import { FEE_DENOMINATOR } from "./constants.js";
import { ZkLinkError } from "./errors.js";

/** @import { Numeric } from "./bytes.js" */
/** @typedef {{ token_a: number, token_b: number, reserve_a: string, reserve_b: string, fee_bps: number }} Pool */
/** @typedef {{ via: number, out: bigint, amounts: bigint[] }} Route `amounts` is what goes in, and what comes out of each pool. */

/**
 * floor(y g / (x D + g)) with g = dx (D - fee): what dx buys from a pool with reserves (x, y).
 * @param {Numeric} dx At least 1.
 * @param {Numeric} x
 * @param {Numeric} y
 * @param {Numeric} feeBps
 * @returns {bigint}
 */
export function computeOut(dx, x, y, feeBps) {
  const g = toBigInt(dx) * (FEE_DENOMINATOR - toBigInt(feeBps));
  return g === 0n ? 0n : (toBigInt(y) * g) / (toBigInt(x) * FEE_DENOMINATOR + g);
}

/**
 * What an amount gives through the pool of two tokens, or through a token between; null where a pool is missing or empty.
 * @param {Pool[]} pools As `GET /v1/pools` has them.
 * @param {number} tokenIn
 * @param {number} tokenOut
 * @param {Numeric} amount Without the operator's fee, in layer-2 units.
 * @param {number} [via] 0 for none.
 * @returns {Route | null}
 */
export function computeRoute(pools, tokenIn, tokenOut, amount, via = 0) {
  const tokens = via ? [tokenIn, via, tokenOut] : tokenIn === tokenOut ? [tokenIn] : [tokenIn, tokenOut];
  if (new Set(tokens).size !== tokens.length) return null;
  const amounts = [toBigInt(amount, "amount")];
  for (let i = 1; i < tokens.length; i++) {
    const reserves = findReserves(pools, tokens[i - 1], tokens[i]);
    if (!reserves || !reserves.x || !reserves.y) return null;
    amounts.push(computeOut(amounts[i - 1], reserves.x, reserves.y, reserves.feeBps));
  }
  return { via, out: amounts[amounts.length - 1], amounts };
}

/**
 * The way that brings most: straight, or through one token between. Null if there is none.
 * @param {Pool[]} pools
 * @param {number} tokenIn
 * @param {number} tokenOut
 * @param {Numeric} amount
 * @returns {Route | null}
 */
export function findBestRoute(pools, tokenIn, tokenOut, amount) {
  const between = new Set(pools.flatMap((pool) => [pool.token_a, pool.token_b]));
  const ways = tokenIn === tokenOut ? [0] : [0, ...[...between].filter((via) => via).sort((left, right) => left - right)];
  /** @type {Route | null} */
  let best = null;
  for (const via of ways) {
    const route = computeRoute(pools, tokenIn, tokenOut, amount, via);
    if (route && (!best || route.out > best.out)) best = route;
  }
  return best;
}

/**
 * The least that a user accepts: the output less the fill fee and a tolerance.
 * @param {Numeric} out
 * @param {Numeric} fillFee
 * @param {number} toleranceBps 0..10,000.
 * @returns {bigint} 0 where nothing is left.
 */
export function computeMinOut(out, fillFee, toleranceBps) {
  if (!Number.isInteger(toleranceBps) || toleranceBps < 0 || toleranceBps > 10_000) {
    throw new ZkLinkError("WrongArguments", "a tolerance is 0 to 10,000 of 10,000", { toleranceBps });
  }
  const least = (toBigInt(out) * BigInt(10_000 - toleranceBps)) / 10_000n - toBigInt(fillFee);
  return least > 0n ? least : 0n;
}

/**
 * What a quote of a node says that cannot be: empty if the pools that it publishes give its output. Reserves that it
 * invents in both places are not found out by this.
 * @param {{ amount_in: string, amount_out: string, via: number }} quote
 * @param {Pool[]} pools
 * @param {number} tokenIn
 * @param {number} tokenOut
 * @param {Numeric} operatorFee
 * @returns {string}
 */
export function findContradiction(quote, pools, tokenIn, tokenOut, operatorFee) {
  const route = computeRoute(pools, tokenIn, tokenOut, toBigInt(quote.amount_in) - toBigInt(operatorFee), quote.via);
  if (!route) return "the node names a route without pools";
  const out = toBigInt(quote.amount_out);
  return route.out === out ? "" : `the pools give ${route.out}, and the node says ${out}`;
}

/**
 * @param {Pool[]} pools
 * @param {number} tokenIn
 * @param {number} tokenOut
 */
function findReserves(pools, tokenIn, tokenOut) {
  for (const pool of pools) {
    const [a, b] = [toBigInt(pool.reserve_a), toBigInt(pool.reserve_b)];
    if (pool.token_a === tokenIn && pool.token_b === tokenOut) return { x: a, y: b, feeBps: pool.fee_bps };
    if (pool.token_b === tokenIn && pool.token_a === tokenOut) return { x: b, y: a, feeBps: pool.fee_bps };
  }
  return null;
}
