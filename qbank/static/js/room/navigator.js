// The navigator's squares, and leaving for another question.

const STATES = ["answered", "marked"];

export class Navigator {
  constructor(root) {
    this.squares = new Map();
    for (const square of root.querySelectorAll("[data-square]")) {
      this.squares.set(Number(square.dataset.square), square);
    }
    this.counts = root.querySelectorAll("[data-unanswered]");
  }

  /** Show one question's state: {answered, marked}, either may be left out. */
  show(position, states) {
    const square = this.squares.get(position);
    if (!square) return;
    for (const name of STATES) {
      if (states[name] === undefined) continue;
      square.classList.toggle(`is-${name}`, states[name]);
    }
    const text = square.querySelector("[data-square-text]");
    if (text) text.textContent = this.describe(square);
    this.count();
  }

  describe(square) {
    const words = [square.classList.contains("is-answered") ? "answered" : "unanswered"];
    if (square.classList.contains("is-marked")) words.push("marked");
    if (square.dataset.outcome) words.push(square.dataset.outcome);
    return `, ${words.join(", ")}`;
  }

  count() {
    const open = [...this.squares.values()].filter((square) => !square.classList.contains("is-answered")).length;
    for (const place of this.counts) place.textContent = String(open);
  }

  showAll(entries) {
    for (const entry of entries) this.show(entry.position, entry);
  }
}
