// @ts-check
/**
 * Sends a swap: looks at everything that can be known before the wallet is asked to sign, each step in words. What the
 * chain knows is asked through the wallet's own connection, not of the node.
 */

import { formatAmount, readPrices, reads } from "../zklink/index.js";
import { HOLDING, ensureHolding } from "./holding.js";
import { makePlan, showTokens } from "./plan.js";
import { isProgram } from "./programs.js";
import { Trouble, ensureChain, explain, read } from "./wallets.js";
import { chooseWay } from "./ways.js";

/** @typedef {import("./wallets.js").Provider} Provider */
/** @typedef {import("./plan.js").Form} Form */
/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {import("./holding.js").Payer} Payer */
/** @typedef {(step: string, state: "now" | "done" | "bad", words?: string) => void} Say */

const GWEI = 10n ** 9n;

/** The steps in order, and how they are called; the recipient's account is one only where chains have such. */
export const STEPS = {
  quote: "The quote, recomputed",
  ...HOLDING,
  chain: "The chain in your wallet",
  bridge: "The bridge, asked on that chain",
  funds: "Your balance",
  approve: "Permission for the bridge to take the amount",
  send: "The swap",
};

/**
 * Raises Trouble, or what the wallet raises; the step at which it stops is said to be bad.
 * @param {Provider} provider
 * @param {string} account
 * @param {Form} form
 * @param {number} minutes Until the swap is refunded if no block has it.
 * @param {Payer | null} payer Who makes the recipient's account where it is missing.
 * @param {Say} say
 * @returns {Promise<string>} The hash of the transaction.
 */
export async function sendSwap(provider, account, form, minutes, payer, say) {
  /** @type {string} */
  let step = "quote";
  const run = async (/** @type {string} */ name, /** @type {() => Promise<any>} */ act) => {
    step = name;
    say(name, "now");
    const found = await act();
    say(name, "done", found?.words ?? "");
    return found;
  };
  try {
    const plan = await run("quote", () => makePlan(account, form, minutes));
    if (isProgram(plan.to)) await run("holding", () => ensureHolding(plan, payer, (words) => say("holding", "now", words)));
    await run("chain", () => ensureChain(provider, plan.source, plan.rpcUrl));
    const price = await run("bridge", () => checkBridge(provider, plan));
    const value = price.wei + (plan.isNative ? plan.l1Amount : 0n);
    await run("funds", () => checkFunds(provider, account, plan, value));
    const tell = (/** @type {string} */ words) => say("approve", "now", words);
    const amount = showTokens(plan.l1Amount, plan);
    const { call } = await run("approve", () => chooseWay(provider, account, plan, value, amount, tell));
    const sent = await run("send", () => send(provider, call));
    return sent.hash;
  } catch (error) {
    say(step, "bad");
    throw new Trouble(explain(error));
  }
}

/**
 * @param {Provider} provider
 * @param {Plan} plan
 */
async function checkBridge(provider, plan) {
  const elsewhere = new Trouble(
    `On the chain that your wallet reaches there is no bridge of this deployment at ${plan.bridge}. Nothing was sent.` +
      (plan.rpcUrl ? ` This is a devnet: use the test wallet, or give your wallet ${plan.rpcUrl} for this chain.` : " Check the wallet's connection, or the node."),
  );
  try {
    const [hash, chain, isFrozen, prices, registry] = await Promise.all([
      read(provider, plan.bridge, reads.deploymentHash()), read(provider, plan.bridge, reads.chainId()),
      read(provider, plan.bridge, reads.isFrozen()), read(provider, plan.bridge, readPrices()), read(provider, plan.bridge, reads.registry()),
    ]);
    if (hash !== plan.deploymentHash || chain !== BigInt(plan.source.chain)) throw elsewhere;
    if (isFrozen) throw new Trouble(`${plan.source.name} is frozen: it takes no swaps any more. Nothing was sent.`);
    const token = await read(provider, String(registry), reads.tokenContract(plan.order.tokenIn));
    if (String(token).toLowerCase() !== plan.token.toLowerCase()) throw new Trouble("The bridge knows the token by another contract than the node says. Nothing was sent.");
    const wei = prices[plan.destination] * GWEI;
    return { wei, words: `its door costs ${formatAmount(wei, 18)} ${plan.source.native_symbol}` };
  } catch (error) {
    if (error instanceof Trouble) throw error;
    if (error instanceof Error && error.name === "WrongAnswer") throw elsewhere;
    throw error;
  }
}

/**
 * @param {Provider} provider
 * @param {string} account
 * @param {Plan} plan
 * @param {bigint} value
 */
async function checkFunds(provider, account, plan, value) {
  const coins = BigInt(await provider.request({ method: "eth_getBalance", params: [account, "latest"] }));
  if (coins <= value) {
    throw new Trouble(
      `You have ${formatAmount(coins, 18)} ${plan.source.native_symbol} on ${plan.source.name}, and this takes ${formatAmount(value, 18)} and gas: get more of it first.`,
    );
  }
  if (plan.isNative) return { words: "enough" };
  const held = /** @type {bigint} */ (await read(provider, plan.token, reads.balanceOf(account)));
  if (held < plan.l1Amount) {
    const short = showTokens(held, plan);
    throw new Trouble(`You have ${short} on ${plan.source.name}, and the swap takes ${showTokens(plan.l1Amount, plan)}: choose a smaller amount.`);
  }
  return { words: `${showTokens(held, plan)} there` };
}

/**
 * @param {Provider} provider
 * @param {import("./ways.js").Call} call
 */
async function send(provider, call) {
  // Tried first: a wallet would sign what is refused, and the gas would be gone.
  await provider.request({ method: "eth_call", params: [call, "latest"] });
  const hash = await provider.request({ method: "eth_sendTransaction", params: [call] });
  return { hash, words: "sent" };
}
