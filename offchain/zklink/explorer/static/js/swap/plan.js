// @ts-check
/** What a swap is going to be: its form read, its quote asked and recomputed. Nothing is asked of a wallet or a chain. */

import { computeMinOut, findContradiction, formatAmount, parseAmount } from "../zklink/index.js";
import { askQuote, loadDeployment } from "./api.js";
import { isProgram } from "./programs.js";
import { readRecipient } from "./recipient.js";
import { Trouble } from "./wallets.js";

/** @typedef {{ source: number, tokenIn: number, destination: number, tokenOut: number, amount: string, recipient: string, toleranceBps: number, isFast: boolean, bySignature: boolean }} Form */

/**
 * Raises Trouble.
 * @param {string} account Who gives, and is refunded.
 * @param {Form} form
 * @param {number} minutes Until the swap is refunded if no block has it.
 */
export async function makePlan(account, form, minutes) {
  const known = await loadDeployment();
  const [source, destination] = [known.chains.get(form.source), known.chains.get(form.destination)];
  const [tokenIn, tokenOut] = [known.tokens.get(form.tokenIn), known.tokens.get(form.tokenOut)];
  const contract = tokenIn?.contracts.find((/** @type {any} */ each) => each.chain === form.source);
  if (!source || !destination || !tokenOut || !contract) throw new Trouble("The deployment has no such token on that chain.");
  const amount = parseAmount(form.amount.trim(), tokenIn.decimals);
  if (!amount) throw new Trouble("Write an amount first.");
  const recipient = readRecipient(form.recipient.trim(), destination);
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
  const doorFee = BigInt(quote.fees.find((/** @type {any} */ fee) => fee.kind === "native").amount);
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
    words, order, seconds: 60 * minutes, source, tokenIn, doorFee, to: destination, tokenOut, token: contract.address, isNative: contract.is_native, l1Amount, bridge: source.contracts.bridge, entry: source.contracts.entry ?? "",
    deploymentHash: known.deploymentHash, destination: form.destination, bySignature: form.bySignature,
    evmChainId: isProgram(source) ? 0n : BigInt(source.caip2.split(":")[1]),
    rpcUrl: known.isDevnet ? new URL(`/swap/rpc/${form.source}`, location.href).href : null,
  };
}

/** @typedef {Awaited<ReturnType<typeof makePlan>>} Plan */

/**
 * An amount of what is given, in words.
 * @param {bigint} l1Amount
 * @param {Plan} plan
 * @returns {string}
 */
export function showTokens(l1Amount, plan) {
  const contract = plan.tokenIn.contracts.find((/** @type {any} */ each) => each.chain === plan.source.chain);
  return `${formatAmount(l1Amount / BigInt(contract.l1_per_unit), plan.tokenIn.decimals)} ${plan.tokenIn.symbol}`;
}
