// Sending the outbox: one request in flight a question, in order, again and again until the server has answered.
//
// What the server acknowledged or refused leaves the box. Everything else (no network, server down, signed out)
// stays in it and is tried again: after a growing pause, when the network is back, and after a reload.

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const GIVE_UP_WAITING = 15000; // a request that takes longer counts as failed; the same event id goes out again
const REFUSED = new Set([409, 413, 422]); // the server understood, and sending it again would change nothing

/** Why an action still waits, in words for the learner. */
const REASONS = {
  network: "Not saved yet – will be sent again as soon as the connection is back.",
  server: "Not saved yet – the server did not answer. It will be sent again.",
  signedOut: "Not saved yet – you are signed out. Sign in again in another tab; this page then sends it.",
  stranger: "Not saved yet – this block belongs to another sign-in. Sign in as yourself; this page then sends it.",
};

function reasonOf(status) {
  if (status === 0) return REASONS.network;
  if (status === 401) return REASONS.signedOut;
  if (status === 403 || status === 404) return REASONS.stranger;
  return REASONS.server;
}

export class Sender extends EventTarget {
  /** @param urls {{events: (position: number) => string, state: string}} */
  constructor(outbox, urls, token) {
    super();
    this.outbox = outbox;
    this.urls = urls;
    this.token = token;
    this.busy = new Set(); // positions with a request in flight
    this.failures = 0;
    this.reason = ""; // why the last attempt failed; "" after a success
    this.timer = null;
    this.stateStatus = 0; // HTTP status of the last look at the block's state
  }

  /** Begin: send what a former page left, and again whenever the network comes back. */
  start() {
    window.addEventListener("online", () => this.retryNow());
    window.addEventListener("pageshow", (event) => event.persisted && this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.reason) this.retryNow();
    });
    window.addEventListener("pagehide", () => this.pumpAll());
    this.pumpAll();
  }

  /** Record an action and send it. */
  act(position, kind, details) {
    const action = this.outbox.add(position, kind, details);
    this.changed();
    this.pump(position);
    return action;
  }

  retryNow() {
    this.failures = 0;
    this.pumpAll();
  }

  pumpAll() {
    clearTimeout(this.timer);
    this.timer = null;
    for (const position of this.outbox.positions()) this.pump(position);
  }

  async pump(position) {
    if (this.busy.has(position)) return;
    const [action] = this.outbox.pending(position);
    if (!action) return;
    this.busy.add(position);
    let settled = false;
    try {
      settled = await this.deliver(position, action);
    } finally {
      this.busy.delete(position);
    }
    this.changed();
    if (settled) this.pump(position);
    else this.retryLater();
  }

  /** Send one action; true once the server has spoken on it. */
  async deliver(position, action) {
    let answer = await this.post(position, action);
    if (answer.status === 400) {
      if (await this.renewToken()) answer = await this.post(position, action);
      else answer.status = this.stateStatus; // signed out, for one, also spoils the token
    }
    if (answer.status === 200 && answer.body?.event_id === action.event_id) {
      this.succeed(action);
      this.dispatchEvent(new CustomEvent("ack", { detail: { position, action, ack: answer.body } }));
      return true;
    }
    if (REFUSED.has(answer.status)) {
      this.succeed(action);
      const message = answer.body?.cause || "The server refused this action.";
      this.dispatchEvent(new CustomEvent("refused", { detail: { position, action, message } }));
      return true;
    }
    this.failures += 1;
    this.reason = reasonOf(answer.status);
    return false;
  }

  succeed(action) {
    this.outbox.remove(action.event_id);
    this.failures = 0;
    this.reason = "";
  }

  async post(position, action) {
    const { position: _position, ...body } = action;
    try {
      const response = await fetch(this.urls.events(position), {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.token },
        body: JSON.stringify(body),
        keepalive: true, // a page that is being left still delivers
        redirect: "error",
        signal: AbortSignal.timeout(GIVE_UP_WAITING),
      });
      return { status: response.status, body: await response.json().catch(() => null) };
    } catch {
      return { status: 0, body: null };
    }
  }

  /** Ask for the token that fits the present sign-in; true when there is a new one. */
  async renewToken() {
    const state = await this.fetchState();
    if (!state?.csrf_token || state.csrf_token === this.token) return false;
    this.token = state.csrf_token;
    return true;
  }

  /** The block's clock and navigator as the server has them now; null when it does not answer. */
  async fetchState() {
    try {
      const response = await fetch(this.urls.state, {
        headers: { Accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(GIVE_UP_WAITING),
      });
      this.stateStatus = response.status;
      if (!response.ok) return null;
      const state = await response.json();
      this.dispatchEvent(new CustomEvent("state", { detail: state }));
      return state;
    } catch {
      this.stateStatus = 0;
      return null;
    }
  }

  retryLater() {
    if (this.timer !== null) return;
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.failures - 1, 5));
    this.timer = setTimeout(() => this.pumpAll(), pause * (0.75 + Math.random() / 2));
  }

  /** Wait until nothing is waiting, at most so many milliseconds; true when all is acknowledged. */
  async settle(patience = 4000) {
    this.retryNow();
    const end = performance.now() + patience;
    while (this.outbox.pending().length > 0 && performance.now() < end) {
      if (this.reason && this.busy.size === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    return this.outbox.pending().length === 0;
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }
}
