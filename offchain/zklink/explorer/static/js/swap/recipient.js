// @ts-check
/** Whom a swap pays, as people write it: an EVM address, or one of Solana in base58; each only where it means somebody. */

import { checkAddress, decodeBase58, isRecipient, toHex, universalAddress } from "../zklink/index.js";
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
  if (isProgram(chain) ? text === chain.contracts.bridge : text.toLowerCase() === chain.contracts.bridge.toLowerCase()) {
    throw new Trouble("The recipient is the bridge itself, which cannot be paid: write your own address.");
  }
  return found;
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
