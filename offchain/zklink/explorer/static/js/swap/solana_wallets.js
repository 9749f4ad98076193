// @ts-check
/** Wallets of Solana in this browser, by the Wallet Standard: how they are found, asked for an account, and sign. */

import { encodeBase58, nameTransaction } from "../zklink/index.js";
import { Trouble } from "./wallets.js";

/**
 * @typedef {{ address: string, publicKey: Uint8Array, chains: readonly string[], features: readonly string[] }} Account
 * @typedef {{ name: string, icon?: string, chains: readonly string[], features: Record<string, any>, accounts: readonly Account[] }} SolanaWallet
 */

/** Clusters by what the standard calls them, and how their genesis hashes begin (CAIP-2). */
const CLUSTERS = new Map([
  ["5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", "solana:mainnet"],
  ["EtWTRABZaYq6iMfeYKouRu166VU2xqa1", "solana:devnet"],
  ["4uhcVJyU9pJkvQyS88uRDiswHXSGkY3z", "solana:testnet"],
]);
const LOCAL = "solana:localnet";
const [SIGN, SIGN_AND_SEND] = ["solana:signTransaction", "solana:signAndSendTransaction"];

/**
 * Whether a chain is a public cluster by what a wallet is asked to sign for; its time is that of the world.
 * @param {string} caip2
 * @returns {boolean}
 */
export function isPublicCluster(caip2) {
  return CLUSTERS.has(caip2.split(":")[1]);
}

/**
 * Calls back for every wallet that can sign for Solana and registers itself, now or later.
 * @param {(wallet: SolanaWallet) => void} found
 */
export function findSolanaWallets(found) {
  const seen = new Set();
  const register = (/** @type {SolanaWallet[]} */ ...wallets) => {
    for (const wallet of wallets) {
      if (!isUsable(wallet) || seen.has(wallet)) continue;
      seen.add(wallet);
      found(wallet);
    }
    return () => {};
  };
  const api = Object.freeze({ register });
  window.addEventListener("wallet-standard:register-wallet", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (typeof detail === "function") detail(api);
  });
  window.dispatchEvent(new CustomEvent("wallet-standard:app-ready", { detail: api }));
}

/**
 * @param {any} wallet
 * @returns {boolean}
 */
function isUsable(wallet) {
  const features = wallet?.features ?? {};
  const connects = typeof features["standard:connect"]?.connect === "function";
  const signs = typeof features[SIGN]?.signTransaction === "function" || typeof features[SIGN_AND_SEND]?.signAndSendTransaction === "function";
  return typeof wallet?.name === "string" && connects && signs;
}

/**
 * An account that the wallet shows; it may ask its user. Raises Trouble without one.
 * @param {SolanaWallet} wallet
 * @returns {Promise<Account>}
 */
export async function connectSolana(wallet) {
  const { accounts } = await wallet.features["standard:connect"].connect();
  const account = accounts?.find((/** @type {Account} */ each) => each.publicKey?.length === 32);
  if (!account) throw new Trouble("The wallet shows no account of Solana: open it and choose one for this page.");
  return account;
}

/**
 * The wallet signs, and hands the transaction in where it can do nothing else. Bytes are there where it only signed.
 * @param {SolanaWallet} wallet
 * @param {Account} account
 * @param {string} caip2 The cluster.
 * @param {Uint8Array} transaction
 * @returns {Promise<{ signature: string, wire?: Uint8Array }>}
 */
export async function signTransaction(wallet, account, caip2, transaction) {
  const asked = { account, transaction, chain: CLUSTERS.get(caip2.split(":")[1]) ?? LOCAL };
  if (wallet.features[SIGN]) {
    const [{ signedTransaction }] = await wallet.features[SIGN].signTransaction(asked);
    const wire = Uint8Array.from(signedTransaction);
    return { signature: nameTransaction(wire), wire };
  }
  const [{ signature }] = await wallet.features[SIGN_AND_SEND].signAndSendTransaction(asked);
  return { signature: encodeBase58(Uint8Array.from(signature)) };
}
