// @ts-check
/** The pieces of which the page is made: elements, whose texts are never markup, and lines of a way. */

const ICONS = {
  done: "M3.5 8.5l3 3 6-7",
  now: "M8 4.5V8l2.3 1.6M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z",
  todo: "M8 7.5a.5.5 0 1 1 0 1 .5.5 0 0 1 0-1z",
  bad: "M4 4l8 8M12 4l-8 8",
};
const TONES = { done: "good", now: "wait", todo: "plain", bad: "bad" };
const UNSEEN = { done: "done", now: "going on", todo: "to come", bad: "failed" };

/** @typedef {keyof typeof ICONS} State */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
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
export function make(name, attributes = {}, ...children) {
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
export function makeLine(state, title, words) {
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
