// @ts-check
/**
 * The test wallet of Solana: one of the Wallet Standard whose key is public, for local chains only. A devnet's node offers
 * it. It signs in this page and sends nothing.
 */

import { encodeBase58, fromHex } from "../zklink/index.js";
import { publicKeyOf, signMessage } from "./ed25519.js";

/** @typedef {import("./solana_wallets.js").SolanaWallet} SolanaWallet */

export const NAME = "Test wallet of Solana: its key is public, for local chains only";
const SIGNATURE_BYTES = 64;

/**
 * @param {string} seed 32 bytes in hexadecimal.
 * @returns {SolanaWallet}
 */
export function makeSolanaTestWallet(seed) {
  const key = fromHex(seed, 32, "seed");
  const publicKey = publicKeyOf(key);
  const chains = ["solana:localnet"];
  const features = ["solana:signTransaction"];
  const account = { address: encodeBase58(publicKey), publicKey, chains, features };

  const signTransaction = async (/** @type {{ transaction: Uint8Array }[]} */ ...asked) =>
    asked.map(({ transaction }) => {
      const signedTransaction = Uint8Array.from(transaction);
      const message = signedTransaction.subarray(1 + SIGNATURE_BYTES * transaction[0]);
      signedTransaction.set(signMessage(message, key), 1);
      return { signedTransaction };
    });
  return {
    name: NAME,
    chains,
    accounts: [account],
    features: {
      "standard:connect": { version: "1.0.0", connect: async () => ({ accounts: [account] }) },
      "solana:signTransaction": { version: "1.0.0", supportedTransactionVersions: ["legacy"], signTransaction },
    },
  };
}
