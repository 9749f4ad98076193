// @ts-check
/**
 * Sends a swap from a Solana chain: what the program says is read before the wallet is asked to sign, each step in words;
 * the same bytes are handed in until they have landed, so one press swaps once.
 */

import { compileMessage, encodeProgramSwap, findDoorPrice, formatAmount, joinTransaction, limitUnits } from "../zklink/index.js";
import { HOLDING, ensureHolding } from "./holding.js";
import { makePlan, showTokens } from "./plan.js";
import { COIN_DECIMALS, isProgram, readAccounts, readBalance, readBlockhash, readProgram, readTime, tryTransaction, waitLanded } from "./programs.js";
import { signTransaction } from "./solana_wallets.js";
import { Trouble, Unsure, explain } from "./wallets.js";

/** @typedef {import("./plan.js").Form} Form */
/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {import("./holding.js").Payer} Payer */
/** @typedef {import("./send.js").Say} Say */

/** Compute units that a swap may take: many times what it does, for any token program. */
const UNITS = 200_000;
const SIGNATURE_LAMPORTS = 5_000n;
/** A door may cost so many times what the quote said: prices move between the two. */
const MOST_TIMES = 2n;

/** The steps in order, and how they are called. */
export const PROGRAM_STEPS = {
  quote: "The quote, recomputed",
  ...HOLDING,
  bridge: "The bridge, read on its chain",
  funds: "Your balance",
  send: "The swap, in your wallet",
  landed: "Confirmed by the chain",
};

/**
 * Raises Trouble; the step at which it stops is said to be bad.
 * @param {Payer} payer
 * @param {Form} form
 * @param {number} minutes Until the swap is refunded if no block has it.
 * @param {Say} say
 * @returns {Promise<string>} The signature that names the transaction.
 */
export async function sendFromProgram(payer, form, minutes, say) {
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
    const sender = payer.account.address;
    const plan = await run("quote", () => makePlan(sender, form, minutes));
    if (isProgram(plan.to)) await run("holding", () => ensureHolding(plan, payer, (words) => say("holding", "now", words)));
    const bridge = await run("bridge", () => checkProgram(plan));
    await run("funds", () => checkFunds(sender, plan, bridge));
    const sent = await run("send", () => sign(payer, plan, bridge, (words) => say("send", "now", words)));
    const tell = (/** @type {string} */ words) => say("landed", "now", words);
    await run("landed", () => waitLanded(plan.source.chain, sent.signature, sent.lastHeight, sent.wire, tell));
    return sent.signature;
  } catch (error) {
    say(step, "bad");
    throw error instanceof Unsure ? error : new Trouble(explain(error));
  }
}

/** @param {Plan} plan */
async function checkProgram(plan) {
  const { source, order } = plan;
  const { fields, token } = await readProgram(source, order.tokenIn, plan.deploymentHash);
  if (fields.frozen_at) throw new Trouble(`${source.name} is frozen: it takes no swaps any more. Nothing was sent.`);
  if (token.mint !== plan.token) throw new Trouble("The bridge knows the token by another mint than the node says. Nothing was sent.");
  if (token.isPaused) throw new Trouble(`The governor has paused ${plan.tokenIn.symbol} on ${source.name}. Nothing was sent.`);
  const now = await readTime(source);
  const fee = findDoorPrice(fields, plan.destination, now);
  if (fee > plan.doorFee * MOST_TIMES) throw new Trouble("The door costs more than the quote said: ask for the quote again. Nothing was sent.");
  return { fields, token, fee, now, words: `its door costs ${showCoin(fee, source)}` };
}

/** @typedef {Awaited<ReturnType<typeof checkProgram>>} Bridge */

/**
 * @param {string} sender
 * @param {Plan} plan
 * @param {Bridge} bridge
 */
async function checkFunds(sender, plan, { token, fee }) {
  const { source } = plan;
  const [held] = await readAccounts(source.chain, [sender]);
  const [coins, needed] = [held?.lamports ?? 0n, countCoins(plan, fee)];
  if (coins < needed) {
    throw new Trouble(`You have ${showCoin(coins, source)} on ${source.name}, and this takes ${showCoin(needed, source)}: get more of it first.`);
  }
  if (plan.isNative) return { words: "enough" };
  const balance = (await readBalance(source.chain, token, sender)) ?? 0n;
  if (balance < plan.l1Amount) {
    throw new Trouble(`You have ${showTokens(balance, plan)} on ${source.name}, and the swap takes ${showTokens(plan.l1Amount, plan)}: choose a smaller amount.`);
  }
  return { words: `${showTokens(balance, plan)} there` };
}

/**
 * @param {Payer} payer
 * @param {Plan} plan
 * @param {Bridge} bridge
 * @param {(words: string) => void} tell
 */
async function sign({ wallet, account }, plan, { fields, token, fee, now }, tell) {
  const { source, order } = plan;
  const swap = { ...order, fee, deadline: now + plan.seconds }; // by the clock of the chain that refuses a late one
  const call = encodeProgramSwap(source.contracts.program, account.address, fields, token, swap);
  const { blockhash, lastHeight } = await readBlockhash(source.chain);
  const transaction = joinTransaction(compileMessage(account.address, [limitUnits(UNITS), call], blockhash));
  await tryTransaction(source.chain, transaction);
  const tokens = plan.isNative ? "" : `${showTokens(plan.l1Amount, plan)} and `;
  tell(`Confirm it in your wallet. It has to show that it calls ${source.contracts.program}, and that no more leaves you than ${tokens}${showCoin(countCoins(plan, fee), source)}`);
  const signed = await signTransaction(wallet, account, source.caip2, transaction);
  return { ...signed, lastHeight, words: signed.signature };
}

/**
 * The lamports that a swap takes in all.
 * @param {Plan} plan
 * @param {bigint} fee
 * @returns {bigint}
 */
function countCoins(plan, fee) {
  return fee + SIGNATURE_LAMPORTS + (plan.isNative ? plan.l1Amount : 0n);
}

/**
 * @param {bigint} lamports
 * @param {any} chain
 * @returns {string}
 */
function showCoin(lamports, chain) {
  return `${formatAmount(lamports, COIN_DECIMALS)} ${chain.native_symbol}`;
}
