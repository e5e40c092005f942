// The quiz room. Ties the item, the outbox, the timer, the navigator and the keys together.
//
// The page is a plain form that works without this script. Where the script runs, what the learner does is saved at
// once, and "Saved" is shown only when the server has acknowledged the very value that is shown.

import { bindCalculator } from "./calculator.js";
import { Dock } from "./dock.js";
import { Highlighter } from "./highlighter.js";
import { ItemView } from "./item.js";
import { loadLabs } from "./labs.js";
import { Navigator } from "./navigator.js";
import { Outbox, browserStorage } from "./outbox.js";
import { Sender } from "./saving.js";
import { bindSwitch, listen } from "./shortcuts.js";
import { showTimeUp, startTimer } from "./timeup.js";
import { bindZoom } from "./zoom.js";

const NOTE_PAUSE = 1200; // a note is sent when typing stops for so long, or the field is left
const SPEAK_AFTER = 700; // "Saved" is spoken once it has stayed so long: not for every step of an arrow key

class Room {
  constructor(root) {
    this.root = root;
    this.data = root.dataset;
    this.position = Number(this.data.position);
    this.form = root.querySelector("[data-answer-form]");
    this.item = new ItemView(this.form, this.data.choice || null);
    this.navigator = new Navigator(document);
    this.status = root.querySelector("[data-save-state]");
    this.spoken = root.querySelector("[data-save-spoken]");
    this.notice = root.querySelector("[data-notice]");
    this.outbox = new Outbox(browserStorage(), this.data.person, this.data.block);
    this.sender = new Sender(
      this.outbox,
      { events: (position) => this.data.eventsUrl.replace(/\/0\//, `/${position}/`), state: this.data.stateUrl },
      document.querySelector('meta[name="csrf-token"]').content,
    );
    this.ended = false;
    this.noteTimer = null;
    this.acknowledged = null; // the last word of the server on this item
  }

  start() {
    this.sender.addEventListener("ack", (event) => this.onAck(event.detail));
    this.sender.addEventListener("refused", (event) => this.onRefused(event.detail));
    this.sender.addEventListener("state", (event) => this.onState(event.detail));
    this.sender.addEventListener("change", () => this.showSaving());
    this.item.choiceChanged();
    this.bindTools();
    this.restoreWaiting();
    this.startTimer();
    this.bindForm();
    this.bindHelp();
    this.bindKeys();
    this.sender.start();
    this.catchUp();
    this.showSaving();
  }

  // A choice made while this script was still on its way has been heard by nobody yet.
  catchUp() {
    const known = this.data.choice || null; // what the server had when it made the page
    const waiting = this.outbox.pending(this.position).some((action) => ["choose", "clear"].includes(action.kind));
    if (!waiting && this.item.choice !== null && this.item.choice !== known) this.choose(this.item.choice);
  }

  // What a former page could not send is what the learner last saw: show it, as not saved yet.
  restoreWaiting() {
    const waiting = this.outbox.pending(this.position);
    this.highlighter.adopt(this.highlightsOfPage, waiting);
    if (waiting.length === 0 || this.data.submitted === "yes") return;
    const struck = this.item.strikes.filter((b) => this.item.isStruck(b.dataset.strike)).map((b) => b.dataset.strike);
    const { choice, marked, confidence } = this.item;
    this.item.adopt({ choice, marked, struck, confidence }, waiting);
    const note = waiting.findLast((action) => action.kind === "note");
    if (note && this.note) this.note.value = note.text;
  }

  startTimer() {
    this.timer = startTimer(this.data, () => this.sender.fetchState());
  }

  find(selector) {
    return document.querySelector(selector);
  }

  get note() {
    return this.find("[data-note]");
  }

  // ---- what the learner does

  bindForm() {
    this.form.addEventListener("change", (event) => {
      if (event.target.name === "choice") this.choose(event.target.value);
    });
    this.form.addEventListener("submit", (event) => this.onSubmit(event));
    this.note?.addEventListener("input", () => {
      clearTimeout(this.noteTimer);
      this.noteTimer = setTimeout(() => this.saveNote(), NOTE_PAUSE);
    });
    this.note?.addEventListener("change", () => this.saveNote());
    window.addEventListener("pagehide", () => this.noteTimer && this.saveNote());
  }

  onSubmit(event) {
    event.preventDefault();
    const [name, letter] = (event.submitter?.value ?? "save").split(":");
    const leave = { next: 1, previous: 1, goto: 1, review: 1 };
    if (name in leave) return this.leave(event.submitter.dataset.href);
    const acts = {
      clear: () => this.clear(),
      mark: () => this.mark(),
      unmark: () => this.mark(),
      strike: () => this.strike(letter),
      restore: () => this.strike(letter),
      submit: () => this.submit(),
      note: () => this.saveNote(),
      pause: () => this.post("pause"),
      confidence: () => this.confide(letter),
      "hide-confidence": () => this.post("hide-confidence"),
    };
    return acts[name]?.();
  }

  choose(letter) {
    if (this.item.locked) return;
    this.item.showChoice(letter);
    this.navigator.show(this.position, { answered: true });
    this.sender.act(this.position, "choose", { letter });
  }

  clear() {
    if (this.item.locked || this.item.choice === null) return;
    this.item.showChoice(null);
    this.navigator.show(this.position, { answered: false });
    this.sender.act(this.position, "clear");
    if (document.activeElement === document.body || document.activeElement === this.item.clear) {
      this.item.radios[0]?.focus(); // the button has just gone
    }
  }

  mark() {
    const marked = !this.item.marked;
    this.item.showMarked(marked);
    this.navigator.show(this.position, { marked });
    this.sender.act(this.position, marked ? "mark" : "unmark");
  }

  strike(letter) {
    if (this.item.locked) return;
    const struck = !this.item.isStruck(letter);
    this.item.showStruck(letter, struck);
    this.sender.act(this.position, struck ? "strike" : "restore", { letter });
  }

  /** Say how sure one is; "" takes it back. It is no answer, and changes none. */
  confide(level) {
    if (this.item.locked) return;
    this.item.showConfidence(level || null);
    this.sender.act(this.position, "confidence", { text: level });
  }

  saveNote() {
    clearTimeout(this.noteTimer);
    this.noteTimer = null;
    if (!this.note || this.note.value === (this.noteSent ?? this.note.defaultValue)) return;
    this.noteSent = this.note.value;
    this.sender.act(this.position, "note", { text: this.note.value });
  }

  submit() {
    if (!this.item.submit || this.item.locked) return;
    if (this.item.choice === null) {
      this.say("Choose an option first, then submit it.");
      return;
    }
    this.sender.act(this.position, "submit");
  }

  async leave(href) {
    if (href && (await this.settled())) window.location.assign(href);
  }

  async settled() {
    this.saveNote();
    if ((await this.sender.settle()) && navigator.onLine !== false) return true;
    this.say("This page stays open: there is no connection to the server. What you did here is kept and will be sent.");
    return false;
  }

  // What was done before has to arrive before: nothing counts while the clock stands, and the page is made anew.
  async post(value) {
    if (!(await this.settled())) return;
    const action = Object.assign(document.createElement("input"), { type: "hidden", name: "action", value });
    this.form.append(action);
    this.form.submit(); // past this script's own handler
  }

  // ---- what the server says

  onAck({ position, action, ack }) {
    if (ack.remaining !== null && ack.remaining !== undefined) this.timer?.set(ack.remaining, ack.closes_in);
    this.navigator.show(position, { answered: ack.choice !== null, marked: ack.marked });
    if (ack.ended) return this.timeUp(ack.message);
    if (ack.paused) return window.location.assign(this.data.blockUrl);
    if (position !== this.position) return undefined;
    this.acknowledged = ack.status === "refused" ? null : ack;
    const waiting = this.outbox.pending(position);
    this.item.adopt(ack, waiting);
    if (ack.highlights) this.highlighter.adopt(ack.highlights, waiting);
    this.navigator.show(position, { answered: this.item.choice !== null, marked: this.item.marked });
    if (ack.status === "stale") this.say("A newer answer to this question was given in another tab or device. It is shown now.");
    if (ack.status === "refused") this.say(ack.message || "The server refused this action.");
    if (ack.submitted && (action.kind === "submit" || this.data.submitted !== "yes")) this.openExplanation();
    return undefined;
  }

  onRefused({ position, message }) {
    this.say(position === this.position ? message : `Question ${position}: ${message}`);
  }

  onState(state) {
    if (state.remaining !== null && state.remaining !== undefined) this.timer?.set(state.remaining, state.closes_in);
    this.navigator.showAll(state.navigator.filter((entry) => this.outbox.pending(entry.position).length === 0));
    if (state.ended) this.timeUp();
    else if (state.paused) window.location.assign(this.data.blockUrl); // another tab stopped the clock
  }

  // Submitting is final, so the explanation is a page of its own: this address again, opened at it.
  openExplanation() {
    const url = new URL(window.location.href);
    url.hash = "explanation";
    window.history.replaceState(null, "", url);
    window.location.reload();
  }

  timeUp(message = "") {
    if (this.ended) return;
    this.ended = true;
    this.item.lock();
    this.outbox.discard();
    showTimeUp(this.data.resultUrl, message);
  }

  // ---- what the page says

  say(text) {
    this.notice.hidden = false;
    this.notice.textContent = text;
  }

  sureAsSaved() {
    return this.item.levels.length === 0 || this.acknowledged.confidence === this.item.confidence;
  }

  showSaving() {
    const waiting = this.outbox.pending();
    const kept = this.outbox.durable ? "" : " This browser keeps nothing: do not close the page before it is saved.";
    let state = "idle";
    let text = "";
    if (waiting.length > 0 && this.sender.reason) {
      state = "waiting";
      text = this.sender.reason + kept;
    } else if (waiting.length > 0) {
      state = "saving";
      text = "Saving…";
    } else if (this.acknowledged && this.acknowledged.choice === this.item.choice && this.sureAsSaved()) {
      state = "saved";
      text = "Saved";
    }
    if (this.status.dataset.state === state && this.status.textContent === text) return;
    this.status.dataset.state = state;
    this.status.textContent = text;
    clearTimeout(this.speakTimer);
    if (state === "waiting") this.spoken.textContent = text;
    else this.speakTimer = setTimeout(() => { this.spoken.textContent = state === "saved" ? text : ""; }, SPEAK_AFTER);
  }

  // ---- tools, help and keys

  bindTools() {
    const fields = [...document.querySelectorAll("[data-field]")];
    this.highlightsOfPage = Object.fromEntries(fields.map((field) => [field.dataset.field, field.dataset.spans]));
    bindZoom(fields, this.find("[data-zoom]"));
    this.dock = new Dock(this.find("[data-dock]"));
    this.dock.onOpen.set("labs", loadLabs);
    const panel = (name) => this.dock.panels.get(name);
    bindCalculator(panel("calculator"), this.data.block);
    this.highlighter = new Highlighter(fields, panel("highlighter"), (stroke) => {
      this.sender.act(this.position, "highlight", { span: stroke });
    });
    const tool = this.find('[data-tool="highlighter"]');
    tool.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
    tool.addEventListener("click", (event) => {
      if (this.dock.open !== "highlighter" && this.highlighter.mark(true)) event.stopImmediatePropagation();
    }, { capture: true });
  }

  // With words selected the key marks them; with none it opens the panel, whose buttons reach every word.
  highlight() {
    if (!this.highlighter.mark(true)) this.dock.show("highlighter");
  }

  bindHelp() {
    const sheet = this.find("[data-help]");
    for (const button of document.querySelectorAll("[data-open-help]")) {
      button.addEventListener("click", () => sheet.showModal());
    }
    bindSwitch(sheet.querySelector("[data-shortcut-switch]"));
  }

  bindKeys() {
    const press = (selector) => () => this.find(selector)?.click();
    const pick = (letter) => {
      const radio = this.item.radios.find((candidate) => candidate.value === letter);
      if (!radio || radio.disabled) return;
      radio.focus();
      if (!radio.checked) this.choose(letter);
    };
    listen(this.item.radios.map((radio) => radio.value), {
      choose: pick,
      strike: (letter) => this.strike(letter),
      mark: () => this.mark(),
      submit: () => this.submit(),
      clear: () => this.clear(),
      next: press("[data-next]"),
      previous: press("[data-previous]"),
      review: press("[data-review]"),
      help: () => this.find("[data-help]").showModal(),
      highlight: () => this.highlight(),
      labs: () => this.dock.toggle("labs"),
      calculator: () => this.dock.toggle("calculator"),
      view: () => this.dock.toggle("view"),
      time: () => this.timer?.flip(),
      confide: (place) => {
        const button = this.item.levels[place - 1];
        if (button && !button.disabled) this.confide(button.value.split(":")[1]);
      },
    });
  }
}

const root = document.querySelector("[data-room]");
if (root) {
  new Room(root).start();
}
