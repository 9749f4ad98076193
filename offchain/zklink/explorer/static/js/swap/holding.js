// @ts-check
/**
 * The recipient's account of the token on a Solana chain: a payout waits for it. It is made here if a wallet of that chain
 * is connected; anybody may make it later.
 */

import { SYSTEM_PROGRAM, compileMessage, encodeBase58, findHolding, fromHex, joinTransaction, limitUnits, makeHolding } from "../zklink/index.js";
import { readAccounts, readBlockhash, readProgram, tryTransaction, waitLanded } from "./programs.js";
import { signTransaction } from "./solana_wallets.js";

/** @typedef {import("./plan.js").Plan} Plan */
/** @typedef {{ wallet: import("./solana_wallets.js").SolanaWallet, account: import("./solana_wallets.js").Account }} Payer */

export const HOLDING = { holding: "The recipient's account of the token" };
const UNITS = 100_000;

/**
 * Raises Trouble, and what the wallet raises if its user declines.
 * @param {Plan} plan
 * @param {Payer | null} payer
 * @param {(words: string) => void} tell
 * @returns {Promise<{ words: string }>}
 */
export async function ensureHolding(plan, payer, tell) {
  const { to } = plan;
  const { token } = await readProgram(to, plan.order.tokenOut, plan.deploymentHash);
  if (token.program === SYSTEM_PROGRAM) return { words: "not needed for the chain's coin" };
  const owner = encodeBase58(fromHex(plan.order.recipient));
  const place = findHolding(owner, token.mint, token.program);
  const [held] = await readAccounts(to.chain, [place]);
  if (held) return { words: `there: ${place}` };
  const symbol = plan.tokenOut.symbol;
  if (!payer) return { words: `not there yet: ${symbol} is paid once somebody has made it, and waits until then. Connect a wallet of ${to.name} to make it now.` };
  tell(`Missing: confirm in your wallet that you make it (0.002 ${to.native_symbol})`);
  const call = makeHolding(payer.account.address, owner, token.mint, token.program);
  const { blockhash, lastHeight } = await readBlockhash(to.chain);
  const transaction = joinTransaction(compileMessage(payer.account.address, [limitUnits(UNITS), call], blockhash));
  await tryTransaction(to.chain, transaction);
  const { signature, wire } = await signTransaction(payer.wallet, payer.account, to.caip2, transaction);
  tell("Waiting for the chain");
  await waitLanded(to.chain, signature, lastHeight, wire);
  return { words: `made: ${place}` };
}
