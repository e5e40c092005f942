// The calculator's panel: typed or pressed, Enter computes, the last result can be used again.

import { SumError, compute, shown } from "./arithmetic.js";

export function bindCalculator(panel, block) {
  const form = panel.querySelector("form");
  const sum = panel.querySelector("[data-sum]");
  const result = panel.querySelector("[data-result]");
  const key = `qbank.calculator.${block}`;
  let last = kept(key);
  let done = false; // a result stands: the next digit begins a new sum

  const insert = (text) => {
    if (done && /[\d.(√]/.test(text)) sum.value = "";
    else if (done) sum.value = "Ans";
    done = false;
    const at = sum.value.length === 0 ? 0 : sum.selectionEnd ?? sum.value.length;
    const place = document.activeElement === sum ? at : sum.value.length;
    sum.setRangeText(text, place, place, "end");
  };
  const presses = {
    back: () => { sum.value = sum.value.endsWith("Ans") ? sum.value.slice(0, -3) : sum.value.slice(0, -1); done = false; },
    clear: () => { sum.value = ""; result.textContent = ""; done = false; },
    equals: () => form.requestSubmit(),
  };
  panel.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-press]");
    if (!button) return;
    (presses[button.dataset.press] ?? (() => insert(button.dataset.press)))();
  });
  sum.addEventListener("input", () => { done = false; });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    try {
      last = compute(sum.value, last);
      result.textContent = `= ${shown(last)}`;
      result.classList.remove("is-wrong");
      done = true;
      keep(key, last);
    } catch (error) {
      if (!(error instanceof SumError)) throw error;
      result.textContent = error.message;
      result.classList.add("is-wrong");
    }
  });
}

function kept(key) {
  try {
    const text = sessionStorage.getItem(key);
    return text === null ? null : Number(text);
  } catch {
    return null;
  }
}

function keep(key, value) {
  try {
    sessionStorage.setItem(key, String(value));
  } catch {
    // then the last result lasts as long as this page
  }
}
