// @ts-check
/** Whom a swap pays, as people write it: an EVM address, or one of Solana in base58; each only where it means somebody. */

import { checkAddress, decodeBase58, fromHex, isKey, isRecipient, toHex, universalAddress } from "../zklink/index.js";
import { isProgram } from "./programs.js";
import { Trouble } from "./wallets.js";

/**
 * The 32 bytes of a recipient on a chain. Raises Trouble, which says what would be right.
 * @param {string} text
 * @param {any} chain Of the API.
 * @returns {string}
 */
export function readRecipient(text, chain) {
  if (!text) throw new Trouble(`Write whom it is for: an address on ${chain.name}, or connect a wallet of it.`);
  const found = /^0x[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : isProgram(chain) ? readSolana(text, chain) : readEvm(text, chain);
  if (!isRecipient(found, chain.address_format, chain.chain)) throw new Trouble(`The recipient is nobody on ${chain.name}: copy its address again.`);
  if (namesBridge(found, chain)) {
    throw new Trouble("The recipient is the bridge itself, which cannot be paid: write your own address.");
  }
  return found;
}

/**
 * Whether a universal address is the bridge of its chain, however it was written; an EVM address may be bound to the chain.
 * @param {string} found
 * @param {any} chain
 * @returns {boolean}
 */
function namesBridge(found, { contracts: { bridge }, address_format: format }) {
  if (isProgram({ address_format: format })) return found === toHex(decodeBase58(bridge, 32));
  return found.slice(4) === universalAddress(bridge).slice(4);
}

/**
 * A warning if a text is an address of Solana that is nobody's key; else empty, also for what is no address.
 * @param {string} text
 * @returns {string}
 */
export function warnOfRecipient(text) {
  try {
    const bytes = /^0x/i.test(text) ? fromHex(text.toLowerCase(), 32) : decodeBase58(text, 32);
    if (isKey(bytes)) return "";
  } catch {
    return "";
  }
  return "No wallet has a key for this address: a program has derived it, or it is an account that holds a token. Only a program that knows how can move what is paid there. Write the address of the wallet itself, unless you know that program.";
}

/**
 * @param {string} text
 * @param {any} chain
 * @returns {string}
 */
function readSolana(text, chain) {
  if (/^0x/i.test(text)) throw new Trouble(`That is an address of an EVM chain, with 20 bytes. On ${chain.name} addresses have 32, in base58.`);
  try {
    return toHex(decodeBase58(text, 32));
  } catch {
    throw new Trouble(`The recipient is no address of ${chain.name}: copy it again, 32 to 44 letters and digits in base58.`);
  }
}

/**
 * @param {string} text
 * @param {any} chain
 * @returns {string}
 */
function readEvm(text, chain) {
  if (/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text)) throw new Trouble(`That is an address of Solana. On ${chain.name} addresses begin with 0x and have 40 digits.`);
  try {
    return universalAddress(checkAddress(text));
  } catch {
    throw new Trouble("The recipient is no address: copy it again, with 0x and 40 digits.");
  }
}
