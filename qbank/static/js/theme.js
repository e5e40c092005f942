// Sets the colour theme before anything is drawn, so that no wrong colour flashes. A classic script in <head>
// for that reason: modules run only after the page is parsed. Also says that scripts run (data-js).
(() => {
  const KEY = "qbank-theme";
  const root = document.documentElement;

  const read = () => {
    try {
      const value = localStorage.getItem(KEY);
      return value === "light" || value === "dark" ? value : "auto";
    } catch {
      return "auto"; // storage may be forbidden
    }
  };

  const apply = (value) => {
    root.dataset.theme = value;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === value));
    }
    document.dispatchEvent(new CustomEvent("themechange", { detail: value }));
  };

  root.dataset.js = "";
  root.dataset.theme = read();

  document.addEventListener("DOMContentLoaded", () => apply(read()));
  addEventListener("storage", (event) => event.key === KEY && apply(read())); // another tab chose
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-choice]");
    if (!button) return;
    try {
      localStorage.setItem(KEY, button.dataset.themeChoice);
    } catch {
      // then the choice lasts as long as this page
    }
    apply(button.dataset.themeChoice);
  });
})();
