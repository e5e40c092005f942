// What every page of an open block shares: the timer in its bar, and the end of the time.

import { Timer } from "./timer.js";

const READING_TIME = 4000; // ms that "Time is up" stays before the result opens

/** Start the timer where the page has one; `sync` asks the server for its clock. */
export function startTimer(data, sync) {
  const digits = document.querySelector("[data-timer-digits]");
  if (!digits || data.remaining === "") return null;
  const parts = {
    digits,
    toggle: document.querySelector("[data-timer-toggle]"),
    warning: document.querySelector("[data-timer-warning]"),
    speaker: document.querySelector("[data-timer-speaker]"),
  };
  const rules = { policy: data.policy, closesIn: data.closesIn === "" ? null : Number(data.closesIn) };
  const timer = new Timer(parts, data.block, Number(data.remaining), rules, sync);
  timer.start();
  return timer;
}

/** Say that the time is up, then open the result. */
export function showTimeUp(resultUrl, message = "") {
  const dialog = document.querySelector("[data-time-up]");
  if (dialog.open) return;
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  if (message) dialog.querySelector("[data-time-up-message]").textContent = message;
  dialog.showModal();
  setTimeout(() => window.location.assign(resultUrl), READING_TIME);
}
