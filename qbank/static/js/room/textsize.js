// The room's text size, set before anything is drawn so that nothing jumps. A classic script in <head> for that reason.
(() => {
  const KEY = "qbank-text-size";
  const SIZES = ["normal", "large", "largest"];
  const root = document.documentElement;

  const read = () => {
    try {
      const value = localStorage.getItem(KEY);
      return SIZES.includes(value) ? value : "normal";
    } catch {
      return "normal";
    }
  };

  const apply = (value) => {
    root.dataset.textSize = value;
    for (const button of document.querySelectorAll("[data-text-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.textChoice === value));
    }
  };

  apply(read());
  document.addEventListener("DOMContentLoaded", () => apply(read()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-text-choice]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.textChoice);
    } catch {
      // then the choice lasts as long as this page
    }
    apply(button.dataset.textChoice);
  });
})();
