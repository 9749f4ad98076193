// @ts-check
/** The swap page in a browser with JavaScript: quotes while one types, wallets, the sending, and the swap's life. */

import { loadDeployment } from "./api.js";
import { STEPS, sendSwap } from "./send.js";
import { makeTestWallet } from "./test_wallet.js";
import { Trouble, explain, findWallets } from "./wallets.js";
import { describePaid, describeWay, watchSwap } from "./watch.js";

/** @typedef {import("./wallets.js").Wallet} Wallet */

const PAUSE_MS = 350;
const ICONS = {
  done: "M3.5 8.5l3 3 6-7",
  now: "M8 4.5V8l2.3 1.6M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z",
  todo: "M8 7.5a.5.5 0 1 1 0 1 .5.5 0 0 1 0-1z",
  bad: "M4 4l8 8M12 4l-8 8",
};
const TONES = { done: "good", now: "wait", todo: "plain", bad: "bad" };
const UNSEEN = { done: "done", now: "going on", todo: "to come", bad: "failed" };

/** @typedef {keyof typeof ICONS} State */

const form = /** @type {HTMLFormElement} */ (byId("form"));
const sendButton = /** @type {HTMLButtonElement} */ (byId("send"));
const data = byId("swap-data").dataset;
/** @type {{ wallet: Wallet, account: string } | null} */
let connected = null;
let isSending = false;

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/**
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children Texts, never markup.
 * @returns {HTMLElement}
 */
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/**
 * A line of a way, in the form of the explorer's.
 * @param {State} state
 * @param {string} title
 * @param {string} words
 * @returns {HTMLElement}
 */
function makeLine(state, title, words) {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = { class: "icon", viewBox: "0 0 16 16", fill: "none", stroke: "currentColor", "stroke-width": "1.8", "aria-hidden": "true" };
  for (const [key, value] of Object.entries(line)) icon.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[state]);
  icon.append(path);
  const step = make("span", { class: "step" }, make("strong", {}, title), make("span", { class: "unseen" }, UNSEEN[state]));
  const item = make("li", { class: state === "bad" ? "failed" : state }, make("span", { class: `dot ${TONES[state]}` }, icon), step);
  if (words) item.append(make("p", {}, words));
  return item;
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
  clearTimeout(timer);
  timer = setTimeout(refreshQuote, PAUSE_MS);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  refreshQuote();
});

// -- wallets -----------------------------------------------------------------------------------------------------------

/** @param {Wallet} wallet */
function offerWallet(wallet) {
  document.getElementById("no-wallet")?.remove();
  const button = make("button", { type: "button", class: "second", "aria-pressed": "false" }, wallet.info.name.slice(0, 80));
  if (wallet.info.icon?.startsWith("data:image/")) button.prepend(make("img", { src: wallet.info.icon, alt: "" }));
  button.addEventListener("click", () => connect(wallet, button));
  byId("wallets").append(button);
}

/**
 * @param {Wallet} wallet
 * @param {HTMLElement} button
 */
async function connect(wallet, button) {
  showTrouble("");
  try {
    const accounts = await wallet.provider.request({ method: "eth_requestAccounts" });
    if (!accounts?.length) throw new Trouble("The wallet shows no account: open it and choose one for this page.");
    for (const other of byId("wallets").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    take(wallet, accounts[0]);
    wallet.provider.on?.("accountsChanged", (/** @type {string[]} */ now) => connected?.wallet === wallet && take(wallet, now[0]));
  } catch (error) {
    showTrouble(explain(error));
  }
}

/**
 * @param {Wallet} wallet
 * @param {string | undefined} account
 */
function take(wallet, account) {
  connected = account ? { wallet, account } : null;
  const shown = byId("account");
  shown.hidden = !connected;
  shown.replaceChildren(connected ? make("p", {}, "From ", make("code", {}, connected.account)) : "");
  sendButton.disabled = !connected || isSending;
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
  const recipient = /** @type {HTMLInputElement} */ (byId("recipient")).value;
  const bySignature = /** @type {HTMLInputElement} */ (byId("by-signature")).checked;
  return { source, tokenIn, destination, tokenOut, amount: text("amount"), recipient, toleranceBps, isFast: text("fast") === "yes", bySignature };
}

sendButton.addEventListener("click", async () => {
  if (!connected || isSending) return;
  const steps = byId("steps");
  /** @type {Map<string, [State, string]>} */
  const states = new Map();
  isSending = sendButton.disabled = true;
  showTrouble("");
  try {
    const hash = await sendSwap(connected.wallet.provider, connected.account, readForm(), Number(data.minutes), (step, state, words = "") => {
      states.set(step, [state, words]);
      steps.hidden = false;
      steps.replaceChildren(...Object.entries(STEPS).map(([name, title]) => makeLine(...line(states.get(name), title))));
    });
    sendButton.textContent = "Send another swap";
    history.replaceState(null, "", `/swap?tx=${hash}`);
    watch(hash);
  } catch (error) {
    showTrouble(explain(error));
  } finally {
    isSending = false;
    sendButton.disabled = !connected;
  }
});

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
findWallets(offerWallet);
loadDeployment().then(
  (deployment) => {
    tokens = deployment.tokens;
    if (data.testKey && deployment.isDevnet) offerWallet(makeTestWallet(data.testKey, deployment.chains));
  },
  (error) => showTrouble(explain(error)),
);
const known = new URLSearchParams(location.search).get("tx");
if (known && /^0x[0-9a-f]{64}$/.test(known)) watch(known);
