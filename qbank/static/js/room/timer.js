// The countdown. The server says how many seconds remain; between two answers of the server the page counts with
// performance.now(), which no change of the device's clock can move. The page never computes a deadline.

const ANNOUNCED_AT = [600, 300, 60]; // spoken, politely
const WARNED_AT = [300, 120]; // shown
const HIDDEN_KEY = "qbank.timer.hidden";
const RESYNC_EVERY = 60_000;

/** Write seconds as "1:02:09" or "29:05". */
export function clockText(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Write seconds as words: "5 minutes", "1 minute 30 seconds". */
export function spokenText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [[Math.floor(whole / 60), "minute"], [whole % 60, "second"]];
  const words = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? "" : "s"}`);
  return words.join(" ") || "no time";
}

function remembered(storage, key) {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function remember(storage, key, value) {
  try {
    storage.setItem(key, value);
  } catch {
    // only a convenience
  }
}

export class Timer {
  /**
   * @param parts {{digits, toggle, warning, speaker: Element}}
   * @param block its token: what was announced is remembered per block, so a new page does not repeat it
   * @param rules {{policy: string, closesIn: number|null}} what happens at zero, and how long answers count
   * @param sync asks the server for the time; called now and then, on wake-up, and at zero
   */
  constructor(parts, block, remaining, rules, sync) {
    Object.assign(this, parts);
    this.sync = sync;
    this.saidKey = `qbank.timer.said.${block}`;
    this.policy = rules.policy;
    this.set(remaining, rules.closesIn);
    this.said = this.formerlySaid(remaining);
    this.lastSync = performance.now();
    this.nextZeroSync = 0;
    this.showHidden(remembered(localStorage, HIDDEN_KEY) === "yes");
    this.toggle.addEventListener("click", () => this.flip());
  }

  /** Take over the server's word on how much remains. */
  set(remaining, closesIn) {
    this.base = remaining;
    this.closesIn = closesIn;
    this.at = performance.now();
    this.lastSync = this.at;
  }

  remaining() {
    return this.base - (performance.now() - this.at) / 1000;
  }

  /** Seconds in which an answer still counts; without end under the policy "soft". */
  open() {
    if (this.policy === "soft") return Infinity;
    return (this.closesIn ?? this.base) - (performance.now() - this.at) / 1000;
  }

  start() {
    const wake = () => document.visibilityState === "visible" && this.sync();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("pageshow", (event) => event.persisted && this.sync());
    this.tick();
    setInterval(() => this.tick(), 250);
  }

  tick() {
    const left = this.remaining();
    const text = clockText(left);
    if (this.digits.textContent !== text) this.digits.textContent = text;
    this.remind(left);
    const now = performance.now();
    if (now - this.lastSync > RESYNC_EVERY) {
      this.lastSync = now;
      this.sync();
    }
    if (this.open() <= 0 && now >= this.nextZeroSync) {
      this.nextZeroSync = now + 1500;
      this.sync(); // only the server ends a block
    }
  }

  /** What a former page of this block said, or, on the first one, whatever lies behind already. */
  formerlySaid(remaining) {
    const stored = remembered(sessionStorage, this.saidKey);
    if (stored !== null) return new Set(stored.split(",").filter(Boolean).map(Number));
    return new Set([...ANNOUNCED_AT, ...WARNED_AT, 0].filter((threshold) => remaining <= threshold));
  }

  remind(left) {
    const shown = Math.min(...WARNED_AT.filter((threshold) => left <= threshold));
    if (left <= 0) return this.overtime();
    this.warning.hidden = !Number.isFinite(shown);
    if (!this.warning.hidden) this.write(`Less than ${spokenText(shown)} left`);
    const due = ANNOUNCED_AT.filter((threshold) => left <= threshold && !this.said.has(threshold));
    if (due.length === 0) return undefined;
    this.remember(due);
    this.speaker.textContent = `${spokenText(left)} left.`;
    return undefined;
  }

  /** After the deadline, where answers still count: say so, and for how long. */
  overtime() {
    const open = this.open();
    this.warning.hidden = open <= 0;
    if (open <= 0) return;
    const more = Math.ceil(open);
    this.write(Number.isFinite(more) ? `Time is up. Answers count for ${more} s more.` : "Time is up. Answers still count.");
    if (this.said.has(0)) return;
    this.remember([0]);
    const spoken = Number.isFinite(more) ? `Answers still count for ${spokenText(more)}.` : "Answers still count.";
    this.speaker.textContent = `Time is up. ${spoken}`;
  }

  write(text) {
    if (this.warning.textContent !== text) this.warning.textContent = text;
  }

  remember(thresholds) {
    for (const threshold of thresholds) this.said.add(threshold);
    remember(sessionStorage, this.saidKey, [...this.said].join(","));
  }

  flip() {
    const hide = this.toggle.getAttribute("aria-pressed") !== "true";
    remember(localStorage, HIDDEN_KEY, hide ? "yes" : "no");
    this.showHidden(hide);
    if (!hide) this.speaker.textContent = `${spokenText(this.remaining())} left.`;
  }

  showHidden(hide) {
    this.toggle.setAttribute("aria-pressed", String(hide));
    this.digits.hidden = hide;
  }
}
