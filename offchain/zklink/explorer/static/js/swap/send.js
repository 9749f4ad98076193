// @ts-check
/**
 * Sends a swap: looks at everything that can be known before the wallet is asked to sign, each step in words. What the
 * chain knows is asked through the wallet's own connection, not of the node.
 */

import {
  checkAddress, computeMinOut, findContradiction, formatAmount, parseAmount, readPrices, reads, universalAddress,
} from "../zklink/index.js";
import { askQuote, loadDeployment } from "./api.js";
import { Trouble, ensureChain, explain, read } from "./wallets.js";
import { chooseWay } from "./ways.js";

/** @typedef {import("./wallets.js").Provider} Provider */
/** @typedef {{ source: number, tokenIn: number, destination: number, tokenOut: number, amount: string, recipient: string, toleranceBps: number, isFast: boolean, bySignature: boolean }} Form */
/** @typedef {(step: string, state: "now" | "done" | "bad", words?: string) => void} Say */

const GWEI = 10n ** 9n;

/** The steps in order, and how they are called. */
export const STEPS = {
  quote: "The quote, recomputed",
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
 * @param {Say} say
 * @returns {Promise<string>} The hash of the transaction.
 */
export async function sendSwap(provider, account, form, minutes, say) {
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
 * @param {string} account
 * @param {Form} form
 * @param {number} minutes
 */
async function makePlan(account, form, minutes) {
  const known = await loadDeployment();
  const [source, destination] = [known.chains.get(form.source), known.chains.get(form.destination)];
  const [tokenIn, tokenOut] = [known.tokens.get(form.tokenIn), known.tokens.get(form.tokenOut)];
  const contract = tokenIn?.contracts.find((/** @type {any} */ each) => each.chain === form.source);
  if (!source || !destination || !tokenOut || !contract) throw new Trouble("The deployment has no such token on that chain.");
  const amount = parseAmount(form.amount.trim(), tokenIn.decimals);
  if (!amount) throw new Trouble("Write an amount first.");
  const recipient = readRecipient(form.recipient.trim() || account);
  const question = {
    source: form.source, token_in: form.tokenIn, amount: String(amount), destination: form.destination, token_out: form.tokenOut,
  };
  let { quote, pools } = await askQuote(question);
  if (form.isFast) {
    const floor = quote.fees.find((/** @type {any} */ fee) => fee.kind === "fill").floor;
    ({ quote, pools } = await askQuote({ ...question, fill_fee: floor }));
  }
  if (!quote.is_possible) throw new Trouble(`This swap would be refused or refunded now: ${quote.explanation}.`);
  const lie = findContradiction(quote, pools, form.tokenIn, form.tokenOut, 0);
  if (lie) throw new Trouble(`The node's quote is not what its pools give: ${lie}. Nothing was sent.`);
  const fillFee = quote.fees.find((/** @type {any} */ fee) => fee.kind === "fill").amount;
  const minOut = computeMinOut(quote.amount_out, fillFee, form.toleranceBps);
  const l1Amount = amount * BigInt(contract.l1_per_unit);
  if (String(l1Amount) !== quote.l1_amount) throw new Trouble("The node counts the token's units in two ways. Nothing was sent.");
  const order = {
    tokenIn: form.tokenIn, l1Amount, destination: form.destination, tokenOut: form.tokenOut, via: quote.via, minOut,
    operatorFee: 0, fillFee, recipient, refundTo: account, deadline: known.now + 60 * minutes,
  };
  const words = `at least ${formatAmount(minOut, tokenOut.decimals)} ${tokenOut.symbol} on ${destination.name}`;
  return {
    words, order, source, tokenIn, token: contract.address, isNative: contract.is_native, l1Amount, bridge: source.contracts.bridge, entry: source.contracts.entry ?? "",
    deploymentHash: known.deploymentHash, destination: form.destination, bySignature: form.bySignature,
    evmChainId: BigInt(source.caip2.split(":")[1]),
    rpcUrl: known.isDevnet ? new URL(`/swap/rpc/${form.source}`, location.href).href : null,
  };
}

/** @typedef {Awaited<ReturnType<typeof makePlan>>} Plan */

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

/**
 * @param {string} text
 * @returns {string}
 */
function readRecipient(text) {
  if (/^0x[0-9a-fA-F]{64}$/.test(text)) return text.toLowerCase();
  try {
    return universalAddress(checkAddress(text));
  } catch {
    throw new Trouble("The recipient is no address: copy it again, with 0x and 40 digits.");
  }
}

/**
 * @param {bigint} l1Amount
 * @param {Plan} plan
 * @returns {string}
 */
function showTokens(l1Amount, plan) {
  const contract = plan.tokenIn.contracts.find((/** @type {any} */ each) => each.chain === plan.source.chain);
  return `${formatAmount(l1Amount / BigInt(contract.l1_per_unit), plan.tokenIn.decimals)} ${plan.tokenIn.symbol}`;
}

