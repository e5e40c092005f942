// The dock beside the question: one tool open at a time, none of them a dialog, so the question stays in reach.

export class Dock {
  /** @param root the element with data-dock; its panels have data-panel, their buttons data-tool */
  constructor(root) {
    this.root = root;
    this.panels = new Map([...root.querySelectorAll("[data-panel]")].map((panel) => [panel.dataset.panel, panel]));
    this.buttons = new Map(
      [...document.querySelectorAll("[data-tool]")].map((button) => [button.dataset.tool, button]),
    );
    this.open = "";
    this.from = null; // what had the focus before
    this.onOpen = new Map();
    for (const [name, button] of this.buttons) button.addEventListener("click", () => this.toggle(name));
    root.addEventListener("click", ({ target }) => target.closest("[data-panel-close]") && this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.open || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      this.close();
    });
  }

  toggle(name) {
    if (this.open === name) this.close();
    else this.show(name);
  }

  show(name) {
    if (!this.open) this.from = document.activeElement;
    this.open = name;
    this.draw();
    const panel = this.panels.get(name);
    this.onOpen.get(name)?.(panel);
    (panel.querySelector("[data-panel-first]") ?? panel).focus();
  }

  close() {
    const inside = this.root.contains(document.activeElement);
    const button = this.buttons.get(this.open);
    this.open = "";
    this.draw();
    if (!inside) return;
    const back = this.from && this.from !== document.body && this.from.isConnected ? this.from : button;
    back.focus();
  }

  draw() {
    this.root.hidden = this.open === "";
    document.documentElement.toggleAttribute("data-docked", this.open !== "");
    for (const [name, panel] of this.panels) panel.hidden = name !== this.open;
    for (const [name, button] of this.buttons) button.setAttribute("aria-expanded", String(name === this.open));
  }
}
