// The review after a block: keys for the next and the previous item and for an answer given again, and nothing left in
// the outbox.

import { Outbox, browserStorage } from "./outbox.js";
import { listen } from "./shortcuts.js";

const root = document.querySelector("[data-after]");
if (root) {
  new Outbox(browserStorage(), root.dataset.person, root.dataset.block).discard();
  const press = (selector) => () => document.querySelector(selector)?.click();
  const radios = [...document.querySelectorAll('input[name="choice"]')];
  const choose = (letter) => {
    const radio = radios.find((candidate) => candidate.value === letter);
    radio.focus();
    radio.checked = true;
  };
  listen(radios.map((radio) => radio.value), {
    choose, strike: () => {}, submit: press("[data-submit]"), next: press("[data-next]"), previous: press("[data-previous]"),
  });
}
