// @ts-check
/**
 * The test wallet: a wallet whose key is public, for local chains only. A devnet's node offers it. It signs in this page
 * and reaches the chains through the node (`/swap/rpc/..`), so no other address is spoken to.
 */

import { addressOf, computeDigest, signDigest } from "../zklink/index.js";
import { isProgram } from "./programs.js";
import { signTransaction } from "./rlp.js";

/** @typedef {import("./wallets.js").Wallet} Wallet */

export const NAME = "Test wallet: its key is public, for local chains only";

/**
 * @param {string} key
 * @param {Map<number, any>} chains Those of the API, by their ids.
 * @returns {Wallet}
 */
export function makeTestWallet(key, chains) {
  const address = addressOf(key);
  const places = new Map([...chains.values()].filter((chain) => !isProgram(chain)).map((chain) => [BigInt(chain.caip2.split(":")[1]), chain.chain]));
  let chainId = [...places.keys()][0];

  /** @type {Record<string, (params: any[]) => any>} */
  const own = {
    eth_requestAccounts: () => [address],
    eth_accounts: () => [address],
    eth_chainId: () => `0x${chainId.toString(16)}`,
    wallet_switchEthereumChain: ([{ chainId: wanted }]) => {
      if (!places.has(BigInt(wanted))) throw Object.assign(new Error("this chain is not known"), { code: 4902 });
      chainId = BigInt(wanted);
      return null;
    },
    eth_signTypedData_v4: ([, data]) => {
      const { r, s, recovery } = signDigest(computeDigest(typeof data === "string" ? JSON.parse(data) : data), key);
      return `0x${[r, s].map((part) => part.toString(16).padStart(64, "0")).join("")}${(27 + recovery).toString(16)}`;
    },
    eth_sendTransaction: async ([{ to, value = "0x0", data = "0x" }]) => {
      const call = { from: address, to, value, data };
      const [nonce, gasPrice, gas] = await Promise.all([
        relay("eth_getTransactionCount", [address, "pending"]), relay("eth_gasPrice", []), relay("eth_estimateGas", [call]),
      ]);
      const signed = signTransaction(
        { nonce: BigInt(nonce), gasPrice: BigInt(gasPrice) * 2n, gas: (BigInt(gas) * 5n) / 4n, to, value: BigInt(value), data, chainId },
        key,
      );
      return relay("eth_sendRawTransaction", [signed]);
    },
  };

  /**
   * @param {string} method
   * @param {unknown[]} params
   */
  async function relay(method, params) {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`/swap/rpc/${places.get(chainId)}`, { method: "POST", headers, body });
    const answer = await response.json();
    if (answer.error) throw Object.assign(new Error(answer.error.message), { code: answer.error.code, data: answer.error.data });
    return answer.result;
  }

  /** @type {import("./wallets.js").Provider} */
  const provider = {
    request: async ({ method, params = [] }) => (Object.hasOwn(own, method) ? own[method](params) : relay(method, params)),
  };
  return { info: { uuid: "test-wallet", name: NAME }, provider };
}

