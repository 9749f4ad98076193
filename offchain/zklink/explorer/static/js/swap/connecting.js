// @ts-check
/** The wallets that the page offers, and whom its reader has connected: an account on EVM chains, and one on Solana. */

import { byId, make } from "./dom.js";
import { connectSolana, findSolanaWallets } from "./solana_wallets.js";
import { Trouble, explain, findWallets } from "./wallets.js";

/** @typedef {import("./wallets.js").Wallet} Wallet */
/** @typedef {import("./wallets.js").Provider} Provider */
/** @typedef {import("./solana_wallets.js").SolanaWallet} SolanaWallet */
/** @typedef {import("./solana_wallets.js").Account} Account */
/** @typedef {"evm" | "solana"} Kind */

const LONGEST_NAME = 80;

let changed = () => {};
let tell = (/** @type {string} */ _words) => {};

/** Who is connected. */
export const connections = {
  /** @type {{ wallet: Wallet, provider: Provider, account: string } | null} */
  evm: null,
  /** @type {{ wallet: SolanaWallet, account: Account } | null} */
  solana: null,

  /**
   * The address of who is connected; empty if nobody is.
   * @param {Kind} kind
   * @returns {string}
   */
  account(kind) {
    return (kind === "evm" ? connections.evm?.account : connections.solana?.account.address) ?? "";
  },

  /**
   * @param {() => void} onChange
   * @param {(words: string) => void} onTrouble Told what went wrong, or nothing at a new try.
   */
  listen(onChange, onTrouble) {
    [changed, tell] = [onChange, onTrouble];
  },
};

/** Offers every wallet that announces itself, now or later. */
export function findAllWallets() {
  findWallets(offerEvm);
  findSolanaWallets(offerSolana);
}

/** @param {Wallet} wallet */
export function offerEvm(wallet) {
  const take = (/** @type {string | undefined} */ account) => {
    connections.evm = account ? { wallet, provider: wallet.provider, account } : null;
    changed();
  };
  offer("evm", wallet.info.name, wallet.info.icon, async () => {
    const accounts = await wallet.provider.request({ method: "eth_requestAccounts" });
    if (!accounts?.length) throw new Trouble("The wallet shows no account: open it and choose one for this page.");
    take(accounts[0]);
    wallet.provider.on?.("accountsChanged", (/** @type {string[]} */ now) => connections.evm?.wallet === wallet && take(now[0]));
  });
}

/** @param {SolanaWallet} wallet */
export function offerSolana(wallet) {
  const take = (/** @type {Account | undefined} */ account) => {
    connections.solana = account ? { wallet, account } : null;
    changed();
  };
  const name = /solana/i.test(wallet.name) ? wallet.name : `${wallet.name} (Solana)`;
  offer("solana", name, wallet.icon, async () => {
    take(await connectSolana(wallet));
    wallet.features["standard:events"]?.on("change", (/** @type {{ accounts?: Account[] }} */ now) => {
      if (now.accounts && connections.solana?.wallet === wallet) take(now.accounts[0]);
    });
  });
}

/**
 * A button that connects a wallet in place of another of its kind.
 * @param {Kind} kind
 * @param {string} name
 * @param {string | undefined} icon
 * @param {() => Promise<void>} connect
 */
function offer(kind, name, icon, connect) {
  document.getElementById("no-wallet")?.remove();
  const button = make("button", { type: "button", class: "second", "aria-pressed": "false", "data-kind": kind }, name.slice(0, LONGEST_NAME));
  if (icon?.startsWith("data:image/")) button.prepend(make("img", { src: icon, alt: "" }));
  button.addEventListener("click", async () => {
    tell("");
    try {
      await connect();
      for (const other of byId("wallets").querySelectorAll(`[data-kind=${kind}]`)) other.setAttribute("aria-pressed", String(other === button));
    } catch (error) {
      tell(explain(error));
    }
  });
  byId("wallets").append(button);
}
