// @ts-check
/** The swap page in a browser with JavaScript: quotes while one types, wallets, the sending, and the swap's life. */

import { loadDeployment } from "./api.js";
import { connections, findAllWallets, offerEvm, offerSolana } from "./connecting.js";
import { byId, make, makeLine } from "./dom.js";
import { warnOfRecipient } from "./recipient.js";
import { STEPS, sendSwap } from "./send.js";
import { makeSolanaTestWallet } from "./solana_test_wallet.js";
import { PROGRAM_STEPS, sendFromProgram } from "./solana_send.js";
import { makeTestWallet } from "./test_wallet.js";
import { Trouble, Unsure, explain } from "./wallets.js";
import { describePaid, describeWay, watchSwap } from "./watch.js";

/** @typedef {import("./dom.js").State} State */
/** @typedef {import("./connecting.js").Kind} Kind */

const PAUSE_MS = 350;
const NAMES = { evm: "EVM chains", solana: "Solana" };

const form = /** @type {HTMLFormElement} */ (byId("form"));
const sendButton = /** @type {HTMLButtonElement} */ (byId("send"));
const recipientField = /** @type {HTMLInputElement} */ (byId("recipient"));
const data = byId("swap-data").dataset;
let isSending = false;

/**
 * The kind of wallet that a side of the swap needs.
 * @param {"from" | "to"} side
 * @returns {Kind}
 */
function kindOf(side) {
  const select = /** @type {HTMLSelectElement} */ (byId(side));
  return select.selectedOptions[0]?.dataset.format === "2" ? "solana" : "evm";
}

// -- the quote ---------------------------------------------------------------------------------------------------------

let asking = 0;
let timer = 0;

async function refreshQuote() {
  const turn = ++asking;
  const query = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  const shown = byId("quote");
  shown.classList.add("is-stale");
  try {
    const response = await fetch(`/swap?${query}`, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("quote");
    if (turn !== asking) return;
    if (fresh) shown.replaceChildren(...fresh.childNodes);
    else shown.replaceChildren(make("h2", {}, "Quote"), make("p", {}, page.querySelector("h1")?.textContent ?? "The node does not answer."));
    const mistake = Boolean(document.getElementById("mistake"));
    const amount = byId("amount");
    if (mistake) amount.setAttribute("aria-invalid", "true");
    else amount.removeAttribute("aria-invalid");
  } catch {
    if (turn === asking) shown.replaceChildren(make("h2", {}, "Quote"), make("p", {}, "The node does not answer. Is it running?"));
  } finally {
    if (turn === asking) shown.classList.remove("is-stale");
  }
}

form.addEventListener("input", () => {
  showConnections();
  clearTimeout(timer);
  timer = setTimeout(refreshQuote, PAUSE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  refreshQuote();
});

// -- wallets -----------------------------------------------------------------------------------------------------------

/** Who is connected, what is missing for this swap, and whether it can be sent. */
function showConnections() {
  const [giving, getting] = [kindOf("from"), kindOf("to")];
  const lines = Object.entries(NAMES).flatMap(([kind, name]) => {
    const account = connections.account(/** @type {Kind} */ (kind));
    return account ? [make("p", {}, `On ${name} `, make("code", {}, account))] : [];
  });
  const isConnected = Boolean(connections.account(giving));
  if (lines.length && !isConnected) lines.push(make("p", { class: "soft" }, `To give from there, connect a wallet of ${NAMES[giving]}.`));
  const shown = byId("account");
  shown.hidden = !lines.length;
  shown.replaceChildren(...lines);
  recipientField.placeholder = connections.account(getting) || giving === getting ? "your own address there" : `an address on ${NAMES[getting]}`;
  byId("by-signature").closest("label")?.toggleAttribute("hidden", giving === "solana");
  sendButton.disabled = !isConnected || isSending;
  const warning = getting === "solana" ? warnOfRecipient(recipientField.value.trim()) : "";
  byId("recipient-warning").hidden = !warning;
  byId("recipient-warning").textContent = warning;
}

// -- sending -----------------------------------------------------------------------------------------------------------

/** @param {string} words */
function showTrouble(words) {
  byId("trouble").replaceChildren(...(words ? [make("p", { class: "says bad" }, words)] : []));
}

function readForm() {
  const given = new FormData(form);
  const text = (/** @type {string} */ name) => String(given.get(name) ?? "");
  const [source, tokenIn] = text("from").split("-").map(Number);
  const [destination, tokenOut] = text("to").split("-").map(Number);
  const tolerance = /^([0-9]{1,2})(?:\.([0-9]{1,2}))?$/.exec(text("tolerance").trim());
  if (!tolerance) throw new Trouble("Write the tolerance in percent, such as 0.5.");
  const toleranceBps = Number(tolerance[1]) * 100 + Number((tolerance[2] ?? "").padEnd(2, "0"));
  if (toleranceBps > 5000) throw new Trouble("A tolerance above 50 % gives the swap away.");
  const recipient = recipientField.value.trim() || connections.account(kindOf("to"));
  const bySignature = /** @type {HTMLInputElement} */ (byId("by-signature")).checked;
  return { source, tokenIn, destination, tokenOut, amount: text("amount"), recipient, toleranceBps, isFast: text("fast") === "yes", bySignature };
}

sendButton.addEventListener("click", async () => {
  const [giving, isToProgram] = [kindOf("from"), kindOf("to") === "solana"];
  if (!connections.account(giving) || isSending) return;
  const steps = byId("steps");
  const all = giving === "solana" ? PROGRAM_STEPS : STEPS;
  const titles = Object.entries(all).filter(([name]) => isToProgram || name !== "holding");
  /** @type {Map<string, [State, string]>} */
  const states = new Map();
  isSending = sendButton.disabled = true;
  showTrouble("");
  const say = (/** @type {string} */ step, /** @type {State} */ state, words = "") => {
    states.set(step, [state, words]);
    steps.hidden = false;
    steps.replaceChildren(...titles.map(([name, title]) => makeLine(...line(states.get(name), title))));
  };
  try {
    const hash = await send(giving, say);
    sendButton.textContent = "Send another swap";
    history.replaceState(null, "", `/swap?tx=${hash}`);
    watch(hash);
  } catch (error) {
    showTrouble(explain(error));
    if (error instanceof Unsure) sendButton.textContent = "I have looked into my wallet: send again";
  } finally {
    isSending = false;
    showConnections();
  }
});

/**
 * @param {Kind} giving
 * @param {import("./send.js").Say} say
 * @returns {Promise<string>} What names the transaction.
 */
async function send(giving, say) {
  const { evm, solana } = connections;
  if (giving === "solana") return sendFromProgram(/** @type {NonNullable<typeof solana>} */ (solana), readForm(), Number(data.minutes), say);
  const { provider, account } = /** @type {NonNullable<typeof evm>} */ (evm);
  return sendSwap(provider, account, readForm(), Number(data.minutes), solana, say);
}

/**
 * @param {[State, string] | undefined} found
 * @param {string} title
 * @returns {[State, string, string]}
 */
function line(found, title) {
  return found ? [found[0], title, found[1]] : ["todo", title, ""];
}

// -- the swap's life ---------------------------------------------------------------------------------------------------

/** @type {Map<number, any>} */
let tokens = new Map();

/** @param {string} hash */
function watch(hash) {
  byId("watch").hidden = false;
  byId("watch-more").setAttribute("href", `/transfers/${hash}`);
  watchSwap(hash, (answer, trouble) => {
    const transfer = answer?.transfers[0] ?? null;
    const wait = transfer?.wait?.waits_for ? `Waits for ${transfer.wait.waits_for}` : "";
    const lines = describeWay(transfer);
    byId("timeline").replaceChildren(
      ...lines.map(({ name, words, state }) => makeLine(state, words, state === "now" ? wait : name === "arrived" ? describePaid(transfer, tokens) : "")),
    );
    const refund = transfer?.refund_reason ? ` Refunded: ${transfer.refund_reason}.` : "";
    const state = answer?.is_final ? "This is final." : transfer ? "" : "No chain has shown it yet: that takes its confirmations.";
    byId("watch-now").textContent = `${state}${refund}${trouble ? ` ${trouble} Asking again.` : ""}`;
  });
}

// -- the start ---------------------------------------------------------------------------------------------------------

byId("without-script").hidden = true;
byId("wallets").append(make("p", { id: "no-wallet", class: "soft" }, "No wallet is found in this browser: install one, or open this page in your wallet's own browser."));
connections.listen(showConnections, showTrouble);
findAllWallets();
loadDeployment().then(
  (deployment) => {
    tokens = deployment.tokens;
    if (data.testKey && deployment.isDevnet) offerEvm(makeTestWallet(data.testKey, deployment.chains));
    if (data.solanaKey && deployment.isDevnet) offerSolana(makeSolanaTestWallet(data.solanaKey));
  },
  (error) => showTrouble(explain(error)),
);
showConnections();
const known = new URLSearchParams(location.search).get("tx");
if (known && /^(0x[0-9a-f]{64}|[1-9A-HJ-NP-Za-km-z]{64,88})$/.test(known)) watch(known);
