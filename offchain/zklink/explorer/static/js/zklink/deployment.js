// @ts-check
/** What identifies a deployment: one hash of all that its nodes publish about it (docs/protocol.md, section 9). */

import { findBoundChain, isRecipient, universalAddress } from "./addresses.js";
import { decodeBase58, encodeBase58 } from "./base58.js";
import { fromHex, keccak, keccakWords, toBigInt, toBytes, toHex } from "./bytes.js";
import { ADDRESS_FORMATS, MAX_CHAINS } from "./constants.js";
import { ZkLinkError } from "./errors.js";

const TAG = "zklink.deployment.2";
const CAIP2_LETTERS = 32;

/**
 * The hash of a deployment as a node publishes it: it binds the genesis, the sizes, the circuits' keys, and of every chain its
 * id, its number or cluster, and its bridge. Whoever knows the hash from elsewhere needs to believe no node about these.
 * Raises WrongAnswer if they are those of no deployment.
 * @param {any} deployment `GET /v1/deployment`.
 * @param {any[]} chains `chains` of `GET /v1/chains`, in any order.
 * @param {Record<string, string>} keys `verification_keys` of `GET /v1/trust`.
 * @returns {string}
 */
export function computeDeploymentHash(deployment, chains, keys) {
  try {
    const table = [...chains].sort((a, b) => a.chain - b.chain);
    const isPrimary = table.some(({ chain, address_format: format }) => chain === deployment.primary && format === ADDRESS_FORMATS.EVM);
    if (!isPrimary || new Set(table.map(({ chain }) => chain)).size !== table.length) throw new Error("its chains are no table");
    /** @type {Uint8Array} */
    let folded = new Uint8Array(32);
    for (const chain of table) {
      const { number, bridge } = readEntry(chain);
      folded = keccakWords(folded, BigInt(chain.chain), number, BigInt(chain.address_format), bridge);
    }
    const numbers = [deployment.genesis_root, deployment.primary, deployment.token_limit, deployment.account_limit].map((each) => toBigInt(each));
    const circuits = ["swap", "account", "exit"].map((name) => fromHex(keys[name], 32, name));
    return toHex(keccakWords(keccak(TAG), ...numbers, ...circuits, folded));
  } catch (error) {
    throw new ZkLinkError("WrongAnswer", `this is no deployment: ${error instanceof Error ? error.message : error}`, {});
  }
}

/**
 * @param {any} chain
 * @returns {{ number: bigint, bridge: Uint8Array }}
 */
function readEntry({ chain, caip2, genesis, address_format: format, contracts }) {
  if (!Number.isInteger(chain) || chain < 1 || chain > MAX_CHAINS) throw new Error(`${chain} is no id of a chain`);
  const isEvm = format === ADDRESS_FORMATS.EVM;
  if (!isEvm && format !== ADDRESS_FORMATS.BYTES32) throw new Error(`${format} is no format of addresses`);
  const number = toBigInt(genesis);
  const name = isEvm ? `eip155:${number}` : `solana:${encodeBase58(toBytes(number)).slice(0, CAIP2_LETTERS)}`;
  if (number <= 0n || caip2 !== name) throw new Error(`chain ${chain} is ${caip2} by name and ${name} by number`);
  const bridge = isEvm ? universalAddress(contracts.bridge) : toHex(decodeBase58(contracts.bridge, 32));
  if (!isRecipient(bridge, format, chain) || (isEvm && findBoundChain(bridge) !== 0)) throw new Error(`the bridge of chain ${chain} is no address there`);
  return { number, bridge: fromHex(bridge) };
}
