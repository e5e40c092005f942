// The review screen and the question before the end: the clock goes on, and what is not sent yet goes first.

import { Outbox, browserStorage } from "./outbox.js";
import { Sender } from "./saving.js";
import { showTimeUp, startTimer } from "./timeup.js";

class Frame {
  constructor(root) {
    this.data = root.dataset;
    this.status = document.querySelector("[data-save-state]");
    this.notice = document.querySelector("[data-notice]");
    this.outbox = new Outbox(browserStorage(), this.data.person, this.data.block);
    this.sender = new Sender(
      this.outbox,
      { events: (position) => this.data.eventsUrl.replace(/\/0\//, `/${position}/`), state: this.data.stateUrl },
      document.querySelector('meta[name="csrf-token"]').content,
    );
    this.sentNow = false;
  }

  start() {
    this.timer = startTimer(this.data, () => this.sender.fetchState());
    this.sender.addEventListener("state", ({ detail: state }) => this.take(state));
    this.sender.addEventListener("ack", ({ detail }) => {
      this.sentNow = true;
      this.take(detail.ack);
    });
    this.sender.addEventListener("change", () => this.show());
    document.querySelector("[data-end-form]")?.addEventListener("submit", (event) => this.hold(event));
    this.sender.start();
    this.show();
  }

  take({ remaining, closes_in: closesIn, ended, paused }) {
    if (remaining !== null && remaining !== undefined) this.timer?.set(remaining, closesIn);
    if (paused) window.location.assign(this.data.blockUrl);
    if (!ended) return;
    this.outbox.discard();
    showTimeUp(this.data.resultUrl);
  }

  show() {
    const waiting = this.outbox.pending().length;
    if (waiting === 0) {
      this.status.dataset.state = "idle";
      this.status.textContent = "";
      if (this.sentNow) window.location.reload(); // the counts on the page are from before
      return;
    }
    this.status.dataset.state = this.sender.reason ? "waiting" : "saving";
    this.status.textContent = this.sender.reason || "Saving…";
  }

  // Ending would shut out what has not arrived yet.
  hold(event) {
    if (this.outbox.pending().length === 0) return;
    event.preventDefault();
    this.notice.hidden = false;
    this.notice.textContent = "Some of what you did has not reached the server yet. Wait until it is saved, then end the block.";
    this.sender.retryNow();
  }
}

const root = document.querySelector("[data-frame]");
if (root) new Frame(root).start();
