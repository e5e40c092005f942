// The drafting desk: keys for deciding drafts, and the classification chosen for one is offered for the next.

import { bindSwitch, shortcutsOff, typing } from "./room/shortcuts.js";

// The article names what is kept, not the address: a refused draft comes back under another one.
const article = document.querySelector("[data-desk]").dataset.desk;
const CHOSEN = `qbank-classification:${article}`;
const PLACE = `qbank-draft-place:${article}`;
const drafts = [...document.querySelectorAll("[data-draft]")];
const forms = [...document.querySelectorAll("[data-keep-classification]")];

// ---- what the next page should know

function keep(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value));
  } catch {
    // without storage the next draft begins empty
  }
}

function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

for (const form of forms) {
  const refused = form.closest("[data-refused]"); // shows what was chosen for it
  for (const [name, value] of Object.entries(refused ? {} : kept(CHOSEN) ?? {})) {
    const select = form.elements.namedItem(name);
    if (select instanceof HTMLSelectElement) select.value = value;
  }
  form.addEventListener("change", () => {
    keep(CHOSEN, Object.fromEntries([...form.querySelectorAll("select")].map((each) => [each.name, each.value])));
  });
}

// The list of statements opens at the one on the desk.
const here = document.querySelector(".source.is-current");
for (const box of [here?.closest(".sources"), here?.closest(".pane--side")]) {
  if (box && box.scrollHeight > box.clientHeight) {
    box.scrollTop += here.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  }
}

// ---- where one is

function current() {
  const at = drafts.findIndex((draft) => draft.contains(document.activeElement));
  return at < 0 ? 0 : at;
}

function focusDraft(place) {
  const draft = drafts[Math.max(0, Math.min(place, drafts.length - 1))];
  draft?.focus({ preventScroll: true });
  draft?.scrollIntoView({ block: "nearest" });
}

function next() {
  const inside = drafts.some((draft) => draft.contains(document.activeElement));
  focusDraft(inside ? current() + 1 : 0);
}

for (const draft of drafts) {
  draft.addEventListener("submit", () => keep(PLACE, drafts.indexOf(draft)));
  draft.querySelector("[data-reason]").addEventListener("keydown", (event) => {
    if (event.key === "Escape") draft.focus();
  });
}

const refused = drafts.find((draft) => "refused" in draft.dataset);
const place = kept(PLACE);
if (refused) refused.focus();
else if (place !== null && drafts.length) focusDraft(place);
else if (place !== null) document.querySelector("[data-next-statement]")?.focus();
keep(PLACE, null);

// ---- keys

const help = document.getElementById("help");
const opener = document.querySelector("[data-open-help]");
opener.hidden = false;
opener.addEventListener("click", () => help.showModal());
bindSwitch(help.querySelector("[data-shortcut-switch]"));

function press(selector) {
  return () => drafts[current()]?.querySelector(selector)?.click();
}

const keys = {
  j: next,
  ArrowDown: next,
  k: () => focusDraft(current() - 1),
  ArrowUp: () => focusDraft(current() - 1),
  a: press("[data-accept]"),
  s: press("[data-send]"),
  e: press("[data-edit]"),
  r: () => drafts[current()]?.querySelector("[data-reason]").focus(),
  n: () => document.querySelector("[data-next-statement]")?.click(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  const held = event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat;
  if (held || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (shortcutsOff() && event.key !== "?") return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  // The arrows move among the drafts only from a draft itself; elsewhere they scroll as everywhere.
  if (name.startsWith("Arrow") && !drafts.includes(event.target)) return;
  const act = keys[name];
  if (!act) return;
  event.preventDefault();
  act();
});
