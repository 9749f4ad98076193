// @ts-check
/** Wallets in this browser: how they are found (EIP-6963), asked (EIP-1193), and what their refusals mean. */

/** @typedef {{ request(question: { method: string, params?: unknown[] }): Promise<any>, on?: Function }} Provider */
/** @typedef {{ info: { uuid: string, name: string, icon?: string }, provider: Provider }} Wallet */

/** What stands in the way of a swap; `message` says what to do. */
export class Trouble extends Error {}

/** The node alone says that nothing was swapped: whoever believes it and sends again may swap twice. */
export class Unsure extends Trouble {}

const WORDS = new Map([
  [4001, "You have declined in the wallet. Nothing more was sent; press the button again if you want to."],
  [4100, "The wallet does not let this page use that account: allow it there, then try again."],
  [4200, "The wallet cannot do that: use another one."],
  [4900, "The wallet is not connected to any chain: check its connection."],
  [4901, "The wallet is not connected to that chain: check its connection."],
  [-32002, "The wallet has a question open: answer it there."],
  [-32603, ""],
]);

/**
 * Calls back for every wallet that announces itself, now or later.
 * @param {(wallet: Wallet) => void} found
 */
export function findWallets(found) {
  const seen = new Set();
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = /** @type {CustomEvent<Wallet>} */ (event).detail ?? {};
    if (typeof provider?.request !== "function" || typeof info?.uuid !== "string" || seen.has(info.uuid)) return;
    seen.add(info.uuid);
    found({ info, provider });
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
}

/**
 * An error of a wallet in words that say what to do.
 * @param {any} error
 * @returns {string}
 */
export function explain(error) {
  if (error instanceof Trouble) return error.message;
  const known = WORDS.get(error?.code);
  if (known) return known;
  const text = String(error?.data?.message ?? error?.message ?? error ?? "").slice(0, 300);
  if (/insufficient funds/i.test(text)) return "There is too little of the chain's coin for the fee and the gas: get some first.";
  return text || "The wallet has refused without a reason.";
}

/**
 * The wallet is on this chain afterwards; it may ask its user. Raises Trouble.
 * @param {Provider} provider
 * @param {{ name: string, caip2: string, native_symbol: string }} chain
 * @param {string | null} rpcUrl Where the wallet finds the chain if it does not know it; null if nobody says.
 */
export async function ensureChain(provider, chain, rpcUrl) {
  const wanted = `0x${BigInt(chain.caip2.split(":")[1]).toString(16)}`;
  const isThere = async () => BigInt(await provider.request({ method: "eth_chainId" })) === BigInt(wanted);
  if (await isThere()) return;
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: wanted }] });
  } catch (error) {
    if (/** @type {any} */ (error)?.code !== 4902) throw error;
    if (!rpcUrl) throw new Trouble(`The wallet does not know ${chain.name} (chain ${BigInt(wanted)}): add it there, then try again.`);
    const coin = { name: chain.native_symbol, symbol: chain.native_symbol, decimals: 18 };
    const added = { chainId: wanted, chainName: `${chain.name} (devnet)`, nativeCurrency: coin, rpcUrls: [rpcUrl] };
    await provider.request({ method: "wallet_addEthereumChain", params: [added] });
  }
  if (!(await isThere())) throw new Trouble(`The wallet is on another chain: switch it to ${chain.name}, then try again.`);
}

/**
 * What a contract answers, through the wallet's own connection to its chain.
 * @template T
 * @param {Provider} provider
 * @param {string} to
 * @param {{ data: string, decode: (answer: string) => T }} view
 * @returns {Promise<T>}
 */
export async function read(provider, to, view) {
  return view.decode(await provider.request({ method: "eth_call", params: [{ to, data: view.data }, "latest"] }));
}
