// The review after a block: keys for the next and the previous item, and nothing left in the outbox.

import { Outbox, browserStorage } from "./outbox.js";
import { listen } from "./shortcuts.js";

const root = document.querySelector("[data-after]");
if (root) {
  new Outbox(browserStorage(), root.dataset.person, root.dataset.block).discard();
  const press = (selector) => () => document.querySelector(selector)?.click();
  listen([], { next: press("[data-next]"), previous: press("[data-previous]") });
}
