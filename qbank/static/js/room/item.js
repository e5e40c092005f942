// The item on the page: what is chosen, struck out and marked, and how that looks.

/** Write "answered" or "unanswered" into the page's title, which screen readers read first. */
function retitle(answered) {
  const other = answered ? "unanswered" : "answered";
  const now = answered ? "answered" : "unanswered";
  document.title = document.title.replace(` - ${other} - `, ` - ${now} - `);
}

export class ItemView {
  /** @param final the choice of an item that was submitted: its page has no radios any more */
  constructor(form, final) {
    this.form = form;
    this.final = final;
    this.radios = [...form.querySelectorAll('input[name="choice"]')];
    this.strikes = [...form.querySelectorAll("[data-strike]")];
    this.clear = form.querySelector("[data-clear]");
    this.marks = [...document.querySelectorAll("[data-mark]")];
    this.submit = form.querySelector("[data-submit]");
    this.levels = [...form.querySelectorAll("[data-level]")]; // none where the learner is not asked
  }

  get choice() {
    if (this.radios.length === 0) return this.final;
    return this.radios.find((radio) => radio.checked)?.value ?? null;
  }

  get marked() {
    return this.marks[0]?.getAttribute("aria-pressed") === "true";
  }

  get confidence() {
    return this.levels.find((button) => button.getAttribute("aria-pressed") === "true")?.dataset.level ?? null;
  }

  showConfidence(level) {
    for (const button of this.levels) {
      const on = button.dataset.level === level;
      button.setAttribute("aria-pressed", String(on));
      button.value = `confidence:${on ? "" : button.dataset.level}`;
    }
  }

  get locked() {
    return this.radios.length === 0 || this.radios[0].disabled;
  }

  showChoice(letter) {
    for (const radio of this.radios) radio.checked = radio.value === letter;
    this.choiceChanged();
  }

  choiceChanged() {
    if (this.radios.length === 0) return;
    const answered = this.choice !== null;
    if (this.clear) this.clear.hidden = !answered;
    if (this.submit) this.submit.toggleAttribute("data-needs-choice", !answered);
    retitle(answered);
  }

  showMarked(marked) {
    for (const button of this.marks) {
      button.setAttribute("aria-pressed", String(marked));
      button.value = marked ? "unmark" : "mark";
      const label = button.querySelector("[data-mark-label]");
      if (label) label.textContent = marked ? "Marked" : "Mark";
    }
  }

  isStruck(letter) {
    return this.strikes.some((b) => b.dataset.strike === letter && b.getAttribute("aria-pressed") === "true");
  }

  showStruck(letter, struck) {
    for (const button of this.strikes.filter((candidate) => candidate.dataset.strike === letter)) {
      button.setAttribute("aria-pressed", String(struck));
      button.value = `${struck ? "restore" : "strike"}:${letter}`;
      button.closest("[data-option]").classList.toggle("is-struck", struck);
    }
  }

  /** Show what the server has, with what still waits to be sent laid over it. */
  adopt({ choice, marked, struck, confidence }, waiting = []) {
    const letters = new Set(struck);
    for (const action of waiting) {
      if (action.kind === "choose") choice = action.letter;
      if (action.kind === "clear") choice = null;
      if (action.kind === "mark" || action.kind === "unmark") marked = action.kind === "mark";
      if (action.kind === "confidence") confidence = action.text || null;
      if (action.kind === "strike") letters.add(action.letter);
      if (action.kind === "restore") letters.delete(action.letter);
    }
    this.showChoice(choice);
    this.showMarked(marked);
    this.showConfidence(confidence);
    for (const button of this.strikes) this.showStruck(button.dataset.strike, letters.has(button.dataset.strike));
  }

  lock() {
    for (const control of this.form.elements) control.disabled = true;
  }
}
