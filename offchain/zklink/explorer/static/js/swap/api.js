// @ts-check
/** Asks the node that serves this page, over its REST methods. */

import { computeDeploymentHash } from "../zklink/index.js";

/** The node has refused, or does not answer; `message` says why in words. */
export class NodeError extends Error {}

/**
 * @param {string} path
 * @param {Record<string, string | number>} [query]
 * @returns {Promise<any>}
 */
export async function ask(path, query = {}) {
  const given = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  let response;
  try {
    response = await fetch(given ? `${path}?${given}` : path, { headers: { accept: "application/json" } });
  } catch {
    throw new NodeError("The node that serves this page does not answer. Is it running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new NodeError(`The node says: ${body?.error?.message ?? `status ${response.status}`}.`);
  return body;
}

/**
 * Everything about the deployment that a swap needs, as the node says it now. Raises NodeError unless its chains, their
 * bridges and the circuits are those of the hash that this page shows.
 */
export async function loadDeployment() {
  const [chains, tokens, deployment, trust, status] = await Promise.all(
    ["/v1/chains", "/v1/tokens", "/v1/deployment", "/v1/trust", "/v1/status"].map((path) => ask(path)),
  );
  checkDeployment(document.getElementById("swap-data")?.dataset.deployment ?? "", deployment, chains.chains, trust.verification_keys);
  return {
    chains: new Map(chains.chains.map((/** @type {any} */ chain) => [chain.chain, chain])),
    tokens: new Map(tokens.tokens.map((/** @type {any} */ token) => [token.token, token])),
    deploymentHash: deployment.deployment_hash,
    now: status.timestamp,
    isDevnet: status.is_devnet,
  };
}

/** @typedef {Awaited<ReturnType<typeof loadDeployment>>} Deployment */

/**
 * Raises NodeError unless what is published hashes to the deployment that is expected: a bridge, and on Solana the program
 * that it is derived from, cannot be another one then.
 * @param {string} expected
 * @param {any} deployment
 * @param {any[]} chains
 * @param {Record<string, string>} keys
 */
export function checkDeployment(expected, deployment, chains, keys) {
  let found = "";
  try {
    found = computeDeploymentHash(deployment, chains, keys);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "WrongAnswer") throw error;
  }
  if (found === expected && deployment.deployment_hash === expected) return;
  throw new NodeError("The node names other chains, bridges or circuits than those of the deployment that this page is of. Nothing was sent. Load the page again; if that does not help, do not trust this node.");
}

/**
 * A quote and the pools of the same block, so that one can be computed from the other.
 * @param {Record<string, string | number>} question
 */
export async function askQuote(question) {
  for (let attempt = 0; attempt < 4; attempt++) {
    const [quote, pools] = await Promise.all([ask("/v1/quote", question), ask("/v1/pools")]);
    if (quote.block === pools.block) return { quote, pools: pools.pools };
  }
  throw new NodeError("The node seals blocks faster than it answers: try again.");
}

/**
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
