// @ts-check
/** Asks the node that serves this page, over its REST methods. */

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

/** Everything about the deployment that a swap needs, as the node says it now. */
export async function loadDeployment() {
  const [chains, tokens, deployment, status] = await Promise.all(
    ["/v1/chains", "/v1/tokens", "/v1/deployment", "/v1/status"].map((path) => ask(path)),
  );
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
