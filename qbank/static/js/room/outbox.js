// The outbox: what the learner did and the server has not acknowledged yet, kept in the browser's storage.
//
// One box a person and block. Tabs of one browser share it: every change reads the stored box first. A box has a
// client id and a counter that only grows, so that the server can tell an older action from a newer one.

const PREFIX = "qbank.outbox";
const LARGEST_SEQUENCE = 2 ** 31 - 1;

/** Return 128 random bits as hexadecimal. (crypto.randomUUID is missing on pages without HTTPS.) */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function emptyBox() {
  return { client: randomId(), sequence: 0, actions: [] };
}

function isBox(value) {
  return Boolean(value) && typeof value.client === "string" && Number.isInteger(value.sequence)
    && value.sequence < LARGEST_SEQUENCE && Array.isArray(value.actions);
}

export class Outbox {
  /** @param {Storage|null} storage where it is kept; null keeps it in this page only. */
  constructor(storage, person, block) {
    this.storage = storage;
    this.key = `${PREFIX}.${person}.${block}`;
    this.memory = null; // used once the storage has failed
    this.durable = storage !== null;
    if (!this.durable) this.memory = emptyBox();
  }

  read() {
    if (this.memory) return this.memory;
    try {
      const box = JSON.parse(this.storage.getItem(this.key));
      if (isBox(box)) return box;
    } catch {
      // unreadable: begin anew, under another client id
    }
    return emptyBox();
  }

  write(box) {
    if (!this.memory) {
      try {
        this.storage.setItem(this.key, JSON.stringify(box));
        return;
      } catch {
        this.durable = false; // full or forbidden: the page goes on from memory, and says so
      }
    }
    this.memory = box;
  }

  /** Put an action in and return it with its event id, client id and number. */
  add(position, kind, { letter = null, text = null, span = null } = {}) {
    const box = this.read();
    box.sequence += 1;
    const action = {
      position, kind, letter, text, span,
      event_id: randomId(), client: box.client, client_seq: box.sequence,
    };
    box.actions.push(action);
    this.write(box);
    return action;
  }

  /** Take an action out: the server has spoken on it. */
  remove(eventId) {
    const box = this.read();
    box.actions = box.actions.filter((action) => action.event_id !== eventId);
    this.write(box);
  }

  /** All actions waiting, oldest first; of one question where a position is given. */
  pending(position = null) {
    const { actions } = this.read();
    return position === null ? actions : actions.filter((action) => action.position === position);
  }

  /** The positions that have something waiting. */
  positions() {
    return [...new Set(this.pending().map((action) => action.position))];
  }

  /** Forget a block that has ended. */
  discard() {
    this.memory = this.memory ? emptyBox() : null;
    try {
      this.storage?.removeItem(this.key);
    } catch {
      // nothing kept, nothing to forget
    }
  }
}

/** Return the browser's storage, or null where it is switched off. */
export function browserStorage() {
  try {
    const probe = `${PREFIX}.probe`;
    window.localStorage.setItem(probe, "1");
    window.localStorage.removeItem(probe);
    return window.localStorage;
  } catch {
    return null;
  }
}
