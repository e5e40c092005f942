// The highlighter: over a selection made with mouse, finger or keyboard, or over words reached with its own buttons.

import { draw, rangeOf, spanOf, words } from "./marks.js";
import { covers, drawn, parse } from "./spans.js";

const NOTHING = "Select words of the question first, or step to them with the buttons.";

export class Highlighter {
  /**
   * @param fields the elements with data-field and data-spans whose text can be highlighted
   * @param panel its panel: buttons with data-stroke, and a place with data-stroke-said that is read out
   * @param send called with {field, start, end, on} for every stroke
   */
  constructor(fields, panel, send) {
    this.fields = new Map(fields.map((field) => [field.dataset.field, field]));
    this.spans = new Map(fields.map((field) => [field.dataset.field, parse(field.dataset.spans)]));
    this.panel = panel;
    this.said = panel.querySelector("[data-stroke-said]");
    this.send = send;
    this.words = [];
    this.anchor = this.focus = null; // numbers of words: the stretch that the buttons have reached
    this.last = []; // the last selection in the question: a tap on a button may take the page's own away
    this.bind();
  }

  bind() {
    document.addEventListener("selectionchange", () => {
      const found = this.selected();
      if (found.length > 0) this.last = found;
    });
    document.addEventListener("pointerup", (event) => {
      if (this.panel.checkVisibility() && !this.panel.contains(event.target)) setTimeout(() => this.mark(true), 0);
    });
    for (const field of this.fields.values()) {
      field.addEventListener("click", (event) => this.onClick(field, event));
    }
    this.panel.addEventListener("click", ({ target }) => this.act(target.closest("[data-stroke]")?.dataset.stroke));
    this.panel.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the selection
    this.panel.addEventListener("keydown", (event) => this.onKey(event));
  }

  onClick(field, event) {
    const mark = event.target.closest("mark.highlight");
    if (!mark || !document.getSelection().isCollapsed) return;
    this.stroke(field.dataset.field, parse(mark.dataset.span)[0], false);
    this.say("Taken off.");
  }

  onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const moves = { ArrowRight: "next", ArrowLeft: "previous", ArrowDown: "sentence", ArrowUp: "back" };
    const longer = { ArrowRight: "longer", ArrowLeft: "shorter" };
    const name = (event.shiftKey && longer[event.key]) || moves[event.key];
    if (!name) return;
    event.preventDefault();
    this.act(name);
  }

  act(name) {
    const acts = {
      next: () => this.step(1), previous: () => this.step(-1), sentence: () => this.sentence(1),
      back: () => this.sentence(-1), longer: () => this.stretch(1), shorter: () => this.stretch(-1),
      mark: () => this.mark(), none: () => this.clear(),
    };
    acts[name]?.();
  }

  // ---- the words that the buttons reach

  step(by) {
    this.words = [...this.fields.values()].flatMap(words);
    if (this.words.length === 0) return;
    const from = this.focus === null ? (by > 0 ? -1 : this.words.length) : this.focus;
    this.focus = Math.max(0, Math.min(this.words.length - 1, from + by));
    this.anchor = this.focus;
    this.show();
  }

  sentence(by) {
    if (this.focus === null) return this.step(by);
    let at = by > 0 ? this.focus : this.focus - 1;
    if (by > 0) while (at < this.words.length - 1 && !this.words[at].stop) at += 1;
    else while (at > 0 && !this.words[at - 1].stop) at -= 1;
    return this.step(by > 0 ? at + 1 - this.focus : Math.max(0, at) - this.focus);
  }

  stretch(by) {
    if (this.focus === null) return this.step(1);
    const wanted = Math.max(this.anchor, Math.min(this.words.length - 1, this.focus + by));
    if (this.words[wanted].field === this.words[this.anchor].field) this.focus = wanted;
    return this.show();
  }

  show() {
    const { field, start } = this.words[this.anchor];
    const range = rangeOf(field, [start, this.words[this.focus].end]);
    const selection = document.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    (range.endContainer.parentElement ?? field).scrollIntoView({ block: "nearest" });
    const on = covers(this.spans.get(field.dataset.field), [start, this.words[this.focus].end]);
    this.say(`${range.toString()}${on ? ", highlighted" : ""}`);
  }

  // ---- strokes

  /** What is selected now: [{name, span}]. */
  selected() {
    const selection = document.getSelection();
    if (selection.rangeCount === 0) return [];
    const range = selection.getRangeAt(0);
    return [...this.fields]
      .map(([name, field]) => ({ name, span: spanOf(field, range) }))
      .filter(({ span }) => span !== null);
  }

  /** Highlight what is selected, or take it off where all of it is highlighted. True where there was something. */
  mark(quiet = false) {
    let found = this.selected();
    if (found.length === 0 && !quiet) found = this.last;
    if (found.length === 0) {
      if (!quiet) this.say(NOTHING);
      return false;
    }
    const on = !found.every(({ name, span }) => covers(this.spans.get(name), span));
    for (const { name, span } of found) this.stroke(name, span, on);
    this.last = [];
    document.getSelection().removeAllRanges();
    this.say(on ? "Highlighted." : "Taken off.");
    return true;
  }

  clear() {
    for (const [name, spans] of this.spans) for (const span of spans) this.stroke(name, span, false);
    this.say("All highlights are taken off.");
  }

  stroke(name, [start, end], on) {
    const stroke = { field: name, start, end, on };
    this.put(name, drawn(this.spans.get(name), stroke));
    this.send(stroke);
  }

  // Drawing puts new text nodes in place of the old, which would disturb a selection that is being made.
  put(name, spans) {
    if (String(spans) === String(this.spans.get(name))) return;
    this.spans.set(name, spans);
    draw(this.fields.get(name), spans);
  }

  /** Show what the server has ("3-10 20-31" by field), with what still waits to be sent laid over it. */
  adopt(highlights, waiting) {
    for (const name of this.fields.keys()) {
      const strokes = waiting.filter((action) => action.kind === "highlight" && action.span.field === name);
      this.put(name, strokes.reduce((spans, action) => drawn(spans, action.span), parse(highlights[name])));
    }
  }

  say(text) {
    this.said.textContent = text;
  }
}
